"""The accuracy cases as tests, and the runner itself on lists of its own."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import accuracy  # noqa: E402  pylint: disable=wrong-import-position
import cases  # noqa: E402  pylint: disable=wrong-import-position
from compare import Comparison, Reason, read_reasons  # noqa: E402  pylint: disable=wrong-import-position


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return cases.Workplace(tmp_path_factory.mktemp("accuracy"))


@pytest.mark.parametrize("name", cases.CASES)
def test_every_difference_has_a_reason(work, name):
    try:
        found, expected = cases.CASES[name](work)
    except cases.NotHere as missing:
        pytest.skip(str(missing))
    comparison = Comparison(found, expected, accuracy.reasons().get(name, ()))
    print("\n".join(comparison.lines(name)))
    assert expected
    assert not comparison.unexplained
    assert not comparison.unused


def test_the_document_has_no_table_for_a_case_that_is_not():
    assert set(accuracy.reasons()) <= set(cases.CASES)


COMPARISONS = {
    "equal lists": ("ab", "ab", (), 1.0, 1.0, True),
    "nothing found of two": ("", "ab", (), 1.0, 0.0, False),
    "one too many": ("abc", "ab", (), 2 / 3, 1.0, False),
    "one twice where once was expected": ("aab", "ab", (), 2 / 3, 1.0, False),
    "one too many, with its reason": ("abc", "ab", (Reason("extra", "c", "why"),), 2 / 3, 1.0, True),
    "a reason for the other side": ("abc", "ab", (Reason("missing", "c", "why"),), 2 / 3, 1.0, False),
    "a reason for nothing": ("ab", "ab", (Reason("extra", "c", "why"),), 1.0, 1.0, False),
    "a pattern for several": ("ab", "", (Reason("extra", "?", "why"),), 0.0, 1.0, True),
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_counts(name):
    found, expected, reasons, precision, recall, good = COMPARISONS[name]
    comparison = Comparison(list(found), list(expected), reasons)
    assert (comparison.precision, comparison.recall, comparison.good) == (precision, recall, good)


def test_reasons_are_read_from_the_tables_under_a_heading_that_names_a_case():
    document = "# T\n| extra | `x` | none |\n## Case `a: b`\n| side | rows | why |\n|---|---|---|\n" \
               "| extra | `deb x *` | it is there \\| so |\n## Other\n| missing | `y` | none |\n"
    assert read_reasons(document) == {"a: b": [Reason("extra", "deb x *", "it is there \\| so")]}


def test_a_difference_without_a_reason_is_refused_by_its_line():
    with pytest.raises(ValueError, match="line 2"):
        read_reasons("## Case `a`\n| extra | `x` |\n")
