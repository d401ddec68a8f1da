"""What all formats have in common: nothing is overwritten, nothing is left half, and what is lost is said."""

import errno
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from exported import HALF, row, store

import feedline
from feedline.errors import DataError, DecodeError
from feedline.prepare.export import FORMATS, export
from feedline.store.manifest import found

ENDINGS = {"tar": ".tar", "npz": ".npz", "h5": ".h5", "parquet": ".parquet"}
HOW = {"tar": {"mode": "unchanged"}, "npz": {}, "h5": {"mode": "unchanged"}, "parquet": {"mode": "unchanged"}}


def everything(dataset):
    """Images and labels, in their order."""
    return [(image.tobytes(), image.shape, int(label)) for image, label in (dataset[i] for i in range(len(dataset)))]


def opened(out, to, split):
    if to == "folder":
        return feedline.open(out, mode="unchanged", split=split)
    return feedline.open(out / f"{split}{ENDINGS[to]}", **HOW[to])


@pytest.fixture(params=[False, True], ids=["encoded", "raw"])
def made(request, tmp_path):
    """A store of two splits in several shards, of encoded or raw images; classes take turns."""
    raw = request.param
    rows = [row(number, raw=raw) for number in range(14)]
    rows = {"train": rows[:10], "val": rows[10:]}
    return store(tmp_path / "x.feed", rows, shape=(6, 5, 3) if raw else None, shard_bytes=600)


@pytest.mark.parametrize("to", FORMATS)
def test_what_is_exported_is_the_same_when_it_is_opened_again(to, made, tmp_path):
    out = tmp_path / "out"
    exported = export(made, out, to, progress=False)
    assert (exported.path, dict(exported.rows)) == (str(out), {"train": 10, "val": 4})
    for split in ("train", "val"):
        expected = everything(feedline.open(made, split=split, mode="unchanged"))
        found = everything(opened(out, to, split))
        if to == "folder":  # in the order of the names
            expected, found = sorted(expected), sorted(found)
        assert found == expected
        if to != "tar":
            assert opened(out, to, split).classes == ["ant", "bee"]


@pytest.mark.parametrize("to", ENDINGS)
def test_one_split_can_be_one_file(to, made, tmp_path):
    out = tmp_path / f"out{ENDINGS[to]}"
    with pytest.raises(DataError, match=r"is one file, and the store has the splits train, val: say which"):
        export(made, out, to, progress=False)
    assert dict(export(made, out, to, split="val", progress=False).rows) == {"val": 4}
    found = everything(feedline.open(out, **HOW[to]))
    assert found == everything(feedline.open(made, split="val", mode="unchanged"))


@pytest.mark.parametrize("to", FORMATS)
def test_a_store_that_was_never_split(to, tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(number) for number in range(6)]})
    export(path, tmp_path / "out", to, progress=False)
    place = tmp_path / "out" if to == "folder" else tmp_path / "out" / f"all{ENDINGS[to]}"
    found = everything(feedline.open(place, mode="unchanged"))
    assert sorted(found) == sorted(everything(feedline.open(path, mode="unchanged")))


@pytest.mark.parametrize("to", FORMATS)
def test_equal_stores_give_equal_exports(to, made, tmp_path):
    for name in ("one", "two"):
        export(made, tmp_path / name, to, progress=False)
    one, two = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    )
    assert len(one) == (14 if to == "folder" else 2)
    assert one == two


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_is_overwritten(to, made, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match=r"out is there already, and an export overwrites nothing"):
        export(made, tmp_path / "out", to, progress=False)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is there already"):
        export(made, tmp_path / "dangling", to, progress=False)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("to", FORMATS)
@pytest.mark.parametrize("name", ["out", "out{}"])
def test_of_a_damaged_store_nothing_is_left(to, name, tmp_path):
    rows = [row(number) for number in range(20)]
    path = store(tmp_path / "x.feed", {"all": rows})
    shard = path / "all-00000.arrow"
    content = bytearray(shard.read_bytes())
    content[content.index(rows[17].image.data) + 40] ^= 1
    shard.write_bytes(content)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(DecodeError, match=r"index 17\).*damaged"):
        export(path, tmp_path / name.format(ENDINGS.get(to, "")), to, progress=False)
    assert sorted(os.listdir(tmp_path)) == before


def test_what_has_no_place_in_the_format_is_said(tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(number, full=True) for number in range(4)]}, full=True)
    lost = export(path, tmp_path / "out", "npz", progress=False).left_out
    assert [word.split()[0].rstrip(",") for word in lost] == [
        "masks", "partners", "boxes", "targets", "whatever", "the", "perceptual", "means", "groups",
    ]  # fmt: skip
    lost = export(path, tmp_path / "tar", "tar", progress=False).left_out
    assert [word.split()[0] for word in lost[:-1]] == ["partners", "the", "perceptual", "means"]


def test_what_is_misused_is_said(made, tmp_path):
    with pytest.raises(ValueError, match=r"to must be one of folder, tar, npz, h5, parquet, not 'zip'"):
        export(made, tmp_path / "out", "zip")
    with pytest.raises(ValueError, match="scaled in npz and h5 only, not in 'tar'"):
        export(made, tmp_path / "out", "tar", normalized=True)
    with pytest.raises(DataError, match="has no split 'test': its splits are train, val"):
        export(made, tmp_path / "out", "tar", split="test")
    with pytest.raises(DataError, match="does not say what its images are meant to be scaled by"):
        export(made, tmp_path / "out", "npz", normalized=True)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        export(made, tmp_path / "no" / "out", "npz")


@pytest.mark.parametrize("to", FORMATS)
def test_a_split_of_a_hostile_store_leads_nowhere(to, tmp_path):
    path = store(tmp_path / "in", {"all": [row(0)]})
    manifest = found(path)
    shards = tuple(replace(shard, split="../evil") for shard in manifest.shards)
    (path / "manifest.json").write_text(replace(manifest, shards=shards).text())
    with pytest.raises(DataError, match=r"are called by letters, digits, '_' and '.', and one of .* is '../evil'"):
        export(path, tmp_path / "out", to, progress=False)
    assert os.listdir(tmp_path) == ["in"]


def test_a_name_of_another_format_is_refused(made, tmp_path):
    for to in ("folder", "h5"):
        with pytest.raises(DataError, match=rf"x.npz is called as npz is, and is to be {to}"):
            export(made, tmp_path / "x.npz", to)
    export(made, tmp_path / "x.hdf5", "h5", split="val", progress=False)
    assert len(feedline.open(tmp_path / "x.hdf5")) == 4


@pytest.mark.parametrize("to", FORMATS)
def test_labels_whose_classes_have_no_names(to, tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(number) for number in range(4)]}, classes=())
    export(path, tmp_path / "out", to, progress=False)
    place = tmp_path / "out" if to == "folder" else tmp_path / "out" / f"all{ENDINGS[to]}"
    dataset = feedline.open(place)
    assert dataset.classes == ["0", "1"]
    assert sorted(dataset.targets.tolist()) == [0, 0, 1, 1]


def test_the_pixels_of_a_raw_store_are_no_png_of_two_channels(tmp_path):
    rows = [row(0, raw=True, channels=2)]
    path = store(tmp_path / "x.feed", {"all": rows}, shape=(6, 5, 2), normalize=HALF)
    for to in ("folder", "tar", "parquet"):
        with pytest.raises(DataError, match=r"1, 3 or 4 channels.* have 2: export to npz or h5"):
            export(path, tmp_path / "out", to, progress=False)
    with pytest.raises(DataError, match="says 3 numbers as mean, and its images have 2 channels"):
        export(path, tmp_path / "out", "npz", normalized=True, progress=False)
    export(path, tmp_path / "out", "npz", progress=False)


FULL = """
import os, resource, sys
from feedline.prepare.export import export

for to in ("folder", "tar", "npz", "h5", "parquet"):
    for room in (10, 30_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        for out in ("out", f"out.{to}"):
            try:
                export("x.feed", out, to, progress=False)
            except OSError as error:
                print(to, room, out, error.errno, os.listdir())
            else:
                os.rename(out, f"../{to}{room}{out}")
"""


def test_where_the_disk_is_full_nothing_is_left(tmp_path):
    """HDF5 among them, which a write that fails could take the process down with."""
    folder = tmp_path / "in"
    folder.mkdir()
    store(folder / "x.feed", {"all": [row(number, height=64, width=64) for number in range(6)]})
    done = subprocess.run([sys.executable, "-c", FULL], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert {line.partition("out")[2].partition(" ")[2] for line in lines} == {f"{errno.EFBIG} ['x.feed']"}
    assert len(lines) == 2 * 2 * len(FORMATS) - 2  # files in a folder are small enough for the last room


@pytest.mark.parametrize("to", ENDINGS)
@pytest.mark.parametrize("labels", [[-1, 0, 1, -1], [-1, -1, -1, -1]])
def test_samples_without_a_class_have_none_when_they_are_read_again(to, labels, tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(number, label=label) for number, label in enumerate(labels)]})
    export(path, tmp_path / f"out{ENDINGS[to]}", to, progress=False)
    assert feedline.open(tmp_path / f"out{ENDINGS[to]}").targets.tolist() == labels
