"""sources/mnist.py and sources/idx.py on files in the published format."""

import gzip
import os
import pickle
import struct

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources.mnist import FASHION, MnistSource
from feedline.types import UNLABELLED, Spec

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 7, 5), np.uint8)
LABELS = [0, 1, 2, 9, 1, 0]


def images_file(images=IMAGES):
    count, rows, columns = images.shape
    return struct.pack(">IIII", 2051, count, rows, columns) + images.tobytes()


def labels_file(labels=LABELS):
    return struct.pack(">II", 2049, len(labels)) + bytes(labels)


def publish(folder, start="train-", between="-", packed=False, images=IMAGES, labels=LABELS):
    files = {f"{start}images{between}idx3-ubyte": images_file(images)}
    files[f"{start}labels{between}idx1-ubyte"] = labels_file(labels)
    for name, content in files.items():
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
class TestMnistContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path, packed):
        return MnistSource(publish(tmp_path, packed=packed))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES[..., None], LABELS, strict=True))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("between", ["-", "."])
@pytest.mark.parametrize("start", ["train-", "emnist-letters-train-", "Train-"])
def test_published_names_are_found(tmp_path, start, between, packed):
    source = MnistSource(publish(tmp_path, start, between, packed))
    assert np.array_equal(source[4].data[..., 0], IMAGES[4])
    assert source.targets.tolist() == LABELS
    assert source.spec == Spec(7, 5, 1)
    assert source.path(4).startswith(str(tmp_path / start))


def test_train_and_test_are_told_apart(tmp_path):
    publish(tmp_path)
    publish(tmp_path, "t10k-", images=IMAGES[:4], labels=LABELS[:4])
    assert (len(MnistSource(tmp_path)), len(MnistSource(tmp_path, "test"))) == (6, 4)
    assert len(MnistSource(tmp_path / "t10k-images-idx3-ubyte")) == 4
    with pytest.raises(ValueError, match="split must be 'train' or 'test', not 'val'"):
        MnistSource(tmp_path, "val")


def test_labels_may_be_packed_where_images_are_not(tmp_path):
    publish(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels_file()))
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    assert MnistSource(tmp_path).targets.tolist() == LABELS


def test_the_unpacked_file_comes_before_the_packed_one(tmp_path):
    publish(publish(tmp_path), packed=True)
    assert MnistSource(tmp_path).file == str(tmp_path / "train-images-idx3-ubyte")


def test_classes_are_numbers_or_given(tmp_path):
    assert MnistSource(publish(tmp_path)).classes == [str(number) for number in range(10)]
    assert MnistSource(tmp_path, classes=FASHION).classes[9] == "Ankle boot"


def test_emnist_is_turned(tmp_path):
    source = MnistSource(publish(tmp_path), transpose=True)
    assert np.array_equal(source[2].data[..., 0], IMAGES[2].T)
    assert np.array_equal(pickle.loads(pickle.dumps(source)).read_batch([3])[0].data[..., 0], IMAGES[3].T)
    assert source.spec == Spec(5, 7, 1)


def test_images_without_labels(tmp_path):
    (publish(tmp_path) / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"no labels beside .*looked for .*train-labels-idx1-ubyte and .*\.gz"):
        MnistSource(tmp_path)
    source = MnistSource(tmp_path, labels=False)
    assert (source.classes, source[0].label) == ([], UNLABELLED)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with nothing and not 00 00 08 03"),
        (b"\0\0\x08\x03\0\0", "no idx file"),
        (labels_file(), r"begins with 00 00 08 01 and not 00 00 08 03"),
        (images_file().replace(b"\x08", b"\x0d", 1), "begins with 00 00 0d 03"),
        (images_file()[:-1], "says 6x7x5, 210 bytes behind its header, and 209 are there"),
        (images_file() + b"1", "210 bytes behind its header, and more are there"),
        (struct.pack(">IIII", 2051, 0, 28, 28), "holds nothing: its sizes are 0x28x28"),
        (struct.pack(">IIII", 2051, 2**32 - 1, 2**32 - 1, 28), "bytes"),
    ],
)
def test_headers_must_fit_what_is_there(tmp_path, content, words, packed):
    publish(tmp_path, packed=packed)
    file = tmp_path / ("train-images-idx3-ubyte" + ".gz" * packed)
    file.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataError, match=words) as caught:
        MnistSource(tmp_path)
    assert str(file) in str(caught.value)


def test_a_packed_file_that_is_cut(tmp_path):
    file = publish(tmp_path, packed=True) / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(DataError, match="cannot unpack"):
        MnistSource(tmp_path)


def test_as_many_labels_as_images(tmp_path):
    with pytest.raises(DataError, match=r"labels of .*labels-idx1-ubyte must be 6 whole numbers"):
        MnistSource(publish(tmp_path, labels=LABELS[:5]))


def test_where_nothing_is(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        MnistSource(tmp_path / "none")
    with pytest.raises(DataError, match=r"must hold one file of the train images.*it holds nothing"):
        MnistSource(tmp_path)
    publish(publish(tmp_path), "kmnist-train-")
    with pytest.raises(DataError, match=r"it holds kmnist-train-images-idx3-ubyte, train-images-idx3-ubyte"):
        MnistSource(tmp_path)


def test_a_file_that_is_cut_meanwhile_is_a_named_error(tmp_path):
    source = MnistSource(publish(tmp_path, images=np.repeat(IMAGES, 500, axis=0), labels=LABELS * 500))
    os.truncate(tmp_path / "train-images-idx3-ubyte", 100)
    for read in (lambda: source[2999], lambda: source.read_batch([2999, 0])):
        with pytest.raises(DecodeError, match="changed after it was opened") as caught:
            read()
        assert (caught.value.path, caught.value.index) == (source.path(2999), 2999)


def test_a_file_that_is_deleted_meanwhile_stays_what_it_was(tmp_path):
    source = MnistSource(publish(tmp_path))
    twin = pickle.loads(pickle.dumps(source))
    (tmp_path / "train-images-idx3-ubyte").unlink()
    assert np.array_equal(source[5].data[..., 0], IMAGES[5])
    with pytest.raises(DataError, match="cannot read"):
        twin[0]


def test_labels_are_shared_read_only_and_not_pickled(tmp_path):
    source = MnistSource(publish(tmp_path, images=np.zeros((60_000, 1, 1), np.uint8), labels=LABELS * 10_000))
    content = pickle.dumps(source)
    twin = pickle.loads(content)
    assert len(content) < 2000
    assert twin.targets.tolist() == LABELS * 10_000
    assert not source.targets.flags.writeable
    assert not twin.targets.flags.writeable


@pytest.mark.parametrize("packed", [False, True])
def test_a_twin_never_reads_the_pixels_of_another_file(tmp_path, packed):
    source = MnistSource(publish(tmp_path, packed=packed))
    twin = pickle.loads(pickle.dumps(source))
    (tmp_path / "new").mkdir()
    new = publish(tmp_path / "new", packed=packed, images=255 - IMAGES)
    os.replace(new / os.path.basename(source.file), source.file)
    for read in (lambda: twin[3], lambda: twin.read_batch([3, 0])):
        with pytest.raises(DecodeError, match="changed or replaced after it was opened first") as caught:
            read()
        assert (caught.value.path, caught.value.index, caught.value.kind) == (source.path(3), 3, "unreadable")
    assert np.array_equal(source[3].data[..., 0], IMAGES[3])
