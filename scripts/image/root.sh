#!/bin/sh
# root.sh PROGRAM FOLDER: makes FOLDER the root of an image that runs PROGRAM: it, the Debian packages of
# this system that own the libraries it loads, and those that every image has. Run as root.
#
# A package comes whole but for what Debian's slim images leave out, too, and with dpkg's record of it
# in var/lib/dpkg/status.d as images without a package manager have it; md5sums names the files that came.
set -eu
program=$1
root=$2
usual="base-files ca-certificates"  # os-release and licences; whom to trust

mkdir -p "$root/usr/lib" "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib64"
for folder in bin lib lib64 sbin; do
  ln -s "usr/$folder" "$root/$folder"
done

loaded=$(ldd "$program")
if echo "$loaded" | grep 'not found'; then
  echo "root.sh: $program needs libraries that are not here" >&2
  exit 1
fi
# ldd says /lib/…, which is a link to /usr/lib; dpkg knows a file by the name that its package gave it.
libraries=$(echo "$loaded" | grep -o '/[^ ]*' | xargs readlink -f | sort -u)
# shellcheck disable=SC2086  # words, on purpose
owners=$(dpkg-query -S $libraries $(echo "$libraries" | sed 's|^/usr||') 2>/dev/null || true)
owned=$(echo "$owners" | sed 's/.*: //; s|^/usr||')
for library in $libraries; do
  if ! echo "$owned" | grep -qxF "${library#/usr}"; then
    echo "root.sh: $library is of no package" >&2
    exit 1
  fi
done
packages=$(
  printf '%s\n' $usual
  echo "$owners" | sed 's/: .*//'
)
packages=$(echo "$packages" | sort -u)

wanted() {  # of the paths on standard input
  grep -vE '^/usr/share/(man|info|locale|lintian|bug|gdb)(/|$)' |
    awk '!/^\/usr\/share\/doc\/[^\/]+\// || /\/copyright$/'
}

mkdir -p "$root/var/lib/dpkg/status.d"
for package in $packages; do
  dpkg-query -L "$package" | wanted | while read -r path; do
    if [ -e "$path" ] || [ -L "$path" ]; then echo "${path#/}"; fi
  done | sed '/^\.$/d; /^$/d' | tar -C / --no-recursion -cf - -T - | tar -C "$root" --keep-directory-symlink -xf -
  name=${package%%:*}
  dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$name"
  sums=/var/lib/dpkg/info/$package.md5sums
  [ -e "$sums" ] || sums=/var/lib/dpkg/info/$name.md5sums
  [ -e "$sums" ] || continue
  while read -r sum path; do
    if [ -e "$root/$path" ]; then echo "$sum  $path"; fi
  done <"$sums" >"$root/var/lib/dpkg/status.d/$name.md5sums"
done

install -m 0755 "$program" "$root/usr/bin/landwaiter"
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
printf 'root:x:0:0:root:/root:/sbin/nologin\nlandwaiter:x:65532:65532::/var/lib/landwaiter:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nlandwaiter:x:65532:\n' >"$root/etc/group"

# What the roles write to. The chart mounts volumes over them; elsewhere they are the user's, or, where a
# platform gives another one, its group's, which is 0 there.
install -d -m 0775 -o 65532 -g 0 "$root/var/lib/landwaiter" "$root/scratch" "$root/layers"
install -d -m 1777 "$root/tmp"
