#!/usr/bin/env python3
"""sbom.py --root FOLDER --compiled-in FILE --version V: what is in the image whose root is FOLDER, as
CycloneDX 1.5 (CycloneDX v1.5 JSON Reference) on standard output.

Components are the packages of var/lib/dpkg/status.d, and those whose code is in the program itself (FILE
is compiled-in.sh's). No time and no random number: the same packages give the same bytes.
"""

import argparse
import json
import os
import sys
import urllib.parse
import uuid

SPACE = uuid.UUID("b0a5d7de-8a0c-5c52-9f0b-6f9c1c0c7c11")  # any fixed one: serial numbers are made in it


def control_fields(text):
    """The fields of one control record that stand on one line (deb-control(5))."""
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(" "))


def purl(name, version, architecture, source, source_version):
    """Package URL of type deb; `upstream` names the source package, which advisories are about."""
    qualifiers = {"arch": architecture, "distro": "debian-12"}
    if (source, source_version) != (name, version):
        qualifiers["upstream"] = source if source_version == version else f"{source}@{source_version}"
    quoted = "&".join(f"{k}={urllib.parse.quote(v, safe='')}" for k, v in sorted(qualifiers.items()))
    return f"pkg:deb/debian/{urllib.parse.quote(name, safe='')}@{urllib.parse.quote(version, safe='')}?{quoted}"


def component(name, version, architecture, source, source_version, linked):
    identity = purl(name, version, architecture, source, source_version)
    return {"type": "library", "bom-ref": identity, "name": name, "version": version, "purl": identity,
            "properties": [{"name": "landwaiter:linked", "value": linked}]}


def installed(root):
    folder = os.path.join(root, "var/lib/dpkg/status.d")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".md5sums"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            fields = control_fields(f.read())
        source, _, source_version = fields.get("Source", fields["Package"]).partition(" ")
        yield component(fields["Package"], fields["Version"], fields["Architecture"], source,
                        source_version.strip("()") or fields["Version"], "dynamically")


def compiled_in(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            *package, how = line.split()
            yield component(*package, {"headers": "as headers", "static": "statically"}[how])


def document(components, version):
    program = f"pkg:generic/landwaiter@{urllib.parse.quote(version, safe='')}"
    references = [c["bom-ref"] for c in components]
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(SPACE, json.dumps([program, references]))}", "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "landwaiter scripts/image/sbom.py", "version": version}]},
            "component": {"type": "application", "bom-ref": program, "name": "landwaiter", "version": version}},
        "components": components,
        "dependencies": [{"ref": program, "dependsOn": references}],
    }


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--root", "--compiled-in", "--version"):
        parser.add_argument(flag, required=True)
    arguments = parser.parse_args()
    components = [*installed(arguments.root), *compiled_in(arguments.compiled_in)]
    json.dump(document(components, arguments.version), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
