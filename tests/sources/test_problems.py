"""sources/problems.py."""

import warnings

import pytest

from feedline.sources.problems import Finding, packed, unpacked, warn_of

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
