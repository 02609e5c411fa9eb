"""The bench's image in its other forms: all layers as one, and each layer as zstd (its bare limit inflates with libzstd)."""
import gzip
import json
import os
import shutil
import subprocess
import tarfile

from extremes import GZIP, write_layout
from imagewriter import Blob, StoredImage

ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"


def _inflate(blob, path):
    """The blob's tar as a file, without what ends an archive: others may follow."""
    with blob.open() as raw, open(path, "wb") as out:
        head = raw.read(4)
        raw.seek(0)
        if head[:2] == b"\x1f\x8b":
            shutil.copyfileobj(gzip.GzipFile(fileobj=raw), out, 1 << 20)
        elif head == b"\x28\xb5\x2f\xfd":
            subprocess.run(["zstd", "-q", "-d", "-c"], stdin=raw, stdout=out, check=True)
        else:
            shutil.copyfileobj(raw, out, 1 << 20)
    with tarfile.open(path) as tar:
        while tar.next() is not None:
            tar.members = []
        end = tar.offset  # of the first block of zeros
    with open(path, "rb+") as out:
        out.truncate(end)


def _stored(folder, path, media_type):
    """Moves a blob into the layout; its descriptor."""
    blob = Blob(path=path)
    os.rename(path, os.path.join(folder, "blobs", *blob.digest.split(":")))
    return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}


def _one_layer(folder, tars):
    whole = os.path.join(folder, "whole")
    with open(whole, "wb") as out:
        for path in tars:
            with open(path, "rb") as part:
                shutil.copyfileobj(part, out, 1 << 20)
        out.write(b"\0" * 1024)
    diff = Blob(path=whole).digest
    packed = whole + ".gz"
    with open(whole, "rb") as source, open(packed, "wb") as out:
        subprocess.run(["gzip", "-n", "-c"], stdin=source, stdout=out, check=True)
    os.remove(whole)
    yield _stored(folder, packed, GZIP), diff


def _zstd_layers(folder, tars):
    for path in tars:
        with open(path, "ab") as tar:
            tar.write(b"\0" * 1024)
        diff = Blob(path=path).digest
        packed = os.path.join(folder, "packed")
        with open(path, "rb") as source, open(packed, "wb") as out:
            subprocess.run(["zstd", "-q", "-3", "-c"], stdin=source, stdout=out, check=True)
        yield _stored(folder, packed, ZSTD), diff


def other_forms(image, workdir):
    """(what it is, repository, image) of each form, one after the other; what it takes on disk goes with the next."""
    descriptors = [layer["digest"] for layer in json.loads(image.manifest)["layers"]]
    for what, repository, make in (("one layer", "one-layer", _one_layer), ("zstd", "zstd", _zstd_layers)):
        folder = os.path.join(workdir, "form")
        os.mkdir(folder)
        tars = []
        for number, digest in enumerate(descriptors):
            tars.append(os.path.join(folder, f"{number}.tar"))
            _inflate(image.blobs()[digest], tars[-1])
        layout = os.path.join(folder, "layout")
        write_layout(layout, lambda at, make=make, tars=tars: make(at, tars))
        for path in tars:
            os.remove(path)
        yield what, repository, StoredImage(layout)
        shutil.rmtree(folder)
