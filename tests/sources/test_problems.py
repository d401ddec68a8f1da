"""sources/problems.py."""

import warnings

import pytest

from feedline.sources.problems import Finding, packed, table, unpacked, warn_of

FOUND = [Finding("a", 0, "x", "so"), Finding("größe", None, "y", "or so"), Finding("b", 2, "x", "")]


def test_findings_are_saved_and_found():
    arrays = packed(FOUND)
    assert unpacked(arrays["findings"]) == FOUND
    assert arrays["finding_count"].tolist() == [3]
    assert unpacked(packed([])["findings"]) == []


def test_one_warning_for_all():
    with pytest.warns(UserWarning, match=r"3 problems in set: 2 x, 1 y; .*The first: a: so") as found:
        warn_of(FOUND, "set")
    assert len(found) == 1


def test_no_warning_for_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of([], "set")


MANY = [Finding(f"{number}.jpg", number, "doubled name", "as another") for number in range(5)]


def test_a_line_for_each_finding():
    assert table([*MANY[:2], Finding("d.xml", None, "missing image", "no such file")]).splitlines() == [
        "  0.jpg (index 0): doubled name: as another",
        "  1.jpg (index 1): doubled name: as another",
        "  d.xml: missing image: no such file",
    ]


def test_of_many_the_first_and_how_many_more():
    assert table(MANY, 2).splitlines()[2:] == ["  ... and 3 more"]
    assert len(table(MANY, 5).splitlines()) == 5
