"""sources/array.py on real NumPy files."""

import os
import pickle
import zipfile

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources import ArraySource
from feedline.sources.array import IMAGE_KEYS, LABEL_KEYS
from feedline.types import UNLABELLED

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


@pytest.mark.parametrize("labels", [None, False, "given"])
def test_labels_are_shared_read_only_and_not_pickled(tmp_path, labels):
    many = np.arange(200_000) % 10
    file = npy(tmp_path / "set.npy", np.zeros((200_000, 1, 1), np.uint8), many)
    source = ArraySource(file, labels=many if labels == "given" else labels)
    content = pickle.dumps(source)
    twin = pickle.loads(content)
    assert len(content) < 2000
    assert np.array_equal(twin.targets, np.full(200_000, UNLABELLED) if labels is False else many)
    assert twin[7].label == (UNLABELLED if labels is False else 7)
    for each in (source, twin):
        with pytest.raises(ValueError, match="read-only"):
            each.targets[0] = 1


def test_sources_of_one_file_keep_their_own_labels(tmp_path):
    file = npz(tmp_path / "set.npz", kinds=LABELS[::-1])
    asked = {"stored": None, "named": "kinds", "none": False, "zeros": [0] * 6, "ones": [1] * 6}
    sources = {name: ArraySource(file, labels=labels) for name, labels in asked.items()}
    contents = {name: pickle.dumps(source) for name, source in sources.items()}
    for name, source in sources.items():
        assert pickle.loads(contents[name]).targets.tolist() == source.targets.tolist()
    assert sources["named"].targets.tolist() == LABELS[::-1].tolist()
    assert sources["ones"].targets.tolist() == [1] * 6


def test_labels_are_pickled_where_the_cache_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "taken").write_bytes(b"")
    monkeypatch.setenv("FEEDLINE_CACHE", str(tmp_path / "taken"))
    source = ArraySource(npz(tmp_path / "set.npz"))
    twin = pickle.loads(pickle.dumps(source))
    assert twin.targets.tolist() == LABELS.tolist()
    assert not source.targets.flags.writeable
    assert not twin.targets.flags.writeable


def test_a_twin_opens_the_file_when_it_is_first_read(tmp_path):
    twin = pickle.loads(pickle.dumps(ArraySource(npz(tmp_path / "set.npz"))))
    assert np.array_equal(twin[0].data, IMAGES[0])
    again = pickle.loads(pickle.dumps(twin))
    (tmp_path / "set.npz").unlink()
    assert np.array_equal(twin[1].data, IMAGES[1])
    with pytest.raises(DataError, match="no such file"):
        again[0]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES.astype(np.float16), "must be uint8, .*not float16 of shape 6x4x5x3"),
        (IMAGES.astype(complex), "not complex128"),
        (IMAGES.astype(np.int16), "not int16"),
        (IMAGES[:, 0, 0], "not uint8 of shape 6x3"),
        (np.zeros((6, 5, 2, 5), np.uint8), r"6x5x2x5 \(read as NHWC\)"),
        (np.zeros((6, 8, 8, 8), np.uint8), "6x8x8x8"),
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
        np.eye(6),
        LABELS + 0.5,
        LABELS > 0,
        LABELS - 2,
        np.int64(3),
        np.array([0, 0, 0, 0, 0, 2**63 + 1], np.uint64),
        np.full(6, np.inf, np.float32),
        np.array([b"a", b"b", b"c", b"d", b"e", b"\xff"]),
    ],
    ids=["too few", "one-hot", "fractions", "bool", "below -1", "scalar", "too large", "infinite", "no UTF-8"],
)
def test_labels_of_a_wrong_shape_or_type_say_what_to_do(tmp_path, labels):
    words = (
        r"labels of .*set.npz must be 6 whole numbers from 0 to 16777216, or -1 for none, or 6 names, one an image, "
    )
    with pytest.raises(DataError, match=words + "not .*: give one class an image with labels=, or say labels=False"):
        ArraySource(npz(tmp_path / "set.npz", labels=labels))


def test_the_image_of_a_wrong_label_is_named(tmp_path):
    with pytest.raises(DataError, match=r"not 0\.5 for image 2"):
        ArraySource(npz(tmp_path / "set.npz"), labels=[0, 1, 0.5, 1, 1, 1])
    with pytest.raises(DataError, match="not None for image 1"):
        ArraySource(npz(tmp_path / "set.npz"), labels=["a", None, "b", "b", "b", "b"])


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize(
    ("labels", "targets", "classes"),
    [
        (LABELS[:, None].astype(np.uint8), LABELS, ["0", "1", "2"]),
        (LABELS.astype(np.float32), LABELS, ["0", "1", "2"]),
        (LABELS.astype(float)[:, None], LABELS, ["0", "1", "2"]),
        (LABELS - 1, LABELS - 1, ["0", "1"]),
        (np.where(LABELS == 2, np.nan, LABELS), [0, 1, -1, 0, 1, -1], ["0", "1"]),
        (np.array(["dog", "cat", "", "dog", " emu ", "nan"]), [1, 0, -1, 1, 2, -1], ["cat", "dog", "emu"]),
        (
            np.array([[b"dog"], [b"cat"], [b"dog"], [b"\xc3\xb6"], [b"cat"], [b""]]),
            [1, 0, 1, 2, 0, -1],
            ["cat", "dog", "ö"],
        ),
    ],
    ids=["column", "floats", "column of floats", "-1", "NaN", "text", "column of bytes"],
)
def test_labels_in_other_forms(tmp_path, ending, labels, targets, classes):
    file = tmp_path / f"set.{ending}"
    source = ArraySource(npy(file, IMAGES, labels) if ending == "npy" else npz(file, labels=labels))
    assert source.targets.dtype == np.int64
    assert source.targets.tolist() == list(targets)
    assert source.classes == classes
    assert pickle.loads(pickle.dumps(source))[2].label == targets[2]


def test_text_labels_are_numbered_as_the_classes_are_given(tmp_path):
    file = npz(tmp_path / "set.npz", labels=np.array(list("abcabc")), classes=np.array(["c", "b", "a", "never"]))
    stored, given = ArraySource(file), ArraySource(file, classes=["b", "a", "c"])
    assert pickle.loads(pickle.dumps(stored)).targets.tolist() == [2, 1, 0, 2, 1, 0]
    assert pickle.loads(pickle.dumps(given)).targets.tolist() == [1, 0, 2, 1, 0, 2]
    assert stored.classes == ["c", "b", "a", "never"]
    with pytest.raises(DataError, match=r"label of image 2 of .* is 'c', .* among a, b: give classes= with all names"):
        ArraySource(file, classes=["a", "b"])


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


def npy(path, images, labels=LABELS):
    np.save(path, images)
    np.save(path.with_suffix(".labels.npy"), labels)
    return path


CHANNELS_FIRST = np.ascontiguousarray(np.moveaxis(IMAGES, 3, 1))


class TestChannelsFirstContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ArraySource(npy(tmp_path / "set.npy", CHANNELS_FIRST.astype(np.uint16) * 257))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES.astype(np.uint16) * 257, LABELS, strict=True))


class TestFloatsContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ArraySource(npz(tmp_path / "set.npz", images=IMAGES.astype(">f4")))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES.astype(np.float32), LABELS, strict=True))


FILES = [b"one", b"two and zeros\0\0", b"\0three", b"4", b"five", b"six"]
LONGEST = max(map(len, FILES))


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize("kind", ["S", "V"])
class TestEncodedContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path, ending, kind):
        files = np.array(FILES, f"{kind}{LONGEST}")
        file = tmp_path / f"set.{ending}"
        return ArraySource(npy(file, files) if ending == "npy" else npz(file, images=files))

    @pytest.fixture
    def contents(self, ending, kind):
        return [(file.ljust(LONGEST, b"\0"), label) for file, label in zip(FILES, LABELS, strict=True)]


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize("dtype", ["uint8", "<u2", ">u2", "float32", "<f8", ">f8", "bool"])
def test_values_are_kept_and_truths_become_black_and_white(tmp_path, ending, dtype):
    stored = (IMAGES > 100).astype(dtype)
    source = ArraySource((npy if ending == "npy" else npz)(tmp_path / f"set.{ending}", images=stored))
    found = source[2].data
    expected = stored[2] * np.uint8(255) if dtype == "bool" else stored[2].astype(stored.dtype.newbyteorder("="))
    assert found.dtype == expected.dtype
    assert found.dtype.isnative
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("shape", "layout", "image", "taken"),
    [
        ((6, 3, 8, 9), None, (8, 9, 3), "NCHW"),
        ((6, 3, 8, 3), None, (3, 8, 3), "NHWC"),
        ((6, 3, 8, 3), "NCHW", (8, 3, 3), "NCHW"),
        ((6, 1, 8, 9), "NCHW", (8, 9, 1), "NCHW"),
        ((6, 8, 9, 2), "NHWC", (8, 9, 2), "NHWC"),
        ((6, 8, 9), None, (8, 9, 1), "NHW"),
    ],
)
def test_where_the_channels_are_is_guessed_or_said_and_shown(tmp_path, shape, layout, image, taken):
    source = ArraySource(npz(tmp_path / "set.npz", images=np.zeros(shape, np.uint8)), layout=layout)
    assert source[0].data.shape == source.read_batch([1, 0])[1].data.shape == image
    assert repr(source).endswith(f"6 images of {'x'.join(map(str, image))} uint8, {taken})")


def test_a_layout_that_does_not_fit_says_so(tmp_path):
    with pytest.raises(DataError, match="1 to 4 channels in NCHW"):
        ArraySource(npz(tmp_path / "set.npz", images=np.zeros((6, 8, 8, 3), np.uint8)), layout="NCHW")
    with pytest.raises(ValueError, match="layout must be 'NHWC', 'NCHW' or None, not 'CHW'"):
        ArraySource(tmp_path / "set.npz", layout="CHW")


def test_a_fortran_array_is_read_in_its_order(tmp_path):
    source = ArraySource(npy(tmp_path / "set.npy", np.asfortranarray(IMAGES)))
    assert np.array_equal(source[4].data, IMAGES[4])


def test_an_image_of_too_many_pixels_is_refused(tmp_path):
    header = {"descr": "|u1", "fortran_order": False, "shape": (1, 2**15, 2**14)}
    with open(tmp_path / "set.npy", "wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        stream.truncate(stream.tell() + 2**29)
    with pytest.raises(DataError, match="32768x16384 pixels, more than 268435456"):
        ArraySource(tmp_path / "set.npy", labels=False)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_images_without_classes_are_asked_for(tmp_path, ending):
    file = tmp_path / f"set.{ending}"
    np.save(file, IMAGES) if ending == "npy" else np.savez(file, images=IMAGES)
    with pytest.raises(DataError, match="labels=False"):
        ArraySource(file)
    source = ArraySource(file, labels=False)
    assert source.targets.tolist() == [UNLABELLED] * 6
    assert source.classes == []
    assert source[3].label == UNLABELLED


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_labels_may_be_given(tmp_path, ending):
    file = (npy if ending == "npy" else npz)(tmp_path / f"set.{ending}", images=IMAGES)
    source = ArraySource(file, labels=[5, 4, 3, 2, 1, 0])
    assert source.targets.tolist() == [5, 4, 3, 2, 1, 0]
    assert len(source.classes) == 6


def test_keys_may_be_named(tmp_path):
    np.savez(tmp_path / "set.npz", images=IMAGES[:2], labels=LABELS[:2], night=IMAGES[::-1], kinds=LABELS[::-1])
    source = ArraySource(tmp_path / "set.npz", images="night", labels="kinds")
    assert np.array_equal(pickle.loads(pickle.dumps(source))[0].data, IMAGES[5])
    assert source.targets.tolist() == LABELS[::-1].tolist()
    with pytest.raises(DataError, match=r"no images .*: looked for day, found images, labels, night, kinds"):
        ArraySource(tmp_path / "set.npz", images="day")


def test_a_file_of_labels_may_be_named(tmp_path):
    np.save(tmp_path / "set.npy", IMAGES)
    np.save(tmp_path / "kinds.npy", LABELS)
    assert ArraySource(tmp_path / "set.npy", labels="kinds.npy").targets.tolist() == LABELS.tolist()
    with pytest.raises(DataError, match=r"looked for .*none.npy"):
        ArraySource(tmp_path / "set.npy", labels="none.npy")


def test_an_npy_has_no_keys(tmp_path):
    with pytest.raises(DataError, match="is one array and has no names: leave out images='x'"):
        ArraySource(npy(tmp_path / "set.npy", IMAGES), images="x")


def test_an_uncompressed_npz_is_mapped_in_its_place(tmp_path):
    source = ArraySource(npz(tmp_path / "set.npz"))
    assert isinstance(source[0].data, np.memmap)
    assert isinstance(pickle.loads(pickle.dumps(source))[0].data, np.memmap)


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize("change", ["cut", "emptied", "longer", "other pixels"])
def test_a_file_that_is_written_to_meanwhile_is_a_named_error(tmp_path, ending, change):
    many = np.repeat(IMAGES, 2000, axis=0)
    file = tmp_path / f"set.{ending}"
    np.save(file, many) if ending == "npy" else np.savez(file, images=many)
    source = ArraySource(file, labels=False)
    size = file.stat().st_size
    with open(file, "r+b") as stream:
        stream.truncate({"cut": size // 2, "emptied": 0, "longer": size + 1}.get(change, size))
        stream.seek(size // 2)
        stream.write(b"" if change in ("cut", "emptied") else b"other")
    os.utime(file, ns=(1, 1))
    for read in (lambda: source[11999], lambda: source.read_batch([11999, 0])):
        with pytest.raises(DecodeError, match="changed after it was opened") as caught:
            read()
        assert (caught.value.path, caught.value.index) == (f"{file}[11999]", 11999)
        assert caught.value.kind == "unreadable"


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_file_that_is_deleted_or_replaced_meanwhile_stays_what_it_was(tmp_path, ending):
    make = npy if ending == "npy" else npz
    source = ArraySource(make(tmp_path / f"set.{ending}", images=IMAGES))
    make(tmp_path / f"other.{ending}", images=255 - IMAGES)
    os.replace(tmp_path / f"other.{ending}", tmp_path / f"set.{ending}")
    assert np.array_equal(source[1].data, IMAGES[1])
    (tmp_path / f"set.{ending}").unlink()
    assert np.array_equal(source.read_batch([3, 2])[0].data, IMAGES[3])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_twin_never_reads_the_pixels_of_another_file(tmp_path, ending, compressed):
    def make(name, images):
        if ending == "npy":
            return npy(tmp_path / f"{name}.npy", images)
        save = np.savez_compressed if compressed else np.savez
        save(tmp_path / f"{name}.npz", images=images, labels=LABELS)
        return tmp_path / f"{name}.npz"

    source = ArraySource(make("set", IMAGES))
    content = pickle.dumps(source)
    os.replace(make("other", 255 - IMAGES), source.file)
    for read in (lambda twin: twin[2], lambda twin: twin.read_batch([2, 0])):
        with pytest.raises(DecodeError, match="changed or replaced after it was opened first") as caught:
            read(pickle.loads(content))
        assert (caught.value.path, caught.value.index, caught.value.kind) == (source.path(2), 2, "unreadable")
    assert np.array_equal(source[2].data, IMAGES[2])
    with pytest.raises(DecodeError):
        pickle.loads(pickle.dumps(pickle.loads(content)))[0]


def test_a_header_that_asks_for_more_than_is_there(tmp_path):
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**12, 28, 28)}
    with open(tmp_path / "set.npy", "wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        stream.write(bytes(1000))
    with pytest.raises(DataError, match="asks for 784000000000000 bytes of pixels, and 1000 are there"):
        ArraySource(tmp_path / "set.npy", labels=False)
    with zipfile.ZipFile(tmp_path / "set.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "set.npy", "images.npy")
    with pytest.raises(DataError, match="cannot read"):
        ArraySource(tmp_path / "set.npz", labels=False)


def test_a_header_that_does_not_end(tmp_path):
    np.save(tmp_path / "set.npy", IMAGES)
    (tmp_path / "set.npy").write_bytes((tmp_path / "set.npy").read_bytes().replace(b"}", b"(", 1))
    with pytest.raises(DataError, match="cannot read"):
        ArraySource(tmp_path / "set.npy", labels=False)


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


@pytest.mark.parametrize(("shape", "layout", "whole"), [
    ((4, 5, 6), None, True),
    ((4, 5, 6, 1), None, True),
    ((4, 5, 6, 3), None, True),
    ((4, 3, 5, 6), "NCHW", False),
])  # fmt: skip
def test_many_images_are_handed_on_as_they_lie(tmp_path, shape, layout, whole):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    np.save(tmp_path / "x.npy", images)
    source = ArraySource(tmp_path / "x.npy", labels=[3, 2, 1, 0], layout=layout)
    for twin in (source, pickle.loads(pickle.dumps(source))):
        found = twin.bulk(np.array([2, 0]))
        assert (found is not None) == whole
        if found is not None:
            assert found[0].strides == (found[0][0].size, found[0].shape[2] * found[0].shape[3], found[0].shape[3], 1)
            assert np.array_equal(found[0], images.reshape(found[0].shape))
            assert found[1].tolist() == [1, 3]
    np.save(tmp_path / "y.npy", images.astype(np.uint16))
    assert ArraySource(tmp_path / "y.npy", labels=[3, 2, 1, 0], layout=layout).bulk(np.array([0])) is None
