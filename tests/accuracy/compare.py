"""Two lists of rows, compared: precision, recall and every difference with its reason.

Reasons stand in docs/accuracy.md, in the table under the case's heading: `| side | rows | why |`. The side is
"missing" (expected, not found) or "extra" (found, not expected); rows are a pattern of fnmatch over the row
as it is printed. A difference without a reason is a failure, and so is a reason without a difference: the
document would say what is not so.
"""

import collections
import fnmatch
import re

MISSING, EXTRA = "missing", "extra"
Reason = collections.namedtuple("Reason", "side pattern why")
Difference = collections.namedtuple("Difference", "side row why")


class Comparison:
    """Of multisets: a row that stands twice is expected twice."""

    def __init__(self, found, expected, reasons=()):
        found, expected = collections.Counter(found), collections.Counter(expected)
        self.found, self.expected = found.total(), expected.total()
        self.both = (found & expected).total()
        self.differences = []
        used = set()
        for side, rows in ((MISSING, expected - found), (EXTRA, found - expected)):
            for row in sorted(rows.elements()):
                reason = next((r for r in reasons if r.side == side and fnmatch.fnmatchcase(row, r.pattern)), None)
                used.add(reason)
                self.differences.append(Difference(side, row, reason.why if reason else None))
        self.unexplained = [d for d in self.differences if d.why is None]
        self.unused = [r for r in reasons if r not in used]

    @property
    def precision(self):
        """Of what was found, the part that was expected; 1 where nothing was found."""
        return self.both / self.found if self.found else 1.0

    @property
    def recall(self):
        """Of what was expected, the part that was found; 1 where nothing was expected."""
        return self.both / self.expected if self.expected else 1.0

    @property
    def good(self):
        return not self.unexplained and not self.unused

    def lines(self, name):
        """What is printed of a case."""
        yield (f"{name}: {self.expected} expected, {self.found} found, {self.both} in both: "
               f"precision {self.precision:.4f}, recall {self.recall:.4f}")
        for difference in self.differences:
            yield f"  {difference.side:7} {difference.row}  [{difference.why or 'NO REASON IS GIVEN'}]"
        for reason in self.unused:
            yield f"  a reason for nothing: {reason.side} {reason.pattern}"


def read_reasons(document):
    """{heading: [Reason]} of the tables in a Markdown document; headings are those written as code."""
    reasons, case = {}, None
    for number, line in enumerate(document.splitlines(), 1):
        heading = re.fullmatch(r"#+ .*`([^`]+)`.*", line)
        if line.startswith("#"):
            case = heading.group(1) if heading else None
            if case:
                reasons[case] = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if case is None or not line.startswith("|") or cells[0] not in (MISSING, EXTRA):
            continue
        if len(cells) != 3 or not re.fullmatch(r"`.+`", cells[1]) or not cells[2]:
            raise ValueError(f"line {number}: a difference has a side, rows written as code, and a reason: {line}")
        reasons[case].append(Reason(cells[0], cells[1][1:-1], cells[2]))
    return reasons
