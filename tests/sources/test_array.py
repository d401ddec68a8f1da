"""sources/array.py on real NumPy files."""

import pickle

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError
from feedline.sources import ArraySource
from feedline.sources.array import IMAGE_KEYS, LABEL_KEYS

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def npz(path, **arrays):
    np.savez(path, **{"images": IMAGES, "labels": LABELS, **arrays})
    return path


class TestNpzContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ArraySource(npz(tmp_path / "set.npz"))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES, LABELS, strict=True))


class TestNpyContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        np.save(tmp_path / "set.npy", IMAGES)
        np.save(tmp_path / "set.labels.npy", LABELS.astype(np.uint8))
        return ArraySource(tmp_path / "set.npy", classes=["a", "b", "c"], groups=list("xxyyzz"))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES, LABELS, strict=True))


@pytest.mark.parametrize("image_key", IMAGE_KEYS)
@pytest.mark.parametrize("label_key", LABEL_KEYS)
def test_an_npz_is_read_by_any_usual_name(tmp_path, image_key, label_key):
    np.savez(tmp_path / "set.npz", **{image_key: IMAGES, label_key: LABELS, "more": np.zeros(3)})
    source = ArraySource(tmp_path / "set.npz")
    assert np.array_equal(source[5].data, IMAGES[5])
    assert source.targets.tolist() == LABELS.tolist()


def test_the_first_usual_name_counts(tmp_path):
    source = ArraySource(npz(tmp_path / "set.npz", x=IMAGES[:1], y=LABELS[:1]))
    assert len(source) == 6


def test_a_compressed_npz_and_a_suffix_in_capitals_will_do(tmp_path):
    np.savez_compressed(tmp_path / "set.npz", images=IMAGES, labels=LABELS)
    (tmp_path / "set.npz").rename(tmp_path / "SET.NPZ")
    assert np.array_equal(ArraySource(tmp_path / "SET.NPZ")[1].data, IMAGES[1])


@pytest.mark.parametrize(
    ("shape", "channels"), [((6, 4, 5), 1), ((6, 4, 5, 1), 1), ((6, 4, 5, 2), 2), ((6, 4, 5, 4), 4)]
)
def test_shapes(tmp_path, shape, channels):
    source = ArraySource(npz(tmp_path / "set.npz", images=np.zeros(shape, np.uint8)))
    assert source[0].data.shape == (4, 5, channels)
    assert (source.spec.height, source.spec.width, source.spec.channels) == (4, 5, channels)
    assert source.spec.fixed


def test_the_path_names_file_and_index(tmp_path):
    source = ArraySource(npz(tmp_path / "set.npz"))
    assert source.path(3) == f"{tmp_path}/set.npz[3]"
    assert not source.has_files


@pytest.mark.parametrize(
    ("stored", "given", "names"),
    [
        (None, None, ["0", "1", "2"]),
        (["a", "b", "c"], None, ["a", "b", "c"]),
        ([b"a", b"b", b"c"], None, ["a", "b", "c"]),
        ([10, 20, 30], None, ["10", "20", "30"]),
        (["a", "b", "c"], ("x", "y", "z"), ["x", "y", "z"]),
        (None, ["x", "y", "z", "never"], ["x", "y", "z", "never"]),
    ],
)
def test_classes_are_given_or_stored_or_numbers(tmp_path, stored, given, names):
    arrays = {} if stored is None else {"classes": np.array(stored)}
    assert ArraySource(npz(tmp_path / "set.npz", **arrays), classes=given).classes == names


def test_groups_are_kept_through_pickling(tmp_path):
    source = ArraySource(npz(tmp_path / "set.npz"), groups=list("aabbcc"))
    assert pickle.loads(pickle.dumps(source)).groups == list("aabbcc")


def test_as_many_groups_as_images(tmp_path):
    with pytest.raises(DataError, match="groups"):
        ArraySource(npz(tmp_path / "set.npz"), groups=["a"])


def test_an_npy_is_mapped_and_not_read(tmp_path):
    np.save(tmp_path / "set.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    source = ArraySource(tmp_path / "set.npy")
    assert isinstance(source[0].data, np.memmap)
    assert isinstance(pickle.loads(pickle.dumps(source))[0].data, np.memmap)


def test_labels_of_the_same_name_come_before_labels_npy(tmp_path):
    np.save(tmp_path / "set.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS[::-1])
    np.save(tmp_path / "set.labels.npy", LABELS)
    assert ArraySource(tmp_path / "set.npy").targets.tolist() == LABELS.tolist()


@pytest.mark.parametrize("name", ["set.npy", "labels.npy"])
def test_an_npy_without_labels_says_where_it_looked(tmp_path, name):
    np.save(tmp_path / name, IMAGES)
    with pytest.raises(DataError, match=r"no labels beside .* looked for .*labels.npy and .*labels.npy"):
        ArraySource(tmp_path / name)


def test_no_images_are_pickled(tmp_path):
    source = ArraySource(npz(tmp_path / "set.npz", images=np.zeros((6, 500, 500), np.uint8)))
    assert len(pickle.dumps(source)) < 5000


def test_a_twin_opens_the_file_when_it_is_first_read(tmp_path):
    twin = pickle.loads(pickle.dumps(ArraySource(npz(tmp_path / "set.npz"))))
    npz(tmp_path / "set.npz", images=255 - IMAGES)
    assert np.array_equal(twin[0].data, 255 - IMAGES[0])
    again = pickle.loads(pickle.dumps(twin))
    (tmp_path / "set.npz").unlink()
    assert np.array_equal(twin[1].data, 255 - IMAGES[1])
    with pytest.raises(DataError, match="no such file"):
        again[0]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES.astype(np.float32), "must be uint8 .*not float32 of shape 6x4x5x3"),
        (IMAGES.astype(np.int16), "not int16"),
        (IMAGES[:, 0, 0], "not uint8 of shape 6x3"),
        (np.zeros((6, 2, 2, 5), np.uint8), "6x2x2x5"),
        (np.zeros((6, 3, 8, 8), np.uint8), "6x3x8x8"),
        (np.zeros((0, 4, 4), np.uint8), "at least one image, not uint8 of shape 0x4x4"),
        (np.zeros((6, 0, 4, 1), np.uint8), "6x0x4x1"),
        (np.uint8(3), "must be uint8"),
    ],
)
def test_images_of_a_wrong_shape_or_type(tmp_path, images, words):
    with pytest.raises(DataError, match=words) as caught:
        ArraySource(npz(tmp_path / "set.npz", images=images))
    assert str(tmp_path / "set.npz") in str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [
        LABELS[:5],
        LABELS[:, None],
        LABELS.astype(float),
        LABELS.astype(str),
        LABELS > 0,
        LABELS - 1,
        np.int64(3),
        np.array([0, 0, 0, 0, 0, 2**63 + 1], np.uint64),
    ],
    ids=["too few", "column", "float", "text", "bool", "negative", "scalar", "too large"],
)
def test_labels_of_a_wrong_shape_or_type(tmp_path, labels):
    with pytest.raises(DataError, match=r"labels of .*set.npz must be 6 whole numbers from 0 to 16777216, one"):
        ArraySource(npz(tmp_path / "set.npz", labels=labels))


def test_too_few_class_names(tmp_path):
    with pytest.raises(DataError, match=r"labels of .* go up to 2, but there are 2 class names"):
        ArraySource(npz(tmp_path / "set.npz"), classes=["a", "b"])


def test_class_names_must_be_a_row(tmp_path):
    with pytest.raises(DataError):
        ArraySource(npz(tmp_path / "set.npz", classes=np.array("abc")))


@pytest.mark.parametrize(("left_out", "words"), [("images", "no images"), ("labels", "no labels")])
def test_an_npz_without_images_or_labels_says_what_it_has(tmp_path, left_out, words):
    arrays = {"images": IMAGES, "labels": LABELS, "other": LABELS}
    del arrays[left_out]
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(DataError, match=f"{words} in .*set.npz: looked for {left_out}, .*found .*other"):
        ArraySource(tmp_path / "set.npz")


def test_an_npz_with_nothing_in_it(tmp_path):
    np.savez(tmp_path / "set.npz")
    with pytest.raises(DataError, match="found nothing"):
        ArraySource(tmp_path / "set.npz")


class Trap:
    def __reduce__(self):
        return open, ("trapped", "w")


@pytest.mark.parametrize("name", ["images", "labels", "classes"])
def test_pickled_objects_are_refused_and_not_run(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    npz(tmp_path / "set.npz", **{name: np.array([Trap()] * 6, object)})
    with pytest.raises(DataError, match="cannot read"):
        ArraySource(tmp_path / "set.npz")
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("name", ["set.npy", "labels.npy"])
def test_pickled_objects_in_an_npy_are_refused_and_not_run(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "set.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    np.save(tmp_path / name, np.array([Trap()] * 6, object))
    with pytest.raises(DataError, match="cannot read"):
        ArraySource(tmp_path / "set.npy")
    assert not (tmp_path / "trapped").exists()


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match=f"no such file: {tmp_path}/missing.npz"):
        ArraySource(tmp_path / "missing.npz")
    with pytest.raises(DataError, match="no such file"):
        ArraySource(tmp_path)


@pytest.mark.parametrize("name", ["set.npz", "set.npy", "labels.npy"])
@pytest.mark.parametrize("damage", ["text", "empty", "half", "other kind"])
def test_a_file_that_numpy_cannot_read_is_a_data_error(tmp_path, name, damage):
    np.save(tmp_path / "set.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    npz(tmp_path / "set.npz")
    file = tmp_path / name
    other = tmp_path / ("set.npy" if name == "set.npz" else "set.npz")
    whole = file.read_bytes()
    file.write_bytes(
        {"text": b"words", "empty": b"", "half": whole[: len(whole) // 2], "other kind": other.read_bytes()}[damage]
    )
    with pytest.raises(DataError, match="cannot read"):
        ArraySource(tmp_path / ("set.npz" if name == "set.npz" else "set.npy"))


@pytest.mark.parametrize("compressed", [False, True])
def test_an_npz_with_damaged_bytes_is_a_data_error(tmp_path, compressed):
    (np.savez_compressed if compressed else np.savez)(tmp_path / "set.npz", images=IMAGES, labels=LABELS)
    data = bytearray((tmp_path / "set.npz").read_bytes())
    data[200:240] = bytes(byte ^ 0xFF for byte in data[200:240])
    (tmp_path / "set.npz").write_bytes(data)
    with pytest.raises(DataError, match="cannot read"):
        ArraySource(tmp_path / "set.npz")
