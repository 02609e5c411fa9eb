"""The cases: each has a name, and gives (found rows, expected rows) or why it cannot be run here.

Package databases and feeds are the collection's ($LANDWAITER_TESTDATA, default ../shared/testdata). The image
deb-python is an OCI layout folder, $LANDWAITER_ACCURACY_IMAGE, else build/cache/deb-python; its maker is among
the collection's tools.
"""

import io
import os
import pathlib
import subprocess
import zipfile

import scanning

COLLECTION = pathlib.Path(os.environ.get("LANDWAITER_TESTDATA",
                                         os.path.join(scanning.ROOT, "..", "shared", "testdata"))).resolve()
IMAGE = pathlib.Path(os.environ.get("LANDWAITER_ACCURACY_IMAGE",
                                    os.path.join(scanning.ROOT, "build", "cache", "deb-python")))
DEBIAN = b'ID=debian\nVERSION_ID="12"\n'


class NotHere(Exception):
    """What a case needs is not on this machine."""


class Workplace:
    """What cases share: unpacked records, one empty database, the scan of the large image."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._made = {}

    def once(self, key, make):
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def shared(self, path):
        file = COLLECTION / path
        if not file.exists():
            raise NotHere(f"the shared test data has no {path} (LANDWAITER_TESTDATA, default ../shared/testdata)")
        return file

    def new_folder(self, name):
        folder = self.folder / f"{len(self._made)}-{name}"
        self._made[folder] = folder
        return folder

    def records(self, archive):
        """The folder that an archive of records is unpacked to."""
        def unpack():
            file = self.shared(f"packagedb/{archive}")
            folder = self.new_folder(archive)
            folder.mkdir()
            # Some archives hold entries that an ordinary user may not make; what matters is there.
            subprocess.run(["tar", "--zstd", "-xf", file, "-C", folder], stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            return folder
        return self.once(archive, unpack)

    def small_database(self):
        """A database of few advisories, where an inventory is all that is asked for."""
        return self.once("small database", lambda: scanning.build_database(
            self.new_folder("database"), [("osv", self.shared("feeds/osv/crates.io/all.zip"))]))

    def database_of_the_truth(self):
        """The feeds that the truth lists' findings were made with."""
        return self.once("truth database", lambda: scanning.build_database(
            self.new_folder("database"),
            [("osv", self.shared(path)) for path in
             ("feeds/osv/PyPI/all.zip", "feeds/osv/Go/all.zip", "feeds/debian/debian12-osv-all.zip")]))

    def large_image(self):
        """The scan of deb-python."""
        if not (IMAGE / "index.json").exists():
            raise NotHere(f"no image deb-python at {IMAGE} (LANDWAITER_ACCURACY_IMAGE)")
        return self.once("deb-python", lambda: scanning.scan(f"oci:{IMAGE}", self.database_of_the_truth()))

    def file_in_image(self, path, data, found_by):
        """What a source finds in an image that holds one file; a fault of coverage is a row of its own."""
        return self.files_in_image({path: data}, found_by)

    def files_in_image(self, files, found_by):
        """The same of several files ({path: bytes}) in one image."""
        layout = scanning.write_image(self.new_folder("image"), {"etc/os-release": DEBIAN, **files})
        platform = scanning.scan(layout, self.small_database())
        return scanning.packages(platform, found_by), [f"coverage: {r}" for r in scanning.faults(platform, found_by)]


def rows_of(path):
    """The lines of a table of tab-separated columns."""
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]


def unpacked(path):
    """The bytes of a file compressed with zstd, or of one that is not."""
    if path.suffix != ".zst":
        return path.read_bytes()
    return subprocess.run(["zstd", "-dc", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


# dpkg's and apk's databases ------------------------------------------------------------------------------------

def _installed(row):
    return len(row) < 8 or not row[7] or row[7].split()[-1] in ("installed", "unpacked")


def system_records(work, kind, path_of):
    """All files of one kind in os-records, each in an image of its own."""
    folder = work.records("os-records.tar.zst")
    by_file = {}
    for row in rows_of(work.shared("packagedb/os-records.expected.tsv")):
        if row[0] == kind:
            by_file.setdefault(row[1], []).append(row)
    found, expected = [], []
    for file, rows in sorted(by_file.items()):
        packages, faults = work.file_in_image(path_of(file), (folder / file).read_bytes(), kind)
        found += [f"{file}: {p['name']} {p['version']} {p['architecture']} {p['sourceName']}" for p in packages]
        found += [f"{file}: {fault}" for fault in faults]
        expected += [f"{file}: {' '.join(row[2:6])}" for row in rows if _installed(row)]
    return found, expected


def dpkg(work):
    return system_records(work, "dpkg", lambda file: "var/lib/dpkg/status.d/record" if "/status.d/" in file
                          else "var/lib/dpkg/status")


def apk(work):
    return system_records(work, "apk", lambda file: "lib/apk/db/installed")


def opkg(work):
    return system_records(work, "opkg", lambda file: "usr/lib/opkg/status")


def loose_files(work, kind, path):
    """The files beside the archives, each the same as one of os-records, whose list is its own, too."""
    folder = work.records("os-records.tar.zst")
    by_bytes = {}
    for row in rows_of(work.shared("packagedb/os-records.expected.tsv")):
        if row[0] == kind:
            by_bytes.setdefault((folder / row[1]).read_bytes(), []).append(row)
    found, expected = [], []
    for file in sorted(work.shared(f"packagedb/{kind}").iterdir()):
        data = unpacked(file)
        packages, faults = work.file_in_image(path, data, kind)
        found += [f"{file.name}: {p['name']} {p['version']} {p['architecture']} {p['sourceName']}" for p in packages]
        found += [f"{file.name}: {fault}" for fault in faults]
        expected += [f"{file.name}: {' '.join(row[2:6])}" for row in by_bytes[data] if _installed(row)]
    return found, expected


def dpkg_loose(work):
    return loose_files(work, "dpkg", "var/lib/dpkg/status")


def apk_loose(work):
    return loose_files(work, "apk", "lib/apk/db/installed")


# Records of languages ------------------------------------------------------------------------------------------

def _jar(pom_properties):
    """A Java archive that says which artifact it is by this file alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\n\r\n")
        jar.writestr("META-INF/maven/g/a/pom.properties", pom_properties)
    return out.getvalue()


# Where records of a type stand in an image, one folder each; what lists them; what is put around their bytes.
RECORDS = {
    "composer": ("srv/{}/vendor/composer/installed.json", "php", bytes),
    "conda": ("opt/{}/conda-meta/a-1-0.json", "conda", bytes),
    "cran": ("usr/lib/R/library/{}/DESCRIPTION", "r", bytes),
    "dotnet-deps": ("app/{}/App.deps.json", "dotnet", bytes),
    "gem": ("usr/lib/ruby/gems/3.1.0/specifications/{}.gemspec", "ruby", bytes),
    "maven": ("app/{}.jar", "java", _jar),
    "npm": ("app/{}/node_modules/a/package.json", "npm", bytes),
    "pacman": ("var/lib/pacman/local/{}-1-1/desc", "pacman", bytes),
    "python": ("usr/lib/python3/site-packages/r{}.dist-info/METADATA", "python", bytes),
}


def _expected_name(kind, name):
    """What a listed package is called: a runtime pack by its package's name, "" for what a list says besides."""
    if kind == "dotnet-deps:runtimepack":
        return name.removeprefix("runtimepack.")
    return "" if kind in ("dotnet-deps:project", "dotnet-deps:referenceassembly") else name


def records(kind, archive, table):
    """A case: all records of one kind, in one image."""
    def case(work):
        pattern, found_by, packed = RECORDS[kind]
        folder = work.records(archive)
        rows = [row for row in rows_of(work.shared(f"packagedb/{table}")) if row[0].split(":")[0] == kind]
        names = {pattern.format(number): file for number, file in enumerate(sorted({row[1] for row in rows}))}
        packages, faults = work.files_in_image(
            {path: packed((folder / file).read_bytes()) for path, file in names.items()}, found_by)
        found = [f"{names[p['path']]}: {p['name']} {p['version']}" for p in packages]
        for fault in (f for line in faults for f in line.removeprefix("coverage: ").split("; ")):
            path, _, why = fault.partition(": ")
            found.append(f"{names.get(path, path)}: coverage: {why}")
        expected = [f"{row[1]}: {_expected_name(row[0], row[2])} {row[3]}" for row in rows
                    if _expected_name(row[0], row[2])]
        return found, expected
    return case


# rpm's databases -------------------------------------------------------------------------------------------------

def _rpm_row(name, epoch, version, release, arch, source):
    evr = f"{epoch}:{version}-{release}" if epoch else f"{version}-{release}"
    return f"{name} {evr} {arch} {source}".rstrip()


def rpm(work):
    folder = work.shared("packagedb/rpm")
    found, expected = [], []
    for table in sorted(folder.glob("*.expected.tsv")):
        name = table.name.removesuffix(".expected.tsv")
        (file,) = [f for f in folder.glob(f"{name}.*.zst") if f.name.removesuffix(".zst") != name]
        path = "var/lib/rpm/" + file.name.removeprefix(f"{name}.").removesuffix(".zst")
        packages, faults = work.file_in_image(path, unpacked(file), "rpm")
        found += [f"{name}: {p['name']} {p['version']} {p['architecture']} {p['sourceName']}".rstrip()
                  for p in packages]
        found += [f"{name}: {fault}" for fault in faults]
        for row in rows_of(table):
            row += [""] * (6 - len(row))
            source = row[5].removesuffix(".src.rpm").removesuffix(".nosrc.rpm").rsplit("-", 2)[0]
            expected.append(f"{name}: " + _rpm_row(*row[:5], source))
    return found, expected


# The image deb-python, beside other scanners ------------------------------------------------------------------

SYFT = {"deb": "deb", "go-module": "golang", "java-archive": "maven", "npm": "npm", "python": "pypi",
        "binary": "generic"}
TRIVY = {"debian": "deb", "gobinary": "golang", "jar": "maven", "node-pkg": "npm", "python-pkg": "pypi"}
OSV = {"Debian:12": "deb", "Go": "golang", "Maven": "maven", "npm": "npm", "PyPI": "pypi"}


def _distinct(rows):
    return sorted(set(rows))


def _spelled(kind, name, version):
    """The row of a package as all write it: PyPI names normalised (PEP 503), Go's `v` and `go` left out."""
    if kind == "pypi":
        name = name.lower().replace("_", "-").replace(".", "-")
    if kind == "golang":
        version = version.removeprefix("go").removeprefix("v")
    return f"{kind} {name} {version}"


def _ours(platform, kinds, counts=lambda package: True):
    return [_spelled(p["type"], p["name"], p["version"]) for p in platform["packages"]
            if p["type"] in kinds and counts(p)]


def syft_inventory(work):
    rows = rows_of(work.shared("truth/syft-deb-python.tsv"))
    platform = work.large_image()
    expected = []
    for kind, name, version, _, purl in (row + [""] * (5 - len(row)) for row in rows):
        if SYFT[kind] == "maven" and purl.startswith("pkg:maven/"):
            name = purl[len("pkg:maven/"):].split("@")[0].replace("/", ":", 1)
        expected.append(_spelled(SYFT[kind], name, version))
    return _distinct(_ours(platform, set(SYFT.values()))), _distinct(expected)


def trivy_inventory(work):
    rows = rows_of(work.shared("truth/trivy-deb-python.tsv"))
    platform = work.large_image()
    expected = [_spelled(TRIVY[row[0]], row[1], row[2]) for row in rows]
    return _distinct(_ours(platform, set(TRIVY.values()))), _distinct(expected)


def osv_inventory(work):
    rows = rows_of(work.shared("truth/osv-deb-python.tsv"))
    platform = work.large_image()
    expected = [_spelled(OSV[row[0]], row[1], row[2]) for row in rows]
    ours = _ours(platform, set(OSV.values()) - {"deb"})
    # It lists source packages' names, and the binary packages' versions.
    ours += [_spelled("deb", p["sourceName"] or p["name"], p["version"]) for p in platform["packages"]
             if p["type"] == "deb"]
    return _distinct(ours), _distinct(expected)


def osv_findings(work):
    platform = work.large_image()
    kinds = {"Debian:12": "deb", "Go": "golang", "PyPI": "pypi"}
    by_row = {}
    for ecosystem, name, _, identifier, aliases in (
            row + [""] * (5 - len(row)) for row in rows_of(work.shared("truth/osv-findings-deb-python.tsv"))):
        by_row.setdefault((kinds[ecosystem], name), []).append({identifier, *aliases.split(";")} - {""})
    expected = [f"{kind} {name} {vulnerability}" for (kind, name), sets in by_row.items()
                for vulnerability in _merged(sets)]
    found = []
    for finding in platform["findings"]:
        kind, name = finding["packageType"], finding["package"]
        if kind == "deb":
            name = finding["sourcePackage"] or name
        if kind == "pypi":
            name = name.lower()
        found.append(f"{kind} {name} {_canonical({finding['id'], finding['advisory'], *finding['aliases']})}")
    return _distinct(found), _distinct(expected)


def _canonical(ids):
    """One name for a set of aliases: its lowest CVE, else its lowest id."""
    return min(ids, key=lambda i: (not i.startswith("CVE-"), i))


def _merged(sets):
    """Sets of aliases that meet are one vulnerability."""
    merged = []
    for ids in sets:
        meeting = [m for m in merged if m & ids]
        merged = [m for m in merged if not m & ids] + [set().union(ids, *meeting)]
    return sorted(_canonical(ids) for ids in merged)


CASES = {
    "dpkg": dpkg,
    "apk": apk,
    "rpm": rpm,
    "opkg": opkg,
    "pacman": records("pacman", "os-records.tar.zst", "os-records.expected.tsv"),
    "dpkg: loose files": dpkg_loose,
    "apk: loose files": apk_loose,
    **{f"language records: {kind}": records(kind, "language-records.tar.zst", "language-records.expected.tsv")
       for kind in RECORDS if kind != "pacman"},
    "deb-python: inventory of Syft": syft_inventory,
    "deb-python: inventory of Trivy": trivy_inventory,
    "deb-python: inventory of OSV-Scanner": osv_inventory,
    "deb-python: findings of OSV-Scanner": osv_findings,
}
