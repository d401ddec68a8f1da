"""sources/paired.py on real folders and arrays."""

import os
import pickle

import numpy as np
import pytest
from contracts.source import SourceContract
from headersize import size_of
from imagebytes import encode, picture

from feedline.errors import DataError, DecodeError
from feedline.sources import ArraySource, FolderSource
from feedline.sources.paired import PairedSource


def fill(root, *names):
    """Files with the last parts of their path as content: a source decodes nothing."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{root.name}/{name}".encode())
    return root


@pytest.fixture
def folders(tmp_path):
    names = ("x/1", "x/2", "y/1", "y/deep/3")
    return (
        fill(tmp_path / "a", *(f"{name}.jpg" for name in names)),
        fill(tmp_path / "b", *(f"{name}.png" for name in names)),
    )


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, folders):
        return PairedSource.folders(*folders)

    @pytest.fixture
    def contents(self):
        return [(f"a/{name}.jpg".encode(), int(name[0] == "y")) for name in ("x/1", "x/2", "y/1", "y/deep/3")]


class TestContractWithSamplesLeftOut(SourceContract):
    """What is left out lies before, between and behind the pairs, in both."""

    @pytest.fixture
    def source(self, folders):
        a, b = folders
        fill(a, "x/0.jpg", "x/1b.jpg", "z/9.jpg", "y/4.jpg")
        fill(b, "x/00.png", "y/4.gif", "y/9.png")
        with pytest.warns(
            UserWarning, match=r"5 samples of PairedSource.* have no partner: left out: 5 missing partner\n.*a/x/0.jpg"
        ):
            return PairedSource.folders(a, b, "mask", missing="skip")

    @pytest.fixture
    def contents(self):
        names = ("x/1", "x/2", "y/1", "y/4", "y/deep/3")
        return [(f"a/{name}.jpg".encode(), int(name[0] == "y")) for name in names]

    def test_each_has_its_own_mask(self, source):
        expected = [b"b/x/1.png", b"b/x/2.png", b"b/y/1.png", b"b/y/4.gif", b"b/y/deep/3.png"]
        twin = pickle.loads(pickle.dumps(source))
        for read in (source, twin):
            assert [record.mask for record in read.read_batch(range(5))] == expected
            assert [read[index].mask for index in range(5)] == expected
            assert read[0].partner is None

    def test_what_was_left_out_is_told(self, source):
        assert {(finding.kind, finding.path[-9:], finding.index) for finding in source.findings} == {
            ("missing partner", "a/x/0.jpg", 0),
            ("missing partner", "/x/1b.jpg", 2),
            ("missing partner", "a/z/9.jpg", 7),
            ("missing partner", "/x/00.png", 0),
            ("missing partner", "b/y/9.png", 5),
        }


def test_a_pair_tells_of_both(folders):
    source = PairedSource.folders(*folders)
    record = source[3]
    assert (record.data, record.partner, record.mask) == (b"a/y/deep/3.jpg", b"b/y/deep/3.png", None)
    assert record.path == source.path(3) == str(folders[0] / "y/deep/3.jpg")
    assert record.extra == {"partner_path": str(folders[1] / "y/deep/3.png")}
    assert source[0].label == 0
    assert source.has_files


def test_folders_without_classes_are_paired(tmp_path):
    source = PairedSource.folders(fill(tmp_path / "a", "1.jpg", "2.jpg"), fill(tmp_path / "b", "1.jpg", "2.jpg"))
    assert source[1].partner == b"b/2.jpg"
    assert (source.classes, source.targets.tolist()) == ([], [-1, -1])


def test_a_key_of_the_callers_pairs_other_names(tmp_path):
    images = fill(tmp_path / "a", "one.jpg", "two.jpg")
    masks = fill(tmp_path / "b", "m_one.png", "n_two.png")
    source = PairedSource.folders(images, masks, "mask", key=lambda source, index: source.path(index)[-7:-4])
    assert [record.mask for record in source.read_batch([1, 0])] == [b"b/n_two.png", b"b/m_one.png"]


def test_arrays_are_paired_by_a_key(tmp_path):
    images = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", images=images + (name == "b"), labels=[0, 1, 1])
    arrays = [ArraySource(tmp_path / "a.npz", groups=list("xyz")), ArraySource(tmp_path / "b.npz")]
    source = PairedSource(*arrays, key=lambda _, index: str(index))
    assert np.array_equal(source[2].partner, source[2].data + 1)
    assert (source.groups, source.has_files, source.spec) == (list("xyz"), False, arrays[0].spec)
    with pytest.warns(UserWarning, match="2 samples"):
        some = PairedSource(*arrays, key=lambda it, index: str(index + (it is arrays[1])), missing="skip")
    assert (some.groups, some.targets.tolist()) == (["y", "z"], [1, 1])
    assert np.array_equal(some[0].partner[:, :, 0], images[0] + 1)


def test_everything_that_is_wrong_is_told_at_once(folders):
    a, b = folders
    fill(a, "x/only.jpg", "x/1.png")
    fill(b, "y/lone.png", "y/1.gif")
    with pytest.raises(DataError) as caught:
        PairedSource.folders(a, b)
    lines = str(caught.value).splitlines()
    assert "4 samples cannot be paired" in lines[0]
    assert [line.split(": ")[1] for line in lines[1:]] == ["doubled name"] * 2 + ["missing partner"] * 2
    for line, name in zip(lines[1:], ("a/x/1.png", "b/y/1.png", "a/x/only.jpg", "b/y/lone.png"), strict=True):
        assert f"{name} (index " in line


def test_of_a_doubled_name_all_are_left_out(folders):
    fill(folders[0], "x/1.png")
    with pytest.raises(DataError, match=r"doubled name: the key 'x/1' is that of .*a/x/1.jpg too: rename or remove"):
        PairedSource.folders(*folders)
    with pytest.warns(UserWarning, match=r"1 samples of PairedSource.* cannot be paired: left out: 1 doubled name\n"):
        source = PairedSource.folders(*folders, missing="skip")
    assert [record.partner for record in source.read_batch(range(3))] == [b"b/x/2.png", b"b/y/1.png", b"b/y/deep/3.png"]
    assert [found.kind for found in source.findings] == ["doubled name"]


def test_no_pair_at_all(tmp_path):
    a, b = fill(tmp_path / "a", "1.jpg"), fill(tmp_path / "b", "2.jpg")
    with pytest.raises(DataError, match=r"no sample of one has a partner in the other:\n  .*a/1.jpg \(index 0\)"):
        PairedSource.folders(a, b, missing="skip")


def test_sizes_are_compared_where_a_reader_of_headers_is_given(folders):
    a, b = folders
    for root in folders:
        for folder, _, files in os.walk(root):
            for name in files:
                with open(os.path.join(folder, name), "wb") as stream:
                    stream.write(encode(picture(width=10, height=6), "PNG"))
    assert len(PairedSource.folders(a, b, size_of=size_of)) == 4
    (b / "x/2.png").write_bytes(encode(picture(width=6, height=10), "PNG"))
    (a / "y/1.jpg").write_bytes(b"no picture")
    assert len(PairedSource.folders(a, b)) == 4
    with pytest.warns(UserWarning, match=r"2 samples .* left out: 1 differing sizes, 1 wrong type\n"):
        left = PairedSource.folders(a, b, size_of=size_of, missing="skip")
    assert [left.path(index) for index in range(len(left))] == [f"{a}/x/1.jpg", f"{a}/y/deep/3.jpg"]
    with pytest.raises(DataError) as caught:
        PairedSource.folders(a, b, size_of=size_of)
    text = str(caught.value)
    assert "2 samples cannot be paired" in text
    assert f"{a}/x/2.jpg (index 1): differing sizes: 10x6 pixels, and {b}/x/2.png has 6x10" in text
    assert f"{a}/y/1.jpg (index 2): wrong type: " in text


@pytest.mark.parametrize("how", [{"as_": "twin"}, {"missing": "ignore"}])
def test_unknown_ways(folders, how):
    with pytest.raises(ValueError, match="must be"):
        PairedSource.folders(*folders, **how)


@pytest.mark.parametrize("half", [0, 1])
def test_a_half_that_is_deleted_under_way_is_an_error_of_its_pair(folders, half):
    fill(folders[0], "x/0.jpg")
    with pytest.warns(UserWarning, match="1 samples"):
        source = PairedSource.folders(*folders, missing="skip")
    gone = folders[half] / ("x/2.jpg", "x/2.png")[half]
    gone.unlink()
    for read in (lambda: source[1], lambda: source.read_batch([0, 3, 1])):
        with pytest.raises(DecodeError) as caught:
            read()
        assert (caught.value.kind, caught.value.path, caught.value.index) == ("unreadable", str(gone), 1)
    assert source[0].partner == b"b/x/1.png"


def test_what_is_pickled_does_not_grow_with_the_pairs(tmp_path):
    names = [f"{number:03}.jpg" for number in range(300)]
    a, b = fill(tmp_path / "a", *names), fill(tmp_path / "b", *names, "zzz.jpg")
    with pytest.warns(UserWarning, match="1 samples"):
        source = PairedSource(FolderSource(a), FolderSource(b), missing="skip")
    assert len(pickle.dumps(source)) < 2500
    assert pickle.loads(pickle.dumps(source)).findings == ()
