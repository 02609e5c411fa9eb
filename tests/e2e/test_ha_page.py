"""docs/ha.md names the test that shows each of its rows."""

import os
import re

from cluster import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
_NAMED = re.compile(r"`(test_\w+\.py)` `(test_\w+)`$")


def _rows():
    """{fault: last cell} of the page's tables."""
    with open(os.path.join(ROOT, "docs", "ha.md"), encoding="utf-8") as f:
        cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in f if line.startswith("| ")]
    return {row[0]: row[-1] for row in cells if row[0] != "fault"}


def test_every_fault_names_a_test_that_is_there():
    rows, wrong = _rows(), {}
    assert len(rows) > 10
    for fault, cell in rows.items():
        named = _NAMED.search(cell)
        path = os.path.join(HERE, named[1]) if named else ""
        if not os.path.exists(path) or f"\ndef {named[2]}(" not in open(path, encoding="utf-8").read():
            wrong[fault] = cell
    assert wrong == {}
