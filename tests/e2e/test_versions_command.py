"""`landwaiter versions check` as a person runs it: the wrong rows, the summary, the exit codes."""

import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LANDWAITER = os.environ.get("LANDWAITER_BINARY", os.path.join(ROOT, "build", "landwaiter"))
FACTS = os.path.join(ROOT, "tests", "unit", "scanner", "versions", "facts")
SCHEMES = sorted(name.removesuffix(".tsv") for name in os.listdir(FACTS))
TESTDATA = os.environ.get("LANDWAITER_TESTDATA", os.path.join(ROOT, "..", "shared", "testdata"))
SHARED = os.path.join(TESTDATA, "versions")
TABLES = sorted(name.removesuffix(".tsv") for name in os.listdir(SHARED)) if os.path.isdir(SHARED) else []


def check(*args):
    return subprocess.run([LANDWAITER, "versions", "check", *map(str, args)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "table.tsv"
        path.write_text(text)
        return path
    return write


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_project_s_own_facts_are_right(scheme):
    done = check("--scheme", scheme, os.path.join(FACTS, f"{scheme}.tsv"))
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(f"{scheme}: ") and done.stdout.endswith(" rows, 0 wrong\n")


def test_there_is_a_table_of_facts_for_each_scheme():
    done = check("--scheme", "nosuch", __file__)
    names = done.stderr.partition("use one of ")[2].strip().split(", ")
    assert sorted(names) == SCHEMES


@pytest.mark.skipif(not TABLES, reason=f"{SHARED} is missing (LANDWAITER_TESTDATA names the shared test data)")
@pytest.mark.parametrize("table", TABLES or ["none"])
def test_a_shared_table_is_right_under_its_own_name(table):
    path = os.path.join(SHARED, f"{table}.tsv")
    done = check("--scheme", table, path)
    assert done.stderr == ""
    with open(os.path.join(ROOT, "docs", "versions.md"), encoding="utf-8") as page:
        listed = set(page.read().splitlines())
    *rows, summary = done.stdout.splitlines()
    wrong = [row for row in rows
             if row.removeprefix(path + ":").partition(": ")[2].rpartition(": got ")[0] not in listed]
    assert not wrong, "\n".join(wrong)
    assert summary.endswith(f" rows, {len(rows)} wrong")
    assert done.returncode == (1 if rows else 0)


def test_wrong_rows_are_printed_with_their_line(table):
    path = table("# a comment\n1.0\t<\t2.0\n1.0\t>\t2.0\n>=1\t2.0\tfalse\n")
    done = check("--scheme", "dpkg", path)
    assert done.returncode == 1
    assert done.stdout == (f"{path}:3: 1.0 > 2.0: got <\n"
                           f"{path}:4: >=1 2.0 false: got true\n"
                           "dpkg: 3 rows, 2 wrong\n")


def test_a_row_that_cannot_be_read_is_wrong(table):
    done = check("--scheme", "npm", table("1.0.0 < 2.0.0\nlatest\t<\t1.0.0\n"))
    assert done.returncode == 1
    assert "neither left, op, right nor range, version, satisfied" in done.stdout
    assert 'version "latest" is no npm version' in done.stdout


def test_control_characters_of_a_table_do_not_reach_the_terminal(table):
    done = check("--scheme", "dpkg", table("1\x1b[2J\t<\t2\n"))
    assert done.returncode == 1
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("args, message", [
    (("--scheme", "swift", __file__), 'scheme "swift" is unknown: use one of dpkg, apk, rpm, semver, npm, pep440, go, '),
    (("--scheme", "dpkg", "/nonexistent/table.tsv"), "/nonexistent/table.tsv"),
    (("--scheme", "dpkg"), "FILE is required"),
    ((__file__,), "--scheme is required"),
], ids=["unknown scheme", "no such file", "no file", "no scheme"])
def test_bad_usage(args, message):
    done = check(*args)
    assert done.returncode == 2
    assert message in done.stderr


def test_an_empty_table_is_no_success(table):
    done = check("--scheme", "dpkg", table("# nothing\n"))
    assert done.returncode == 2
    assert "holds no row" in done.stderr
