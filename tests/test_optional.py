"""_optional.py: what is said where a package is missing."""

import json
import sys

import pytest

from feedline._optional import require


def test_what_is_there_is_given():
    assert require("json", "x") is json


def test_what_is_missing_is_named_with_its_extra():
    with pytest.raises(ImportError, match=r"needs the package no_such_thing: pip install 'feedline\[h5\]'"):
        require("no_such_thing.part", "h5")


def test_what_a_package_itself_misses_is_its_own_matter(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import no_such_thing")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ModuleNotFoundError, match="no_such_thing") as error:
        require("half_there", "h5")
    assert "feedline[" not in str(error.value)
