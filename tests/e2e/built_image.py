"""The image of the Dockerfile: built by buildah over a Debian of debootstrap's in a registry on 127.0.0.1, with
this machine's own Debian mirror, and its program run from its root as a kubelet has it run.

Needs root, or sudo, as debootstrap does: a process in the image's root is another user's.
"""

import json
import os
import shutil
import subprocess

import images
from imagewriter import Image, Layer, StoredImage, tar_of
from roles import ROOT, landwaiter

AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n", "-E"]
BUILD_SECONDS = 3600  # a cold compilation on a slow machine, not a hung one
_APT_SETTINGS = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date")


def run(*command, timeout=300, check=True, **how):
    done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=timeout, check=False, **how)
    if check:
        assert done.returncode == 0, f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done


def _sources():
    """Debian's suites as this machine's apt has them, as lines of a sources.list."""
    listed = run("apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Created-By: Packages")
    targets = [line.split("|") for line in listed.stdout.splitlines()]
    return sorted({f"deb {uri} {release} {component}\n" for origin, uri, release, component in targets if origin == "Debian"})


def _apt_configuration():
    """Where packages come from, and by what proxy, as files of a base image."""
    if not _sources():  # apt names only what it has the lists of
        run(*AS_ROOT, "apt-get", "-qq", "update")
    sources = _sources()
    assert any("-security " in line for line in sources), f"this machine's apt has no security updates: {sources}"
    settings = [line for line in run("apt-config", "dump").stdout.splitlines() if line.startswith(tuple(f"{s} " for s in _APT_SETTINGS))]
    return {"etc/apt/sources.list": "".join(sources),
            "etc/apt/apt.conf.d/90test": "".join(f"{line}\n" for line in settings),
            # As Debian's own images have it: a build that breaks off is thrown away, so nothing is synced.
            "etc/dpkg/dpkg.cfg.d/90test": "force-unsafe-io\n",
            "var/log/apt": None, "var/cache/apt/archives/partial": None, "var/lib/apt/lists/partial": None}


def push_base(registry, workdir):
    """A Debian 12 as BASE of the Dockerfile is; its reference."""
    tar = os.path.join(workdir, "base.tar")
    os.symlink(images._debian_base(), tar)  # pylint: disable=protected-access
    base = Image([Layer(tar, "plain"), Layer(tar_of(_apt_configuration()))], {
        "Cmd": ["/bin/bash"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]})
    registry.push(base, "library/debian", "12-slim")
    return f"{registry.host}/library/debian:12-slim"


def compiled_here(folder):
    """What stage `program` of the Dockerfile leaves, from what `make build` left here."""
    out = os.path.join(folder, "out")
    os.makedirs(out)
    run("strip", "-o", os.path.join(out, "landwaiter"), landwaiter())
    with open(os.path.join(out, "compiled-in"), "w", encoding="utf-8") as f:
        f.write(run(os.path.join(ROOT, "scripts", "image", "compiled-in.sh")).stdout)
    return folder


class BuiltImage:
    """`layout` is its OCI layout, `root` its files as they are in a container of it, `build_log` what buildah said."""

    def __init__(self, workdir):
        self.workdir = os.path.abspath(workdir)
        self.layout = os.path.join(self.workdir, "layout")
        os.makedirs(self.workdir, exist_ok=True)

    def _buildah(self, *args, **how):
        return run(*AS_ROOT, "buildah", "--root", os.path.join(self.workdir, "storage"), "--runroot",
                   os.path.join(self.workdir, "run"), "--storage-driver", "vfs", *args, **how)

    def build(self, base, *args):
        """By `make image`, as users build it."""
        storage = os.path.join(self.workdir, "storage.conf")
        with open(storage, "w", encoding="utf-8") as f:
            f.write(f'[storage]\ndriver = "vfs"\ngraphroot = "{self.workdir}/storage"\nrunroot = "{self.workdir}/run"\n')
        flags = " ".join(("--isolation", "chroot", "--tls-verify=false", "--layers=false", "--build-arg", f"BASE={base}", *args))
        self.build_log = run(*AS_ROOT, "make", "-C", ROOT, "image", "IMAGE=landwaiter", f"IMAGE_FLAGS={flags}", timeout=BUILD_SECONDS,
                             env={**os.environ, "CONTAINERS_STORAGE_CONF": storage}).stdout
        self._buildah("push", "landwaiter", f"oci:{self.layout}:landwaiter")
        if AS_ROOT:
            run(*AS_ROOT, "chown", "-R", f"{os.getuid()}:{os.getgid()}", self.layout)
        container = self._buildah("from", "landwaiter").stdout.strip()
        self.root = self._buildah("mount", container).stdout.strip()
        manifest = json.loads(StoredImage(self.layout).manifest)
        self.layers = manifest["layers"]
        with open(self.blob(manifest["config"]["digest"]), encoding="utf-8") as f:
            self.config = json.load(f)["config"]
        return self

    def blob(self, digest):
        return os.path.join(self.layout, "blobs", "sha256", digest.split(":")[1])

    def remove(self):
        self._buildah("rm", "--all", check=False)
        self._buildah("rmi", "--all", "--force", check=False)
        run(*AS_ROOT, "rm", "-rf", self.workdir)

    def path(self, inside):
        return os.path.join(self.root, inside)

    def argv(self, args, mounts=(), env=()):
        """The command that runs a container of the image with these arguments, its root read-only, and with
        what a kubelet brings: `mounts` as {path: folder} and `env` as {name: value}."""
        everything = dict(entry.split("=", 1) for entry in self.config["Env"]) | dict(env)
        return [*AS_ROOT, "unshare", "--mount", "--", "sh", "-euc", _MOUNT_AND_RUN, "sh", self.root,
                *(part for path, folder in dict(mounts).items() for part in (self._followed(path), str(folder))), "--",
                "env", "-i", *(f"{name}={value}" for name, value in everything.items()), shutil.which("setpriv"),
                "--no-new-privs", shutil.which("chroot"), f"--userspec={self.config['User']}", "--groups=", self.root,
                *self.config["Entrypoint"], *map(str, args)]

    def _followed(self, path):
        """Where a path of a container is below its root: /var/run is a link to /run there, not to ours."""
        reached = ""
        for part in path.strip("/").split("/"):
            reached = os.path.join(reached, part)
            if os.path.islink(self.path(reached)):
                reached = os.path.normpath(os.path.join(os.path.dirname("/" + reached), os.readlink(self.path(reached)))).lstrip("/")
        return "/" + reached

    def run(self, *args, mounts=(), check=True):
        return run(*self.argv(args, mounts), check=check)


# ROOT [PATH FOLDER]… -- COMMAND…
_MOUNT_AND_RUN = r"""
root=$1
shift
mount --bind "$root" "$root"
for system in /proc /dev; do
  mkdir -p "$root$system"
  mount --rbind "$system" "$root$system"
done
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --rbind "$2" "$root$1"
  shift 2
done
shift
mount -o remount,bind,ro "$root"
exec "$@"
"""
