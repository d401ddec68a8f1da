"""sources/hdf5.py on real HDF5 files."""

import gc
import os
import pickle
import subprocess
import sys

import cv2
import h5py
import numpy as np
import pytest
from contracts.source import SourceContract

import feedline
from feedline import DataError, DecodeError, ImageDataset
from feedline.sources.hdf5 import HDF5Source
from feedline.types import UNLABELLED, Spec

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (10, 6, 5, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 2])
FILES = [cv2.imencode(".png", image)[1].tobytes() for image in IMAGES]
ARRAYS = list(zip(IMAGES, LABELS, strict=True))


def write(path, images=IMAGES, labels=LABELS, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset("images", data=images, **how)
        file["labels"] = labels
    return path


def write_files(path, files=FILES, **how):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("images", (len(files),), h5py.vlen_dtype(np.uint8), **how)
        for number, content in enumerate(files):
            data[number] = np.frombuffer(content, np.uint8)
        file["labels"] = LABELS[: len(files)]
    return path


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"chunks": (1, 6, 5, 3), "compression": "gzip"},
        {"chunks": (4, 6, 5, 3), "compression": "lzf", "shuffle": True, "fletcher32": True},
        {"chunks": (3, 4, 4, 1), "compression": "gzip"},
    ],
    ids=["contiguous", "gzip", "lzf", "cut across"],
)
class TestArraysContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path, how):
        return HDF5Source(write(tmp_path / "set.h5", **how))

    @pytest.fixture
    def contents(self):
        return ARRAYS


class TestChannelsFirstContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return HDF5Source(write(tmp_path / "set.h5", np.moveaxis(IMAGES, 3, 1).astype(">u2"), chunks=(2, 3, 6, 5)))

    @pytest.fixture
    def contents(self):
        return list(zip(IMAGES.astype(np.uint16), LABELS, strict=True))


class TestVariableLengthContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return HDF5Source(write_files(tmp_path / "set.h5", chunks=(4,)))

    @pytest.fixture
    def contents(self):
        return list(zip(FILES, LABELS, strict=True))


@pytest.mark.parametrize("kind", ["S", "V"])
class TestFixedLengthContract(SourceContract):
    longest = max(map(len, FILES))

    @pytest.fixture
    def source(self, tmp_path, kind):
        return HDF5Source(write(tmp_path / "set.h5", np.array(FILES, f"{kind}{self.longest}")))

    @pytest.fixture
    def contents(self):
        return [(file.ljust(self.longest, b"\0"), label) for file, label in zip(FILES, LABELS, strict=True)]


def test_encoded_images_are_decoded_by_a_dataset(tmp_path):
    dataset = ImageDataset(HDF5Source(write_files(tmp_path / "set.h5")), mode="unchanged")
    assert np.array_equal(dataset[7][0], IMAGES[7][..., ::-1])
    assert dataset.source.spec == Spec(None, None, None)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64", "bool"])
def test_values_are_kept_and_truths_become_black_and_white(tmp_path, dtype):
    stored = (IMAGES > 100).astype(dtype)
    source = HDF5Source(write(tmp_path / "set.h5", stored))
    expected = stored * np.uint8(255) if dtype == "bool" else stored
    assert source[4].data.dtype == expected.dtype
    assert np.array_equal(source[4].data, expected[4])


@pytest.mark.parametrize("chunk", [1, 4, 10])
def test_a_batch_in_any_order_equals_single_reads(tmp_path, chunk):
    source = HDF5Source(write(tmp_path / "set.h5", chunks=(chunk, 6, 5, 3), compression="gzip"))
    for seed in range(20):
        indices = np.random.default_rng(seed).integers(-10, 10, 12).tolist()
        for index, record in zip(indices, source.read_batch(indices), strict=True):
            assert np.array_equal(record.data, IMAGES[index])
            assert record.label == LABELS[index]
            assert record.path == f"{tmp_path}/set.h5:/images[{index % 10}]"


def nested(path, **datasets):
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            file[name] = data
    return path


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("images", "labels"),
        ("X", "y"),
        ("x", "Y"),
        ("data", "label"),
        ("train_set_x", "train_set_y"),
        ("x_train", "y_train"),
        ("train/images", "train/labels"),
        ("a/b/imgs", "a/b/targets"),
        ("pictures", "labels"),
    ],
)
def test_usual_names_are_found_and_shown(tmp_path, images, labels):
    source = HDF5Source(nested(tmp_path / "set.h5", **{images: IMAGES, labels: LABELS, "numbers": RNG.random(10)}))
    assert np.array_equal(source[3].data, IMAGES[3])
    assert source.targets.tolist() == LABELS.tolist()
    assert repr(source) == (
        f"HDF5Source('{tmp_path}/set.h5', images='/{images}', labels='/{labels}', 10 images of 6x5x3 uint8, NHWC)"
    )


def test_names_may_be_given(tmp_path):
    file = nested(tmp_path / "set.h5", images=IMAGES[:2], labels=LABELS[:2], **{"b/night": IMAGES, "b/kinds": LABELS})
    source = HDF5Source(file, "b/night", "b/kinds")
    assert len(source) == 10
    assert source.labels == "b/kinds"


def test_two_sets_in_a_file_must_be_told_apart(tmp_path):
    parts = {f"{split}/{name}": data for split in ("train", "test") for name, data in (("x", IMAGES), ("y", LABELS))}
    file = nested(tmp_path / "set.h5", **parts)
    with pytest.raises(DataError, match=r"holds images in /test/x and /train/x: say images='/test/x'"):
        HDF5Source(file)
    assert HDF5Source(file, "train/x").labels == "/train/y"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["numbers"], r"no images in .*looked for images, .*the file holds /numbers \(float64, 10x7\); name them"),
        (["images"], r"no labels beside /images in .*/images \(uint8, 10x6x5x3\).*labels=False"),
        ([], "the file holds no dataset"),
    ],
)
def test_what_is_not_found_is_said_with_what_is_there(tmp_path, names, words):
    everything = {"numbers": RNG.random((10, 7)), "images": IMAGES}
    with pytest.raises(DataError, match=words):
        HDF5Source(nested(tmp_path / "set.h5", **{name: everything[name] for name in names}))


def test_images_without_classes_are_asked_for(tmp_path):
    source = HDF5Source(nested(tmp_path / "set.h5", images=IMAGES), labels=False)
    assert source.classes == []
    assert source[0].label == UNLABELLED
    assert HDF5Source(tmp_path / "set.h5", labels=LABELS).targets.tolist() == LABELS.tolist()


@pytest.mark.parametrize("holder", ["/", "images", "labels", "dataset"])
def test_class_names_are_an_attribute_or_a_dataset(tmp_path, holder):
    with h5py.File(write(tmp_path / "set.h5"), "r+") as file:
        if holder == "dataset":
            file["class_names"] = ["a", "b", "c"]
        else:
            file[holder].attrs["classes"] = ["a", "b", "c"]
    assert HDF5Source(tmp_path / "set.h5").classes == ["a", "b", "c"]
    assert HDF5Source(tmp_path / "set.h5", classes=["x", "y", "z"]).classes == ["x", "y", "z"]


@pytest.mark.parametrize(
    "labels", [LABELS[:5], LABELS - 2, LABELS + 0.5, np.eye(10), LABELS > 0, np.full(10, b"a" * 2000)]
)
def test_labels_of_a_wrong_shape_or_type_say_what_to_do(tmp_path, labels):
    with pytest.raises(DataError, match=r"labels of .*set.h5 must be 10 whole numbers .* labels=, or say labels=False"):
        HDF5Source(write(tmp_path / "set.h5", labels=labels))


NAMES = ["emu", "cat", "dog", "emu", "cat", "dog", "emu", "cat", "dog", ""]


@pytest.mark.parametrize(
    ("labels", "targets", "classes"),
    [
        (LABELS[:, None], LABELS, ["0", "1", "2"]),
        (LABELS.astype(np.float32), LABELS, ["0", "1", "2"]),
        (LABELS - 1, LABELS - 1, ["0", "1"]),
        (NAMES, [2, 0, 1] * 3 + [-1], ["cat", "dog", "emu"]),
        (np.array(NAMES, "S")[:, None], [2, 0, 1] * 3 + [-1], ["cat", "dog", "emu"]),
    ],
    ids=["column", "floats", "-1", "text of variable length", "column of bytes"],
)
def test_labels_in_other_forms(tmp_path, labels, targets, classes):
    source = HDF5Source(write(tmp_path / "set.h5", labels=labels))
    assert source.targets.tolist() == list(targets)
    assert source.classes == classes
    assert pickle.loads(pickle.dumps(source))[9].label == targets[9]


def test_text_labels_are_numbered_as_the_classes_are_given(tmp_path):
    file = write(tmp_path / "set.h5", labels=NAMES)
    assert HDF5Source(file, classes=["dog", "emu", "cat"]).targets.tolist() == [1, 2, 0] * 3 + [-1]
    with h5py.File(file, "r+") as stream:
        stream["labels"].attrs["classes"] = ["cat", "emu"]
    with pytest.raises(DataError, match=r"label of image 2 of .* is 'dog', .* give classes= with all names"):
        HDF5Source(file)


def test_text_of_variable_length_holds_no_images(tmp_path):
    file = nested(tmp_path / "set.h5", images=[b"no zeros", b"at all"], labels=LABELS[:2])
    with pytest.raises(DataError, match=r"ends at the first zero byte.*vlen_dtype"):
        HDF5Source(file, "images")


def test_a_file_that_is_none(tmp_path):
    (tmp_path / "set.h5").write_bytes(b"words" * 1000)
    with pytest.raises(DataError, match=r"cannot read .*set.h5 as an HDF5 file"):
        HDF5Source(tmp_path / "set.h5")
    with pytest.raises(DataError, match="no such file"):
        HDF5Source(tmp_path / "none.h5")


@pytest.mark.parametrize("keep", [0, 10, 100, 1000, 3000])
def test_a_file_that_is_cut(tmp_path, keep):
    whole = write(tmp_path / "set.h5").read_bytes()
    (tmp_path / "set.h5").write_bytes(whole[:keep])
    with pytest.raises(DataError, match=r"cannot read .*set.h5"):
        HDF5Source(tmp_path / "set.h5")


def spoil_chunk(path, index):
    with h5py.File(path) as file:
        place = file["images"].id.get_chunk_info_by_coord((index, 0, 0, 0))
    with open(path, "r+b") as stream:
        stream.seek(place.byte_offset)
        stream.write(b"\xff" * place.size)


def test_a_broken_chunk_is_an_error_of_its_images_alone(tmp_path):
    file = write(tmp_path / "set.h5", chunks=(2, 6, 5, 3), compression="gzip")
    spoil_chunk(file, 4)
    source = HDF5Source(file)
    for index in range(10):
        if index not in (4, 5):
            assert np.array_equal(source[index].data, IMAGES[index])
    for read, index in ((lambda: source[5], 5), (lambda: source.read_batch(range(10)), 4)):
        with pytest.raises(DecodeError, match="HDF5 cannot read it") as caught:
            read()
        assert (caught.value.path, caught.value.index) == (f"{file}:/images[{index}]", index)


def test_chunks_that_were_never_written_are_warned_of(tmp_path):
    with h5py.File(tmp_path / "set.h5", "w") as file:
        images = file.create_dataset("images", (10, 6, 5, 3), np.uint8, chunks=(2, 6, 5, 3))
        file["labels"] = LABELS
    with pytest.raises(DataError, match="never written to: none of its 5 chunks"):
        HDF5Source(tmp_path / "set.h5")
    with h5py.File(tmp_path / "set.h5", "r+") as file:
        images = file["images"]
        images[:6] = IMAGES[:6]
    with pytest.warns(UserWarning, match="2 of the 5 chunks of /images .* were never written") as caught:
        HDF5Source(tmp_path / "set.h5")
    assert caught[0].filename == __file__


def test_a_file_that_is_written_to_meanwhile_is_a_named_error(tmp_path):
    source = HDF5Source(write(tmp_path / "set.h5", np.repeat(IMAGES, 50, axis=0), np.zeros(500, int)))
    source[0]
    os.truncate(tmp_path / "set.h5", 5000)
    for read in (lambda: source[499], lambda: source.read_batch([499])):
        with pytest.raises(DecodeError, match="changed after it was opened") as caught:
            read()
        assert caught.value.index == 499


def test_a_file_that_is_deleted_meanwhile_stays_what_it_was(tmp_path):
    source = HDF5Source(write(tmp_path / "set.h5"))
    source[0]
    twin = pickle.loads(pickle.dumps(source))
    (tmp_path / "set.h5").unlink()
    assert np.array_equal(source[9].data, IMAGES[9])
    with pytest.raises(DataError, match="no such file"):
        twin[0]


@pytest.mark.parametrize("who", ["twin", "the same process"])
def test_the_pixels_of_another_file_are_never_read(tmp_path, who):
    source = HDF5Source(write(tmp_path / "set.h5"))
    source = pickle.loads(pickle.dumps(source)) if who == "twin" else source
    os.replace(write(tmp_path / "other.h5", 255 - IMAGES), tmp_path / "set.h5")
    for read in (lambda: source[3], lambda: source.read_batch([3, 0])):
        with pytest.raises(DecodeError, match="changed or replaced after it was opened first") as caught:
            read()
        assert (caught.value.path, caught.value.index, caught.value.kind) == (source.path(3), 3, "unreadable")
    assert np.array_equal(HDF5Source(tmp_path / "set.h5")[3].data, 255 - IMAGES[3])


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_does_not_read_another_file_than_its_parent(tmp_path):
    source = HDF5Source(write(tmp_path / "set.h5"))
    source[0]
    os.replace(write(tmp_path / "other.h5", 255 - IMAGES), tmp_path / "set.h5")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            source[1]
        except DecodeError:
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert np.array_equal(source[1].data, IMAGES[1])


def secret(path):
    write(path, np.full_like(IMAGES, 7))
    return path


@pytest.mark.parametrize("kind", ["external", "through a group", "through a soft link", "circle", "virtual", "raw"])
def test_what_lies_in_other_files_is_never_read(tmp_path, kind):
    secret(tmp_path / "secret.h5")
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["labels"] = LABELS
        if kind == "external":
            file["images"] = h5py.ExternalLink("secret.h5", "/images")
        elif kind == "circle":
            file["images"] = h5py.SoftLink("/images")
        elif kind == "virtual":
            layout = h5py.VirtualLayout(IMAGES.shape, np.uint8)
            layout[:] = h5py.VirtualSource("secret.h5", "images", IMAGES.shape)
            file.create_virtual_dataset("images", layout)
        elif kind == "raw":
            file.create_dataset("images", IMAGES.shape, np.uint8, external=[("secret.h5", 0, 2048)])
        else:
            file["far"] = h5py.ExternalLink("secret.h5", "/")
            if kind == "through a soft link":
                file["images"] = h5py.SoftLink("/far/images")
    name = "far/images" if kind == "through a group" else "images"
    with pytest.raises(DataError, match="not followed"):
        HDF5Source(tmp_path / "set.h5", name, "labels")


def test_soft_links_and_virtual_datasets_within_the_file_are_followed(tmp_path):
    with h5py.File(write(tmp_path / "set.h5"), "r+") as file:
        file["a/link"] = h5py.SoftLink("/b/images")
        file["b"] = h5py.SoftLink("/")
        layout = h5py.VirtualLayout((3, 6, 5, 3), np.uint8)
        layout[:] = h5py.VirtualSource(file["images"])[7:]
        file.create_virtual_dataset("last", layout)
    assert np.array_equal(HDF5Source(tmp_path / "set.h5", "a/link", "b/labels")[3].data, IMAGES[3])
    assert np.array_equal(HDF5Source(tmp_path / "set.h5", "last", labels=LABELS[7:])[0].data, IMAGES[7])


def test_a_filter_that_is_missing_is_named(tmp_path):
    with h5py.File(tmp_path / "set.h5", "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((1, 6, 5, 3))
        plan.set_filter(32001, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple(IMAGES.shape)
        h5py.h5d.create(file.id, b"images", h5py.h5t.STD_U8LE, space, plan)
        file["labels"] = LABELS
    with pytest.raises(DataError, match=r"compressed by the filter 32001 .*hdf5plugin"):
        HDF5Source(tmp_path / "set.h5")


def test_no_handle_and_no_labels_are_pickled(tmp_path):
    many = np.arange(200_000) % 10
    source = HDF5Source(write(tmp_path / "set.h5", np.zeros((200_000, 1, 1), np.uint8), many))
    source[0]
    content = pickle.dumps(source)
    assert len(content) < 2000
    twin = pickle.loads(content)
    assert np.array_equal(twin.targets, many)
    assert not source.targets.flags.writeable
    assert not twin.targets.flags.writeable


def test_a_reader_needs_no_lock_and_shuts_out_nobody(tmp_path):
    source = HDF5Source(write(tmp_path / "set.h5"))
    source[0]
    os.chmod(tmp_path / "set.h5", 0o444)
    with h5py.File(tmp_path / "set.h5", "r") as other:
        assert np.array_equal(other["images"][1], source[1].data)


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_fork_opens_its_own_and_leaves_that_of_its_parent_alone(tmp_path):
    source = HDF5Source(write(tmp_path / "set.h5", chunks=(1, 6, 5, 3), compression="gzip"))
    source[0]
    child = os.fork()
    if child == 0:
        status = 1
        try:
            right = all(np.array_equal(source[index].data, IMAGES[index]) for index in range(10))
            del source
            gc.collect()
            status = 0 if right else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert all(np.array_equal(source[index].data, IMAGES[index]) for index in range(10))


PROGRAM = """
import os, sys
from feedline.sources.hdf5 import HDF5Source
source = HDF5Source(sys.argv[1])
total = sum(int(source[index].data.sum()) for index in range(10))
if os.fork() == 0:
    sys.exit(0 if sum(int(source[index].data.sum()) for index in range(10)) == total else 5)
status = os.waitstatus_to_exitcode(os.wait()[1])
sys.exit(status or (7 if source[3].data.shape == (6, 5, 3) else 6))
"""


def test_parent_and_child_end_well_with_the_file_open(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(write(tmp_path / "set.h5"))],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (7, b"")


def epochs_hold(tmp_path, epochs, **how):
    """Every image and label of every epoch is right, in a shuffled order."""
    images = np.random.default_rng(1).integers(0, 256, (96, 16, 16, 3), np.uint8)
    labels = np.arange(96) % 7
    file = write(tmp_path / "set.h5", images, labels, chunks=(8, 16, 16, 3), compression="gzip", shuffle=True)
    source = HDF5Source(file)
    assert np.array_equal(source[5].data, images[5])  # the parent has it open before the workers begin
    loader = feedline.DataLoader(ImageDataset(source, mode="unchanged"), batch_size=16, num_workers=2, **how)
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(96)
        loader.batch_sampler.sampler.order = order.tolist()
        found = list(loader)
        assert np.array_equal(np.concatenate([batch[0].numpy() for batch in found]), images[order])
        assert np.array_equal(np.concatenate([batch[1].numpy() for batch in found]), labels[order])
    assert np.array_equal(source[6].data, images[6])


class Given:
    """An order that the test chooses anew each epoch."""

    order = ()

    def __len__(self):
        return 96

    def __iter__(self):
        return iter(self.order)


WAYS = [
    {"worker_type": "process", "multiprocessing_context": "fork"},
    {"worker_type": "process", "multiprocessing_context": "spawn", "persistent_workers": True},
    {"worker_type": "thread"},
]


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("how", WAYS, ids=["fork", "spawn", "thread"])
@pytest.mark.parametrize("epochs", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_chunked_and_compressed_images_under_two_workers(tmp_path, how, epochs):
    epochs_hold(tmp_path, epochs, sampler=Given(), **how)
