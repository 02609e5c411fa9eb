"""The extremes: 3 million files in one layer, 127 layers, a jar of 1 GB, jars nested to the limit, an image of 4 GB. Each is scanned at half of its
size and whole: time is to double at most, and memory to stay.

The images are OCI layouts that are made here, of plain and gzip layers, and removed after their scan; the largest takes
4 GB of $TMPDIR. LANDWAITER_BENCH_EXTREMES=no leaves them out, a number (0.01) scales them down.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import struct
import zipfile

GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
PLAIN = "application/vnd.oci.image.layer.v1.tar"
NOISE = hashlib.shake_128(b"noise").digest(1 << 20)  # what does not compress, the same in each run
NESTING = 5  # jars around the innermost ones; scanner/packages/java.cc reads no deeper
JARS_OF_ONE = 100  # of one outermost jar, itself among them
STATUS = "Package: p{0}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{0}-1\n\n"


def scale():
    word = os.environ.get("LANDWAITER_BENCH_EXTREMES", "1")
    return 0.0 if word == "no" else float(word)


def header(name, size):
    """A ustar header of a regular file (POSIX.1-2017, pax, "ustar Interchange Format")."""
    block = struct.pack("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x", name.encode(), b"0000644\0", b"0000000\0",
                        b"0000000\0", b"%011o\0" % size, b"00000000000\0", b" " * 8, b"0", b"", b"ustar\0", b"00", b"",
                        b"", b"", b"", b"")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


class Layer:
    """A tar that goes to a blob while it is made, with the digests of both."""

    def __init__(self, folder, media_type):
        self._path, self._media_type = os.path.join(folder, "blobs", "sha256", "new"), media_type
        self._file = open(self._path, "wb")
        self._blob = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=1, mtime=0) if media_type == GZIP \
            else self._file
        self._diff, self._folder = hashlib.sha256(), folder

    def raw(self, data):
        self._diff.update(data)
        self._blob.write(data)

    def file(self, name, data):
        self.raw(header(name, len(data)) + data + b"\0" * (-len(data) % 512))

    def stream(self, name, size, chunks):
        self.raw(header(name, size))
        for chunk in chunks:
            self.raw(chunk)
        self.raw(b"\0" * (-size % 512))

    def end(self):
        self.raw(b"\0" * 1024)
        self._blob.close()
        self._file.close()
        with open(self._path, "rb") as f:
            digest = hashlib.file_digest(f, "sha256").hexdigest()
        os.rename(self._path, os.path.join(self._folder, "blobs", "sha256", digest))
        blob = os.path.join(self._folder, "blobs", "sha256", digest)
        return {"mediaType": self._media_type, "digest": f"sha256:{digest}", "size": os.path.getsize(blob)}, \
            f"sha256:{self._diff.hexdigest()}"


def write_blob(folder, value):
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(folder, "blobs", "sha256", digest), "wb") as f:
        f.write(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def write_layout(folder, make_layers):
    os.makedirs(os.path.join(folder, "blobs", "sha256"))
    layers = list(make_layers(folder))
    config = write_blob(folder, {"architecture": "amd64", "os": "linux", "config": {},
                                 "rootfs": {"type": "layers", "diff_ids": [diff for _, diff in layers]}})
    manifest = write_blob(folder, {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
        "layers": [layer for layer, _ in layers]})
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as f:
        json.dump({"schemaVersion": 2, "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", **manifest}]}, f)
    with open(os.path.join(folder, "oci-layout"), "w", encoding="utf-8") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')


def many_files(folder, count):
    layer = Layer(folder, GZIP)
    layer.file("var/lib/dpkg/status", STATUS.format(1).encode())
    for start in range(0, count, 1000):
        layer.raw(b"".join(header(f"srv/{start // 1000:05}/f{i:03}", 3) + b"abc" + b"\0" * 509
                           for i in range(min(1000, count - start))))
    yield layer.end()


def many_layers(folder, count):
    for number in range(count):
        layer = Layer(folder, GZIP)
        layer.file("var/lib/dpkg/status", "".join(STATUS.format(i) for i in range(number + 1)).encode())
        for i in range(1000):
            layer.file(f"srv/{number % 10}/{i:03}/f{number}", b"abc")
        layer.file(f"srv/{(number + 5) % 10}/.wh.{number:03}", b"")
        yield layer.end()


def large_jar(folder, size):
    path = os.path.join(folder, "large.jar")
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/maven/org.example/large/pom.properties", "groupId=org.example\nartifactId=large\nversion=1.0\n")
        for i in range(20000):
            jar.writestr(f"org/example/C{i}.class", b"\xca\xfe\xba\xbe")
        entries = max(1, size >> 26)
        for i in range(entries):
            with jar.open(zipfile.ZipInfo(f"data/{i}.bin"), "w") as entry:
                for _ in range(size // entries >> 20):
                    entry.write(NOISE)
    layer = Layer(folder, PLAIN)
    with open(path, "rb") as f:
        layer.stream("app/large.jar", os.path.getsize(path), iter(lambda: f.read(1 << 20), b""))
    os.remove(path)
    yield layer.end()


def nested_jars(folder, size):
    """Jars within jars, as deep as they are read, until there are `size` of them."""
    def jar(name, parts):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(f"META-INF/maven/org.example/{name}/pom.properties",
                             f"groupId=org.example\nartifactId={name}\nversion=1.0\n")
            for i, part in enumerate(parts):
                archive.writestr(f"BOOT-INF/lib/{i}.jar", part)
        return out.getvalue()

    layer = Layer(folder, GZIP)
    for number in range(max(1, size // JARS_OF_ONE)):
        inner = [jar(f"leaf{number}-{i}", []) for i in range(JARS_OF_ONE - NESTING)]
        for depth in range(NESTING):
            inner = [jar(f"level{number}-{depth}", inner)]
        layer.file(f"app/{number}.jar", inner[0])
    yield layer.end()


def large_image(folder, size):
    layer = Layer(folder, PLAIN)
    layer.file("var/lib/dpkg/status", STATUS.format(1).encode())
    for i in range(size >> 27):
        layer.stream(f"srv/data{i}.bin", 1 << 27, (NOISE for _ in range(1 << 7)))
    yield layer.end()


CASES = [
    ("files in one layer", many_files, 3_000_000),
    ("layers", many_layers, 127),
    ("bytes of a jar", large_jar, 1 << 30),
    ("jars in jars in jars", nested_jars, 20_000),
    ("bytes of an image", large_image, 4 << 30),
]


def bench_extremes(workdir, landwaiter, database, measure):
    if scale() == 0:
        return
    print("extremes: half and whole")
    print(f"  {'':34}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'shared pages once':>19}")
    for name, make, full in CASES:
        rows = []
        whole_size = max(4, int(full * scale()))
        for size in (whole_size // 2, whole_size):
            folder = os.path.join(workdir, "extreme")
            write_layout(folder, lambda at, make=make, size=size: make(at, size))
            # 3: the database has no feed for a system without a name.
            rows.append(measure([landwaiter, "scan", f"oci:{folder}", "--db", database, "--format", "json",
                                 "--layer-cache", "off"], (0, 3)))
            packages = len(json.loads(rows[-1]["out"])["platforms"][0]["packages"])
            shutil.rmtree(folder)
            if packages == 0:
                raise SystemExit(f"extremes: {size} {name}: no package was found")
            print(f"  {size:>14,} {name:19}{rows[-1]['wall']:9.2f}{rows[-1]['cpu']:9.2f}{rows[-1]['peak'] / 1e6:9.0f}"
                  f"{rows[-1]['once'] / 1e6:19.0f}")
        half, whole = rows
        print(f"  {'growth':34}{whole['wall'] / half['wall']:9.2f}{whole['cpu'] / half['cpu']:9.2f}"
              f"{whole['peak'] / half['peak']:9.2f}")
