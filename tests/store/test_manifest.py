import copy
import json
import os
import random
import shutil
from contextlib import suppress

import pytest
import storejob
from hypothesis import given
from hypothesis import strategies as st

from feedline.errors import DataError, DecodeError
from feedline.store import StoreSource, verify
from feedline.store.manifest import checksum, read


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept") / "x.feed"
    storejob.write(folder, 0, 9)
    return folder


def signed(content):
    """The text of a manifest whose checksum is right, whatever it says."""
    content = {**content, "crc32c": 0}
    content["crc32c"] = checksum(content)
    return (json.dumps(content, separators=(",", ":")) + "\n").encode()


def places(value, path=()):
    """Where values lie in plain data."""
    yield path
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*path, key))


def changed(content, path, value):
    if not path:
        return value
    content = copy.deepcopy(content)
    inside = content
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return content


NUMBERS = [True, -1, 0, 1, 2**31, 2**40 - 1, 2**63, 10**400, 0.5]
NAMES = ["", "../x.arrow", "/etc/passwd", "a/../../x-00000.arrow", "x-00000.arrow\0", "a::file:///etc/x-00000.arrow"]
HOSTILE = [None, *NUMBERS, *NAMES, [], [[]], [0], [[0, 2**39]], [[-5, 10]], {}, {"a": []}]


def use(store):
    """Everything that reads a store; only what a broken store may raise is left out."""
    try:
        source = StoreSource(store, "all")
    except DataError:
        return
    for index in [*range(min(len(source), 12)), len(source) - 1]:
        with suppress(DecodeError, IndexError):
            source[index]
    with suppress(DecodeError):
        source._all_labels()
    source.manifest.counts()


def attack(store, text):
    kept = (store / "manifest.json").read_bytes()
    try:
        (store / "manifest.json").write_bytes(text)
        use(store)
        assert isinstance(verify(store, progress=False), list)
    finally:
        (store / "manifest.json").write_bytes(kept)


def attacks(kept):
    content = json.loads((kept / "manifest.json").read_text())
    for path in places(content):
        for value in HOSTILE:
            hostile = changed(content, path, value)
            if isinstance(hostile, dict):
                yield signed(hostile)


def test_no_manifest_whose_checksum_is_right_crashes(kept):
    every = list(attacks(kept))
    for text in random.Random(0).sample(every, 150):
        attack(kept, text)


@pytest.mark.slow
def test_none_of_all_these_manifests_crashes(kept):
    every = list(attacks(kept))
    for text in every:
        attack(kept, text)
    print(len(every), "hostile manifests")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_manifest(text):
    with pytest.raises(DataError, match="x is no manifest of a store"):
        read(text, "x")


@pytest.mark.parametrize(
    "name", ["../x-00000.arrow", "/x-00000.arrow", "x.arrow", "a::b-00000.arrow", "%2e-00000.arrow", 7]
)
def test_a_shard_is_called_so_that_it_lies_in_the_folder(kept, name):
    content = json.loads((kept / "manifest.json").read_text())
    content["shards"][0]["file"] = name
    with pytest.raises(DataError, match="a shard must be called SPLIT-00000"):
        read(signed(content), "x")


def test_json_without_an_end(kept):
    content = json.loads((kept / "manifest.json").read_text())
    deep = signed({**content, "recipe": "?"}).replace(b'"?"', b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(DataError, match="RecursionError"):
        read(deep, "x")


def test_a_later_version_says_update(kept):
    content = json.loads((kept / "manifest.json").read_text())
    with pytest.raises(DataError, match="is of version 2 of the format, and this feedline reads 1: update"):
        read(signed({**content, "version": 2}), "x")


def test_rows_of_another_shard_are_no_crash(kept, tmp_path):
    """Shards change places, each with the checksums of the other."""
    store = shutil.copytree(kept, tmp_path / "x.feed")
    os.rename(store / "train-00000.arrow", store / "x")
    os.rename(store / "val-00000.arrow", store / "train-00000.arrow")
    os.rename(store / "x", store / "val-00000.arrow")
    use(store)
    assert {damage.index for damage in verify(store, progress=False)} >= {0, 6}


def test_what_was_read_is_written_the_same(kept):
    text = (kept / "manifest.json").read_bytes()
    assert read(text, "x").text().encode() == text
