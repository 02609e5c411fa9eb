#!/usr/bin/env python3
"""The real images of `make run` and of the end-to-end tests:

    deb-old   Debian 12 (debootstrap, minbase) with old releases from PyPI and npm and a Go program that
              links old modules
    clean     two Debian packages without known faults and a Go program of the standard library, User 65532
    root      the same content, run as root

    python3 tests/cluster/images.py [NAME...]     makes them and prints their layout folders

Each is an OCI layout folder below build/cache/images, made once per recipe (this folder's images/ and
this file) and kept. The Debian mirror is the one that this machine's apt uses.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

from imagewriter import DOCKER, Image, Layer, StoredImage, Symlink, tar_folder, tar_of, write_layout

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RECIPE = os.path.join(HERE, "images")
CACHE = os.environ.get("LANDWAITER_IMAGE_CACHE", os.path.join(ROOT, "build", "cache", "images"))
SUITE = "bookworm"

# What a base image does not carry: package archives and lists, logs, this machine's names.
_BASE_LEAVES_OUT = ("var/cache/apt", "var/lib/apt/lists", "var/log", "var/cache/ldconfig", "dev", "proc", "sys",
                    "etc/hostname", "etc/resolv.conf", "debootstrap")


class ImageFailed(Exception):
    """An image could not be made; the message holds the command and the end of its output."""


@contextlib.contextmanager
def _alone(what):
    """Tests run in several processes; each thing is made by one of them while the others wait."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, f".{what}.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command, cwd=None, env=None):
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise ImageFailed(f"{' '.join(map(str, command))}: exit {done.returncode}\n{tail}")
    return done.stdout


# --- the Debian base

def _apt_mirror():
    """Where this machine's apt gets Debian's own suite, or None: then debootstrap has its default."""
    try:
        listed = _run("apt-get", "indextargets", "--format", "$(CODENAME) $(ORIGIN) $(REPO_URI)", "Created-By: Packages")
    except (OSError, ImageFailed):
        return None
    for line in listed.splitlines():
        codename, origin, uri = (line.split(maxsplit=2) + ["", ""])[:3]
        if codename == SUITE and origin == "Debian" and uri.startswith(("http://", "https://")):
            return uri
    return None


def _apt_proxy():
    """debootstrap downloads with wget, which does not know apt's settings."""
    try:
        setting = _run("apt-config", "shell", "PROXY", "Acquire::http::Proxy").strip()
    except (OSError, ImageFailed):
        return {}
    value = setting.partition("=")[2].strip("'\"")
    return {"http_proxy": value} if value else {}


def make_debian_base(out_path):
    """Runs debootstrap and writes the result as a tar. Needs root."""
    os.makedirs(os.path.dirname(out_path), exist_ok=True)
    folder = tempfile.mkdtemp(prefix="debootstrap-", dir=os.path.dirname(out_path))
    try:
        os.chmod(folder, 0o755)
        mirror = _apt_mirror()
        log = os.path.join(folder, "debootstrap", "debootstrap.log")
        try:
            _run("debootstrap", "--variant=minbase", SUITE, folder, *([mirror] if mirror else []),
                 env={"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", **_apt_proxy()})
        except ImageFailed as error:
            if os.path.exists(log):
                with open(log, encoding="utf-8", errors="replace") as f:
                    raise ImageFailed(f"{error}\n{''.join(f.readlines()[-20:])}") from None
            raise
        tar_folder(folder, out_path + ".part", leave_out=_BASE_LEAVES_OUT)
        os.replace(out_path + ".part", out_path)
    finally:
        # debootstrap leaves /proc mounted when it is interrupted; deleting through it would be wrong.
        proc = os.path.join(folder, "proc")
        if os.path.ismount(proc):
            subprocess.run(["umount", "-l", proc], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _debian_base():
    path = os.path.join(CACHE, f"debian-{SUITE}.tar")
    with _alone("base"):
        if not os.path.exists(path):
            me = [sys.executable, os.path.abspath(__file__), "--debian-base", path]
            if os.geteuid() == 0:
                _run(*me)
            else:
                _run("sudo", "-n", *me)
                _run("sudo", "-n", "chown", f"{os.getuid()}:{os.getgid()}", path)
    return path


# --- the layers above it

def _pip_tar(work):
    target = os.path.join(work, "usr/local/lib/python3.11/dist-packages")
    # The system's Python: Debian's own pip is new enough and always there after scripts/setup.sh.
    _run("/usr/bin/python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--no-compile", "--only-binary=:all:", "--require-hashes", "--target", target,
         "-r", os.path.join(RECIPE, "pip.txt"))
    # pip writes down when and from where it installed; the image must not differ by that.
    for parent, _, files in os.walk(target):
        for name in files:
            if parent.endswith(".dist-info") and name in ("direct_url.json", "INSTALLER", "REQUESTED"):
                os.unlink(os.path.join(parent, name))
    return _folder_tar(work, "pip")


def _npm_tar(work):
    app = os.path.join(work, "app/web")
    os.makedirs(app)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(RECIPE, "npm", name), app)
    npm = _run(os.path.join(ROOT, "scripts", "ensure-npm.sh")).splitlines()[-1]
    _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=app)
    return _folder_tar(work, "npm")


def _go_tar(work, module, path_in_image):
    go = _run(os.path.join(ROOT, "scripts", "ensure-go.sh")).splitlines()[-1]
    out = os.path.join(work, path_in_image)
    os.makedirs(os.path.dirname(out))
    _run(go, "build", "-o", out, ".", cwd=os.path.join(RECIPE, module),
         env={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off",
              "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"})
    return _folder_tar(work, module)


def _folder_tar(work, name):
    path = f"{work}.{name}.tar"
    for parent, folders, files in os.walk(work):  # the umask of whoever runs this is not content
        for entry in folders + files:
            full = os.path.join(parent, entry)
            if not os.path.islink(full):
                os.chmod(full, 0o755 if os.path.isdir(full) or os.access(full, os.X_OK) else 0o644)
    tar_folder(work, path, owned_by_root=True)
    return path


def _distroless_tar(work, base, packages):
    """A layer with some packages of the Debian base as distroless images have them: their files, one
    status file each below var/lib/dpkg/status.d, and no package manager."""
    import tarfile
    with tarfile.open(base) as tar:
        members = {m.name.removeprefix("./"): m for m in tar.getmembers()}

        def text(path):
            return tar.extractfile(members[path]).read().decode()

        entries = {}
        stanzas = text("var/lib/dpkg/status").split("\n\n")
        for package in packages:
            stanza = next(s for s in stanzas if s.startswith(f"Package: {package}\n"))
            entries[f"var/lib/dpkg/status.d/{package}"] = stanza + "\n"
            for path in text(f"var/lib/dpkg/info/{package}.list").splitlines():
                member = members.get(path.strip("/"))
                if member is not None and member.isfile():
                    entries[member.name] = tar.extractfile(member).read()
                elif member is not None and member.issym():
                    entries[member.name] = Symlink(member.linkname)
        entries["etc/passwd"] = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home:/sbin/nologin\n"
    path = f"{work}.distroless.tar"
    with open(path, "wb") as f:
        f.write(tar_of(entries))
    return path


# --- the images

def _make_deb_old(work):
    layers = [_debian_base(), _pip_tar(f"{work}/pip"), _npm_tar(f"{work}/npm"),
              _go_tar(f"{work}/go", "gobin", "usr/local/bin/oldgo")]
    # Docker's manifest here, OCI's below: both kinds are met in every run.
    return Image([Layer(_linked_into(work, t)) for t in layers],
                 {"User": "1000", "Cmd": ["/usr/local/bin/oldgo"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]},
                 kind=DOCKER)


def _small(work, user):
    layers = [_distroless_tar(f"{work}/base", _debian_base(), ("base-files", "tzdata")),
              _go_tar(f"{work}/hello", "gohello", "hello")]
    return Image([Layer(t) for t in layers], {"Cmd": ["/hello"], **({"User": user} if user else {})})


def _linked_into(work, tar):
    """Layer writes the compressed form beside the tar: beside a link, so that it goes with `work`."""
    if tar.startswith(work):
        return tar
    link = os.path.join(work, os.path.basename(tar))
    os.symlink(tar, link)
    return link


_MAKERS = {
    "deb-old": _make_deb_old,
    "clean": lambda work: _small(work, "65532"),
    "root": lambda work: _small(work, None),
}
NAMES = tuple(_MAKERS)


def _recipe_key():
    digest = hashlib.sha256()
    for parent, folders, files in os.walk(RECIPE):
        folders.sort()
        for name in sorted(files):
            with open(os.path.join(parent, name), "rb") as f:
                digest.update(f"{name}\0".encode() + f.read())
    for name in (__file__, os.path.join(HERE, "imagewriter.py")):
        with open(name, "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()[:16]


def layout(name):
    """The OCI layout folder of an image, made now if it is not there yet."""
    folder = os.path.join(CACHE, f"{name}-{_recipe_key()}")
    with _alone("images"):
        if not os.path.exists(os.path.join(folder, "oci-layout")):
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=CACHE) as work:
                finished = os.path.join(work, "layout")
                write_layout(_MAKERS[name](work), finished, name)
                shutil.rmtree(folder, ignore_errors=True)
                os.rename(finished, folder)
    return folder


def stored(name):
    """The image, ready for Registry.push."""
    return StoredImage(layout(name))


def main(argv):
    if argv[1:2] == ["--debian-base"]:
        make_debian_base(argv[2])
        return 0
    for name in argv[1:] or NAMES:
        print(name, layout(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
