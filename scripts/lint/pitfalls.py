#!/usr/bin/env python3
"""Fails where docs/pitfalls.md or docs/pitfalls-admission.md and the tests have come apart: a pitfall that
is missing, a test that is not there under the name that stands in the table, one that does not say which
pitfall it is about, a line with neither test nor reason.

A test is named as `FILE` `Suite.Name` (C++) or `FILE` `test_name` (Python), a row of a test's table as
`FILE` "its title"; FILE is below tests/. A test says its pitfalls in a comment: on the lines directly above
it, above the row, above the table that fills it (INSTANTIATE_TEST_SUITE_P), or within it. "Pitfall 7",
"Pitfalls 7, 8", "Pitfalls 7 and 8: why. 9: why" and names such as P007_Why are of docs/pitfalls.md;
"Admission pitfall 7", alike, and names such as PitfallA7_Why, PitfallD36andD37_Why or "pitfall D34: why" of
docs/pitfalls-admission.md.
"""
import pathlib
import re
import sys
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Table(typing.NamedTuple):
    file: str
    count: int  # of pitfalls that others fell into
    word: str  # before "pitfall", in lower case
    in_a_name: re.Pattern  # what holds the numbers


TABLES = (
    Table("docs/pitfalls.md", 160, "", re.compile(r"\bP(\d{3})_\w")),
    Table("docs/pitfalls-admission.md", 104, "admission", re.compile(r"\bpitfall ?((?:(?:and)?[A-I]\d+)+)(?=\b|_)", re.I)),
)
WORDS = range(3, 9)  # of what a pitfall is
REASONS = ("does not apply: ", "by design: ", "open: ")
LINE = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]*)\|([^|]*)\|$")
TOKEN = re.compile(r'`([^`]+)`|"([^"]+)"')
# Either a list with its word, or what follows one: "Pitfall 7: why. 8: why".
SAID = re.compile(r"(\w+ )?\bpitfalls? (\d+(?:(?:, | and )\d+)*)|[.;] (\d+(?:, \d+)*):", re.I)
COMMENT = re.compile(r"^\s*(//|#|@)")  # and decorators, which stand between comment and test


class Test(typing.NamedTuple):
    file: str
    name: str
    is_row: bool


def numbers_in(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", text)}


def word_of(before: str | None) -> str:
    found = (before or "").strip().lower()
    return found if any(found == table.word for table in TABLES) else ""


def pitfalls_in(lines: list[str], table: Table) -> set[int]:
    """The pitfalls of one table that lines speak of. A comment goes on with the table that it named last."""
    found, word = set(), None
    for line in lines:
        if not COMMENT.match(line):
            word = None
        for match in SAID.finditer(line):
            before, listed, further = match.groups()
            if listed:
                word = word_of(before)
            elif word is None and not COMMENT.match(line):
                continue
            if (word or "") == table.word:
                found |= numbers_in(listed or further)
        for text in table.in_a_name.findall(line):
            found |= numbers_in(text)
    return found


def with_comment(lines: list[str], begin: int, end: int) -> list[str]:
    while begin > 0 and COMMENT.match(lines[begin - 1]):
        begin -= 1
    return lines[begin:end]


def until(lines: list[str], begin: int, last: re.Pattern) -> int:
    return next((i for i in range(begin + 1, len(lines)) if last.match(lines[i])), len(lines))


def blocks_of(test: Test, lines: list[str]) -> list[list[str]]:
    """The lines of a test, its tables and the comments above them; none where there is no such test."""
    if test.is_row:
        return [with_comment(lines, i, i + 1) for i, line in enumerate(lines) if f'"{test.name}"' in line]
    if test.file.endswith(".py"):
        head, last = re.compile(rf"def {re.escape(test.name)}\("), re.compile(r"\S")
    else:
        suite, _, name = test.name.partition(".")
        head, last = re.compile(rf"TEST(_F|_P)?\({re.escape(suite)}, {re.escape(name)}\)"), re.compile(r"}")
    blocks = [with_comment(lines, i, until(lines, i, last)) for i, line in enumerate(lines) if head.match(line)]
    if blocks and not test.file.endswith(".py"):
        table = re.compile(rf"INSTANTIATE_TEST_SUITE_P\(\s*\w+,\s*{re.escape(suite)}\b")
        blocks += [with_comment(lines, i, until(lines, i, re.compile("$"))) for i in range(len(lines))
                   if table.match(" ".join(lines[i:i + 2]))]
    return blocks


def fault_of(number: int, test: Test, table: Table) -> str | None:
    path = ROOT / "tests" / test.file
    if not path.is_file():
        return f"tests/{test.file} is not there"
    blocks = blocks_of(test, path.read_text().splitlines())
    if not blocks:
        return f"tests/{test.file} has no {test.name}"
    if not any(number in pitfalls_in(block, table) for block in blocks):
        return f"{test.name} in tests/{test.file} does not say that it is about {table.word} pitfall {number}".replace("  ", " ")
    return None


def tests_named(cell: str) -> list[Test]:
    tests, file = [], ""
    for code, title in TOKEN.findall(cell):
        if code.endswith((".cc", ".py")):
            file = code
        else:
            tests.append(Test(file, code or title, bool(title)))
    return tests


def mentioned(table: Table) -> dict[int, str]:
    """The pitfalls that tests mention: a file for each."""
    found = {}
    for path in sorted((ROOT / "tests").glob("**/*")):
        if path.suffix in (".cc", ".py"):
            for number in pitfalls_in(path.read_text().splitlines(), table):
                found.setdefault(number, path.relative_to(ROOT).as_posix())
    return found


def faults(table: Table) -> tuple[list[str], int]:
    found, numbers, count = [], [], 0
    where = mentioned(table)
    for line in (ROOT / table.file).read_text().splitlines():
        match = LINE.match(line)
        if not match:
            if re.match(r"\| *\d", line):
                found.append(f"a line that cannot be read: {line}")
            continue
        number, what, shown, rest = int(match[1]), match[2].strip(), match[3].strip(), match[4].strip()
        numbers.append(number)
        if len(what.split()) not in WORDS:
            found.append(f"{number}: \"{what}\" has {len(what.split())} words, expected 3 to 8")
        tests = tests_named(shown)
        count += len(tests)
        found += [f"{number}: {fault}" for fault in (fault_of(number, test, table) for test in tests) if fault]
        if rest and not rest.startswith(REASONS):
            found.append(f"{number}: \"{rest}\" begins with none of {', '.join(map(repr, REASONS))}")
        if not tests and not rest:
            found.append(f"{number}: neither a test nor a reason why there is none")
        if not tests and number in where:
            found.append(f"{number}: {where[number]} mentions it, but its line names no test")
    if numbers != list(range(1, table.count + 1)):
        missing = sorted(set(range(1, table.count + 1)) - set(numbers))
        found.append(f"expected 1 to {table.count}, in order; missing: {missing}")
    return found, count


def main() -> int:
    status = 0
    for table in TABLES:
        found, count = faults(table)
        print("\n".join(f"{table.file}: {fault}" for fault in found) or
              f"{table.file}: {table.count}, shown by {count} tests and rows, no fault")
        status = status or bool(found)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
