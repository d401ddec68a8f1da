"""sources/cifar.py and sources/cifar_files.py on files in the published formats."""

import os
import pickle
import struct

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources.cifar import CifarSource

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PER_FILE = 3
PIXELS = np.random.default_rng(0).integers(0, 256, (5 * PER_FILE, 3072), np.uint8)
LABELS = (np.arange(5 * PER_FILE) * 7 % 10).tolist()
FINE = (np.arange(5 * PER_FILE) * 13 % 100).tolist()
COARSE = (np.arange(5 * PER_FILE) * 3 % 20).tolist()
IMAGES = np.stack([row.reshape(3, 32, 32).transpose(1, 2, 0) for row in PIXELS])


def text(content):
    return b"U" + bytes([len(content)]) + content


def numbers(values):
    return b"](" + b"".join(b"K" + bytes([value]) for value in values) + b"e"


def array(pixels):
    """As Python 2 and NumPy 1 pickled it, protocol 2."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
        b"M" + struct.pack("<H", len(pixels)) + b"M\x00\x0c\x86"
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"T" + struct.pack("<I", pixels.size) + pixels.tobytes() + b"tb"
    )


def dictionary(**values):
    return b"\x80\x02}(" + b"".join(text(key.encode()) + value for key, value in values.items()) + b"u."


def part(number):
    return slice(number * PER_FILE, (number + 1) * PER_FILE)


def rows(*columns, pixels):
    return b"".join(bytes(row[:-1]) + row[-1].tobytes() for row in zip(*columns, pixels, strict=True))


def ten_binary(folder):
    for number in range(5):
        content = rows(LABELS[part(number)], pixels=PIXELS[part(number)])
        (folder / f"data_batch_{number + 1}.bin").write_bytes(content)
    (folder / "test_batch.bin").write_bytes(rows(LABELS[:2], pixels=PIXELS[:2]))
    (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n\n")
    return folder


def ten_python(folder):
    for number in range(5):
        content = dictionary(data=array(PIXELS[part(number)]), labels=numbers(LABELS[part(number)]))
        (folder / f"data_batch_{number + 1}").write_bytes(content)
    (folder / "test_batch").write_bytes(dictionary(data=array(PIXELS[:2]), labels=numbers(LABELS[:2])))
    names = b"](" + b"".join(text(name.encode()) for name in NAMES) + b"e"
    (folder / "batches.meta").write_bytes(dictionary(label_names=names, num_vis=b"M\x00\x0c"))
    return folder


def hundred_binary(folder):
    (folder / "train.bin").write_bytes(rows(COARSE, FINE, pixels=PIXELS))
    (folder / "test.bin").write_bytes(rows(COARSE[:2], FINE[:2], pixels=PIXELS[:2]))
    for kind, count in (("fine", 100), ("coarse", 20)):
        (folder / f"{kind}_label_names.txt").write_text("".join(f"{kind}{number}\n" for number in range(count)))
    return folder


def hundred_python(folder):
    for name, count in (("train", 15), ("test", 2)):
        labels = {"fine_labels": numbers(FINE[:count]), "coarse_labels": numbers(COARSE[:count])}
        (folder / name).write_bytes(dictionary(data=array(PIXELS[:count]), **labels))
    names = {
        f"{kind}_label_names": b"](" + b"".join(text(f"{kind}{number}".encode()) for number in range(count)) + b"e"
        for kind, count in (("fine", 100), ("coarse", 20))
    }
    (folder / "meta").write_bytes(dictionary(**names))
    return folder


TENS = [ten_binary, ten_python]
HUNDREDS = [hundred_binary, hundred_python]


@pytest.mark.parametrize("publish", TENS)
class TestTenContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path, publish):
        return CifarSource(publish(tmp_path))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES, LABELS, strict=True))


@pytest.mark.parametrize("publish", HUNDREDS)
class TestHundredContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path, publish):
        return CifarSource(publish(tmp_path))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES, FINE, strict=True))


@pytest.mark.parametrize("publish", TENS)
def test_the_classes_of_ten(tmp_path, publish):
    source = CifarSource(publish(tmp_path), "test")
    assert source.classes == NAMES
    assert len(source) == 2
    assert source[0].extra == {}
    assert CifarSource(tmp_path, classes=list("abcdefghij")).classes == list("abcdefghij")
    with pytest.raises(DataError, match="has no coarse labels: only CIFAR-100 has"):
        CifarSource(tmp_path, labels="coarse")


@pytest.mark.parametrize("publish", HUNDREDS)
def test_the_two_kinds_of_labels_of_a_hundred(tmp_path, publish):
    fine, coarse = CifarSource(publish(tmp_path)), CifarSource(tmp_path, labels="coarse")
    assert fine.classes[FINE[3]] == f"fine{FINE[3]}"
    assert coarse.classes[COARSE[3]] == f"coarse{COARSE[3]}"
    assert coarse.targets.tolist() == COARSE
    assert fine[4].extra == coarse[4].extra == {"fine": FINE[4], "coarse": COARSE[4]}
    assert len(CifarSource(tmp_path, "test")) == 2


@pytest.mark.parametrize("publish", TENS)
def test_one_file_is_a_source_too(tmp_path, publish):
    file = next(path for path in sorted(publish(tmp_path).iterdir()) if path.name.startswith("data_batch_3"))
    source = CifarSource(file)
    assert np.array_equal(source[1].data, IMAGES[7])
    assert source.path(1) == f"{file}[1]"
    assert source.classes == NAMES


@pytest.mark.parametrize("publish", TENS)
def test_the_path_names_the_file_and_the_place_in_it(tmp_path, publish):
    source = CifarSource(publish(tmp_path))
    ending = ".bin" if publish is ten_binary else ""
    assert source.path(7) == f"{tmp_path}/data_batch_3{ending}[1]"


def test_names_are_numbers_where_none_are_there(tmp_path):
    (ten_binary(tmp_path) / "batches.meta.txt").unlink()
    assert CifarSource(tmp_path).classes == [str(number) for number in range(10)]


def test_binary_images_are_mapped(tmp_path):
    data = CifarSource(ten_binary(tmp_path))[0].data
    assert isinstance(data, np.memmap)


@pytest.mark.parametrize("publish", TENS)
def test_no_images_and_no_labels_are_pickled(tmp_path, publish):
    source = CifarSource(publish(tmp_path))
    content = pickle.dumps(source)
    twin = pickle.loads(content)
    assert len(content) < 2000
    assert b"index" in content  # the path of the labels
    assert twin.targets.tolist() == LABELS
    assert not source.targets.flags.writeable
    assert not twin.targets.flags.writeable


def test_where_nothing_or_too_much_is(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        CifarSource(tmp_path / "none")
    with pytest.raises(DataError, match=r"must hold the train part of CIFAR-10 or CIFAR-100, .* holds none of them"):
        CifarSource(tmp_path)
    hundred_binary(ten_binary(tmp_path))
    with pytest.raises(DataError, match="holds several of them"):
        CifarSource(tmp_path)
    with pytest.raises(ValueError, match="split must be"):
        CifarSource(tmp_path, "val")
    with pytest.raises(ValueError, match="labels must be"):
        CifarSource(tmp_path, labels="both")


def test_a_file_that_is_missing_is_named(tmp_path):
    (ten_binary(tmp_path) / "data_batch_4.bin").unlink()
    with pytest.raises(DataError, match=r"lacks data_batch_4.bin"):
        CifarSource(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "records of 3073 bytes, and has 0"),
        (rows(LABELS[:3], pixels=PIXELS[:3])[:-1], "records of 3073 bytes, and has 9218"),
        (rows([3, 10], pixels=PIXELS[:2]), "fine labels of .*data_batch_2.bin must be 2 numbers below 10"),
    ],
)
def test_a_binary_file_that_is_damaged(tmp_path, content, words):
    (ten_binary(tmp_path) / "data_batch_2.bin").write_bytes(content)
    with pytest.raises(DataError, match=words):
        CifarSource(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot read"),
        (numbers([1]) + b".", "cannot read|must hold a dictionary"),
        (dictionary(labels=numbers([1])), "must hold a dictionary with data"),
        (dictionary(data=numbers([1]), labels=numbers([1])), "with data, an array"),
        (
            dictionary(
                data=array(PIXELS[:2]).replace(b"M\x02\x00M\x00\x0c\x86", b"M\x04\x00M\x00\x06\x86"),
                labels=numbers([1]),
            ),
            "must be uint8, Nx3072, not uint8, 4x1536",
        ),
        (dictionary(data=array(PIXELS[:2])), "holds no labels"),
        (dictionary(data=array(PIXELS[:2]), labels=numbers([1])), "must be 2 numbers below 10, not 1"),
        (dictionary(data=array(PIXELS[:2]), labels=numbers([1, 10])), "below 10"),
        (dictionary(data=array(PIXELS[:2]), labels=text(b"12")), "must be a list of whole numbers"),
        (dictionary(data=array(PIXELS[:2]), labels=numbers([1, 1]))[:-2000], "cannot read"),
        (dictionary(data=b"cos\nsystem\n" + text(b"echo > trapped") + b"\x85R"), "refused to unpickle .*os.system"),
        (b"cos\nsystem\n(S'echo > trapped'\ntR.", "refused to unpickle .*os.system"),
    ],
)
@pytest.mark.parametrize("name", ["data_batch_2", "batches.meta"])
def test_a_pickle_that_is_damaged_or_malicious(tmp_path, monkeypatch, content, words, name):
    monkeypatch.chdir(tmp_path)
    (ten_python(tmp_path) / name).write_bytes(content)
    with pytest.raises(DataError, match=words if name != "batches.meta" else f"{name}"):
        CifarSource(tmp_path)
    assert not (tmp_path / "trapped").exists()


@pytest.mark.parametrize("publish", TENS)
def test_a_file_that_is_cut_meanwhile_is_a_named_error(tmp_path, publish):
    source = CifarSource(publish(tmp_path))
    file = source.path(4)[:-3]
    os.truncate(file, 10)
    assert np.array_equal(source[0].data, IMAGES[0])
    for read in (lambda: source[4], lambda: source.read_batch([4])):
        with pytest.raises(DecodeError, match="changed after it was opened") as caught:
            read()
        assert (caught.value.path, caught.value.index) == (f"{file}[1]", 4)


@pytest.mark.parametrize("publish", TENS)
def test_files_that_are_deleted_meanwhile_stay_what_they_were(tmp_path, publish):
    source = CifarSource(publish(tmp_path))
    twin = pickle.loads(pickle.dumps(source))
    for path in tmp_path.iterdir():
        path.unlink()
    assert np.array_equal(source[14].data, IMAGES[14])
    with pytest.raises(DataError, match="cannot read"):
        twin[0]


@pytest.mark.parametrize("publish", TENS)
def test_a_twin_never_reads_the_pixels_of_another_file(tmp_path, publish):
    source = CifarSource(publish(tmp_path))
    twin = pickle.loads(pickle.dumps(source))
    file = source.path(4)[:-3]
    (tmp_path / "new").write_bytes((tmp_path / file).read_bytes().replace(PIXELS[4].tobytes(), PIXELS[3].tobytes()))
    os.replace(tmp_path / "new", file)
    for read in (lambda: twin[4], lambda: twin.read_batch([4, 0])):
        with pytest.raises(DecodeError, match="changed or replaced after it was opened first") as caught:
            read()
        assert (caught.value.path, caught.value.index, caught.value.kind) == (source.path(4), 4, "unreadable")
    assert np.array_equal(source[4].data, IMAGES[4])
