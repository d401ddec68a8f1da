import shutil

import fsspec
import pytest
import storejob

from feedline.errors import DataError, DecodeError
from feedline.store import StoreSource, unfinished, verify

TOTAL = 24


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept") / "x.feed"
    storejob.write(folder, 0, TOTAL)
    return folder


@pytest.fixture
def store(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "x.feed")


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def found(store):
    return verify(store, progress=False)


def test_a_whole_store_has_no_damage(store):
    assert found(store) == []
    assert unfinished(store) == []


@pytest.mark.parametrize("name", ["image", "mask", "partner"])
@pytest.mark.parametrize("index", [1, 11, 23])
def test_a_damaged_image_is_named_with_its_bytes_its_row_and_its_path(store, name, index):
    source = StoreSource(store, "all")
    data = {"image": source[index].data, "mask": source[index].mask, "partner": source[index].partner}[name]
    file = next(path for path in store.iterdir() if path.suffix == ".arrow" and (data or b"?") in path.read_bytes())
    begin = file.read_bytes().index(data)
    flip(file, begin + len(data) // 2)
    (damage,) = found(store)
    assert (damage.file, damage.index) == (file.name, index)
    assert damage.what == f"{name}, bytes {begin} to {begin + len(data)}"
    assert damage.path == storejob.row(index).image.path
    assert "CRC-32C" in damage.cause
    assert damage.as_dict()["index"] == index


def test_all_that_is_damaged_is_named_behind_what_is_damaged(store):
    source = StoreSource(store, "all")
    for index in (0, 7, 16, 22):
        file = next(path for path in store.glob("*.arrow") if source[index].data in path.read_bytes())
        flip(file, file.read_bytes().index(source[index].data))
    assert [damage.index for damage in found(store)] == [0, 7, 16, 22]


def test_damage_between_images_names_the_samples_that_it_takes(store):
    shard = StoreSource(store, "all").manifest.shards[1]
    begin = shard.batches[0].holes[-1]
    flip(store / shard.file, sum(begin) + 1)
    (damage,) = found(store)
    assert (damage.file, damage.index) == (shard.file, 6)
    assert damage.what.startswith("between images, bytes ")
    assert "samples 6 to 11 cannot be read" in damage.cause


def test_a_shard_that_is_gone_cut_or_added_is_named_and_the_rest_is_looked_at(store):
    (store / "train-00000.arrow").unlink()
    (store / "train-00001.arrow").write_bytes((store / "train-00001.arrow").read_bytes()[:-1])
    flip(store / "train-00002.arrow", -1)
    shutil.copy(store / "train-00002.arrow", store / "train-00009.arrow")
    damages = found(store)
    assert [(damage.file, damage.index) for damage in damages] == [
        ("train-00000.arrow", 0),
        ("train-00001.arrow", 6),
        ("train-00002.arrow", 12),
        ("train-00009.arrow", -1),
    ]
    assert "No such file" in damages[0].cause
    assert "samples 0 to 5 cannot be read" in damages[0].cause
    assert "must have" in damages[1].cause
    assert "no part of the store" in damages[3].cause


def test_a_damaged_manifest_is_named(store):
    flip(store / "manifest.json", 200)
    (damage,) = found(store)
    assert (damage.file, damage.index) == ("manifest.json", -1)


def test_what_an_unfinished_job_left_is_no_damage(store):
    child = storejob.Child(store, TOTAL, 60, append=True)
    child.wait_for(30)
    child.kill()
    assert found(store) == []
    assert {".journal", "train-00003.arrow"} <= set(unfinished(store))


def test_without_a_store_there_is_nothing_to_verify(tmp_path):
    with pytest.raises(DataError, match="no store is at"):
        found(tmp_path)


def test_a_store_behind_a_url(store):
    system = fsspec.filesystem("memory")
    source = StoreSource(store, "all")
    file = next(path for path in store.glob("*.arrow") if source[4].data in path.read_bytes())
    flip(file, file.read_bytes().index(source[4].data))
    system.put(f"{store}/", "/verified.feed/", recursive=True)
    try:
        assert [damage.index for damage in found("memory://verified.feed")] == [4]
    finally:
        system.rm("/verified.feed", recursive=True)


def every_file(store, stride):
    for path in sorted(store.iterdir()):
        for place in range(0, path.stat().st_size, stride):
            yield path, place


def seen(store):
    """What each sample is, or that it cannot be read; None where the store cannot be opened."""
    try:
        source = StoreSource(store, "all")
    except DataError:
        return None
    records = []
    for index in range(len(source)):
        try:
            records.append(repr((source[index], source.path(index))))
        except DecodeError as error:
            assert error.index in (index, None)
            records.append(None)
    return records, of_all(source)


def of_all(source):
    try:
        return source._all_labels().tolist(), source.groups  # not the labels that the user's cache has of the store
    except DecodeError:
        return None


def no_byte_lies(store, stride):
    """Each of these bytes is flipped in turn: what is read is right or an error, and the damage is named."""
    records, labels = seen(store)
    count = 0
    for path, place in every_file(store, stride):
        flip(path, place)
        after, named = seen(store), found(store)
        flip(path, place)
        count += 1
        assert [damage.file for damage in named] == [path.name], (path.name, place)
        if after is None:
            assert path.name == "manifest.json"
            continue
        lost = [index for index, (one, other) in enumerate(zip(records, after[0], strict=True)) if one != other]
        assert all(after[0][index] is None for index in lost), (path.name, place)
        assert after[1] in (labels, None)
        assert not lost or named[0].index == lost[0], (path.name, place)
    return count


def test_no_flipped_byte_is_read_as_something_else(tmp_path):
    storejob.write(tmp_path / "x.feed", 0, 8, batch=2, shard_bytes=6_000)
    assert no_byte_lies(tmp_path / "x.feed", 397) > 60


@pytest.mark.slow
def test_no_flipped_byte_of_all_is_read_as_something_else(tmp_path):
    storejob.write(tmp_path / "x.feed", 1, 3, batch=1)
    print(no_byte_lies(tmp_path / "x.feed", 1), "bytes flipped")
