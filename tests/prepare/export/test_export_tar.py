"""A store as a tar."""

import json
import tarfile
from dataclasses import replace

import numpy as np
from exported import CLASSES, picture, png, row, store

import feedline
from feedline.prepare.export import export
from feedline.store import Part, Row
from feedline.types import Objects


def test_the_tar_is_read_again_with_all_that_it_carries(tmp_path):
    rows = [row(number, full=True, path="../../evil.png") for number in range(12)]
    path = store(tmp_path / "x.feed", {"all": rows}, full=True)
    lost = export(path, tmp_path / "x.tar", "tar", progress=False).left_out
    assert lost[-1] == "the names of the classes of all, but for KEY.json: open it with classes=['ant', 'bee']"
    dataset = feedline.open(tmp_path / "x.tar", classes=CLASSES)
    assert (dataset.classes, dataset.targets.tolist()) == (["ant", "bee"], [0, 1] * 6)
    record = dataset.record(4)
    assert record.mask is not None
    assert np.array_equal(record.mask, picture(4, channels=1))
    told = record.extra["json"]
    assert (told["path"], told["group"], told["class"], told["extra"]) == ("../../evil.png", "g4", "ant", {"number": 4})
    assert told["targets"] == [0.5, 4.0]
    assert isinstance(feedline.store.StoreSource(path)[4].objects, Objects)
    assert told["objects"][0]["box"] == [0, 1, 2, 3]


def test_keys_are_numbers_and_headers_say_nothing_of_the_machine(tmp_path):
    path = store(tmp_path / "x.feed", {"all": [row(number) for number in range(12)]})
    export(path, tmp_path / "x.tar", "tar", progress=False)
    with tarfile.open(tmp_path / "x.tar") as tar:
        members = tar.getmembers()
        assert [member.name for member in members[:4]] == ["00.png", "00.cls", "00.json", "01.png"]
        assert {(member.mtime, member.uid, member.gid, member.uname, member.mode) for member in members} == {
            (0, 0, 0, "", 0o644)
        }
        assert json.loads(tar.extractfile("05.json").read()) == {"class": "bee", "path": "glyphs/005.png"}
        assert tar.extractfile("05.cls").read() == b"1"


def test_what_has_no_class_has_none_when_it_is_read_again(tmp_path, recwarn):
    path = store(tmp_path / "x.feed", {"train": [row(number, label=number % 3 - 1) for number in range(6)]})
    export(path, tmp_path / "x.tar", "tar", progress=False)
    assert feedline.open(tmp_path / "x.tar").targets.tolist() == [-1, 0, 1, -1, 0, 1]
    path = store(tmp_path / "y.feed", {"train": [row(number, label=-1) for number in range(6)]}, classes=())
    assert export(path, tmp_path / "y.tar", "tar", progress=False).left_out == ()
    assert feedline.open(tmp_path / "y.tar").targets.tolist() == [-1] * 6
    assert not recwarn


def test_a_mask_that_a_tar_has_no_name_for_is_left_out(tmp_path):
    rows = [replace(row(0, full=True), mask=Part(b"\xff\xd8\xff", "m.jpg")), row(1, full=True)]
    path = store(tmp_path / "x.feed", {"all": rows}, full=True)
    assert "1 masks of all: a tar has those that are PNG, TIFF or .npy" in export(path, tmp_path / "o", "tar").left_out


def test_formats_keep_their_endings(tmp_path):
    rows = [Row(Part(png(picture(0)), "a.jpg"), 5, 6, "png", 0), Row(Part(b"x", "a.nef"), 5, 6, "raw", 0)]
    export(store(tmp_path / "x.feed", {"all": rows}), tmp_path / "x.tar", "tar", progress=False)
    with tarfile.open(tmp_path / "x.tar") as tar:
        assert tar.getnames()[::3] == ["0.png", "1.nef"]
