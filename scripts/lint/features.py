#!/usr/bin/env python3
"""Fails where docs/features.md and the tests have come apart: a row without a test, or a test that is not there.

The last cell of a row names tests as `FILE` `Suite.Name` (C++) or `FILE` `test_name` (Python), FILE below tests/;
several are separated by ", ". Rows under the heading "Not here" have none.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = "docs/features.md"
SHOWN = re.compile(r"`([^`]+)` `([^`]+)`")
HEADINGS = {"what it is", "---"}


def is_there(file: str, name: str) -> bool:
    path = ROOT / "tests" / file
    if not path.is_file():
        return False
    text = path.read_text()
    if file.endswith(".py"):
        return re.search(rf"^def {re.escape(name)}\(", text, re.M) is not None
    suite, _, case = name.partition(".")
    return re.search(rf"^TEST(_F|_P)?\({re.escape(suite)},\s*{re.escape(case)}\)", text, re.M) is not None


def faults() -> tuple[int, list[str]]:
    rows, found, named = 0, [], True
    for number, line in enumerate((ROOT / TABLE).read_text().splitlines(), 1):
        if line.startswith("#"):
            named = line.strip("# ") != "Not here"
        if not line.startswith("| "):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if cells[0].strip() in HEADINGS or not named:
            continue
        rows += 1
        shown = SHOWN.findall(cells[-1])
        if len(cells) != 4 or not shown:
            found.append(f"{TABLE}:{number}: expected four cells, the last one with a test")
        found += [f"{TABLE}:{number}: tests/{file} has no {name}" for file, name in shown if not is_there(file, name)]
    return rows, found


def main() -> int:
    rows, found = faults()
    for fault in found:
        print(fault)
    print(f"{TABLE}: {rows} rows, {len(found) or 'no'} fault{'s' if len(found) > 1 else ''}")
    return 1 if found or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
