"""Writes container images: layers, configurations, Docker and OCI manifests and indexes.

Everything is a function of its input (entries sorted, times and owners fixed), so the same content
has the same digest on every run.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

DOCKER, OCI = "docker", "oci"
_MEDIA = {
    (DOCKER, "manifest"): "application/vnd.docker.distribution.manifest.v2+json",
    (DOCKER, "index"): "application/vnd.docker.distribution.manifest.list.v2+json",
    (DOCKER, "config"): "application/vnd.docker.container.image.v1+json",
    (DOCKER, "gzip"): "application/vnd.docker.image.rootfs.diff.tar.gzip",
    (DOCKER, "plain"): "application/vnd.docker.image.rootfs.diff.tar",
    (OCI, "manifest"): "application/vnd.oci.image.manifest.v1+json",
    (OCI, "index"): "application/vnd.oci.image.index.v1+json",
    (OCI, "config"): "application/vnd.oci.image.config.v1+json",
    (OCI, "gzip"): "application/vnd.oci.image.layer.v1.tar+gzip",
    (OCI, "zstd"): "application/vnd.oci.image.layer.v1.tar+zstd",
    (OCI, "plain"): "application/vnd.oci.image.layer.v1.tar",
}
CREATED = "2026-01-01T00:00:00Z"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Blob:
    """Bytes in memory or in a file, with their digest."""

    def __init__(self, data=None, path=None):
        self._data, self.path = data, path
        if path is None:
            self.digest, self.size = sha256(data), len(data)
        else:
            with open(path, "rb") as f:
                self.digest = "sha256:" + hashlib.file_digest(f, "sha256").hexdigest()
            self.size = os.path.getsize(path)

    def open(self):
        return io.BytesIO(self._data) if self.path is None else open(self.path, "rb")


class Symlink(str):
    """A layer entry that links to this path."""


class Executable(bytes):
    """A layer entry with mode 0755."""


def _tar_info(name, kind, mode=0o644, size=0, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname = kind, mode, size, link
    info.uid = info.gid = 0
    info.mtime = 1767225600  # CREATED
    return info


def tar_of(entries):
    """A tar from {path: bytes | str | Symlink | Executable | None}; None makes a folder. The folders
    above each path are added."""
    folders = {p.rsplit("/", n)[0] for p in entries for n in range(1, p.count("/") + 1)}
    everything = {**{f: None for f in folders}, **{p.strip("/"): c for p, c in entries.items()}}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(filter(None, everything)):
            content = everything[path]
            if content is None:
                tar.addfile(_tar_info(path, tarfile.DIRTYPE, 0o755))
            elif isinstance(content, Symlink):
                tar.addfile(_tar_info(path, tarfile.SYMTYPE, 0o777, link=str(content)))
            else:
                data = content.encode() if isinstance(content, str) else content
                mode = 0o755 if isinstance(content, Executable) else 0o644
                tar.addfile(_tar_info(path, tarfile.REGTYPE, mode, len(data)), io.BytesIO(data))
    return out.getvalue()


def tar_folder(folder, out_path, leave_out=(), owned_by_root=False):
    """Writes what is below `folder` as a tar file, without devices and sockets, modes kept, times
    fixed. Owners are kept too unless `owned_by_root`."""
    with tarfile.open(out_path, "w", format=tarfile.PAX_FORMAT) as tar:
        for parent, folders, files in os.walk(folder):
            folders.sort()
            inside = os.path.relpath(parent, folder)
            for name in sorted(folders + files):
                path = os.path.normpath(os.path.join(inside, name))
                if path in leave_out or path.startswith(tuple(f"{p}/" for p in leave_out)):
                    continue
                info = tar.gettarinfo(os.path.join(parent, name), path)
                if info is None or not (info.isreg() or info.isdir() or info.issym() or info.islnk()):
                    continue
                info.mtime, info.uname, info.gname = 1767225600, "", ""
                if owned_by_root:
                    info.uid = info.gid = 0
                if info.isreg():
                    with open(os.path.join(parent, name), "rb") as content:
                        tar.addfile(info, content)
                else:
                    tar.addfile(info)


class Layer:
    """A compressed layer and the digest of its tar (diffID)."""

    def __init__(self, tar, compression="gzip"):
        """`tar` is the tar's bytes or the path of a tar file; a file's layer is written beside it."""
        self.compression = compression
        if isinstance(tar, bytes):
            self.diff_id, self.blob = sha256(tar), Blob(_compress(tar, compression))
            return
        with open(tar, "rb") as f:
            self.diff_id = "sha256:" + hashlib.file_digest(f, "sha256").hexdigest()
        compressed = f"{tar}.{compression}"
        _compress_file(tar, compressed, compression)
        self.blob = Blob(path=compressed)


def _compress(data, compression):
    if compression == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if compression == "zstd":
        return subprocess.run(["zstd", "-q", "-3", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def _compress_file(path, out_path, compression):
    with open(path, "rb") as source, open(out_path, "wb") as out:
        if compression == "gzip":
            with gzip.GzipFile("", "wb", 6, out, mtime=0) as packed:
                shutil.copyfileobj(source, packed, 1 << 20)
        elif compression == "zstd":
            subprocess.run(["zstd", "-q", "-3", "-c"], stdin=source, stdout=out, check=True)
        else:
            shutil.copyfileobj(source, out, 1 << 20)


class Image:
    """One manifest with its configuration and layers. `config` is the OCI image configuration's
    `config` object: User, ExposedPorts, Labels, Healthcheck, Cmd and the like."""

    def __init__(self, layers, config=None, kind=OCI, platform="linux/amd64", history=()):
        """`history`: what made each layer, as its line says."""
        self.kind, self.platform, self.layers = kind, platform, layers
        os_name, architecture, *variant = platform.split("/")
        content = {"architecture": architecture, "os": os_name, "created": CREATED, "config": config or {},
                   "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
                   "history": [{"created": CREATED, "created_by": line}
                               for line in history or ["landwaiter tests"] * len(layers)]}
        if variant:
            content["variant"] = variant[0]
        self.config = Blob(json.dumps(content, sort_keys=True).encode())
        self.media_type = _MEDIA[kind, "manifest"]
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": self.media_type,
            "config": _descriptor(_MEDIA[kind, "config"], self.config),
            "layers": [_descriptor(_MEDIA[kind, layer.compression], layer.blob) for layer in layers],
        }, sort_keys=True).encode()
        self.digest = sha256(self.manifest)

    def blobs(self):
        return {b.digest: b for b in [self.config, *(layer.blob for layer in self.layers)]}

    def children(self):
        return []

    def descriptor(self):
        os_name, architecture, *variant = self.platform.split("/")
        platform = {"os": os_name, "architecture": architecture}
        if variant:
            platform["variant"] = variant[0]
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.manifest), "platform": platform}


class Index:
    """An image index (Docker: manifest list) over images of several platforms."""

    def __init__(self, images, kind=OCI):
        self._images = images
        self.media_type = _MEDIA[kind, "index"]
        self.manifest = json.dumps({"schemaVersion": 2, "mediaType": self.media_type,
                                    "manifests": [i.descriptor() for i in images]}, sort_keys=True).encode()
        self.digest = sha256(self.manifest)

    def blobs(self):
        return {}

    def children(self):
        return self._images


def _descriptor(media_type, blob):
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def write_layout(image, folder, name):
    """Writes an image as an OCI layout folder with the reference name `name`."""
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)

    def put(digest, source):
        with open(os.path.join(blobs, digest.split(":")[1]), "wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)

    for child in [*image.children(), image]:
        for digest, blob in child.blobs().items():
            with blob.open() as content:
                put(digest, content)
        put(child.digest, io.BytesIO(child.manifest))
    entry = {"mediaType": image.media_type, "digest": image.digest, "size": len(image.manifest),
             "annotations": {"org.opencontainers.image.ref.name": name}}
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as f:
        json.dump({"schemaVersion": 2, "mediaType": _MEDIA[OCI, "index"], "manifests": [entry]}, f)
    # Written last: who finds it finds a whole layout.
    with open(os.path.join(folder, "oci-layout"), "w", encoding="utf-8") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}')


class StoredImage:
    """An image of an OCI layout folder, for pushing again."""

    def __init__(self, folder, descriptor=None):
        self._folder = folder
        if descriptor is None:
            with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
                descriptor = json.load(f)["manifests"][0]
        self.media_type, self.digest = descriptor["mediaType"], descriptor["digest"]
        with open(self._path(self.digest), "rb") as f:
            self.manifest = f.read()
        self._content = json.loads(self.manifest)

    def _path(self, digest):
        return os.path.join(self._folder, "blobs", "sha256", digest.split(":")[1])

    def blobs(self):
        wanted = [self._content["config"], *self._content["layers"]] if "layers" in self._content else []
        return {d["digest"]: Blob(path=self._path(d["digest"])) for d in wanted}

    def children(self):
        return [StoredImage(self._folder, d) for d in self._content.get("manifests", [])]
