#!/usr/bin/env python3
"""Precision and recall of what `landwaiter scan` finds, with every difference (docs/accuracy.md).

    tests/accuracy/accuracy.py [CASE ...]      the cases of cases.py, all by default
    tests/accuracy/accuracy.py --image IMAGE --feed TYPE=PATH ... --expected FILE [--what packages|findings]

The second form is for one's own image, feeds and list: an expected file has a row a line, columns separated
by tabs: type, name, version for packages; type, name, id for findings.
"""

import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402  pylint: disable=wrong-import-position
import compare  # noqa: E402  pylint: disable=wrong-import-position
import scanning  # noqa: E402  pylint: disable=wrong-import-position

DOCUMENT = os.path.join(scanning.ROOT, "docs", "accuracy.md")


def reasons():
    with open(DOCUMENT, encoding="utf-8") as f:
        return compare.read_reasons(f.read())


def own_case(arguments, folder):
    database = scanning.build_database(os.path.join(folder, "db"), [f.split("=", 1) for f in arguments.feed])
    platform = scanning.scan(arguments.image, database)
    if arguments.what == "packages":
        found = [f"{p['type']} {p['name']} {p['version']}" for p in platform["packages"]]
    else:
        found = [f"{f['packageType']} {f['package']} {f['id']}" for f in platform["findings"]]
    with open(arguments.expected, encoding="utf-8") as f:
        expected = [" ".join(line.split("\t")[:3]).strip() for line in f if line.strip() and not line.startswith("#")]
    return compare.Comparison(sorted(set(found)), sorted(set(expected)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="*", choices=[[], *cases.CASES], help="a case of cases.py")
    parser.add_argument("--image")
    parser.add_argument("--feed", action="append", default=[], metavar="TYPE=PATH")
    parser.add_argument("--expected", metavar="FILE")
    parser.add_argument("--what", choices=("packages", "findings"), default="packages")
    arguments = parser.parse_args()
    if bool(arguments.image) != bool(arguments.expected) or bool(arguments.image) != bool(arguments.feed):
        parser.error("--image, --feed and --expected belong together")
    failed = False
    with tempfile.TemporaryDirectory(prefix="landwaiter-accuracy-") as folder:
        if arguments.image:
            comparison = own_case(arguments, folder)
            print("\n".join(comparison.lines(arguments.image)))
            return 0 if comparison.good else 1
        work, known = cases.Workplace(folder), reasons()
        for name in arguments.case or cases.CASES:
            try:
                comparison = compare.Comparison(*cases.CASES[name](work), known.get(name, ()))
            except cases.NotHere as missing:
                print(f"{name}: SKIPPED: {missing}")
                continue
            print("\n".join(comparison.lines(name)), flush=True)
            failed |= not comparison.good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
