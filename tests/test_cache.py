"""_cache.py: where feedline remembers."""

from pathlib import Path

from feedline._cache import cache_folder


def test_the_folder_is_the_one_that_is_given_or_the_users(monkeypatch):
    monkeypatch.setenv("FEEDLINE_CACHE", "/a/b")
    assert cache_folder() == Path("/a/b")
    monkeypatch.delenv("FEEDLINE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert cache_folder() == Path("/c/feedline")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "feedline"
