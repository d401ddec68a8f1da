"""sources/huggingface.py on real objects of the datasets library, in Arrow files and in memory."""

import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
from contracts.source import SourceContract
from imagebytes import encode, picture

from feedline import ImageDataset
from feedline.errors import DataError, DecodeError
from feedline.sources.huggingface import HuggingFaceSource, is_huggingface

datasets = pytest.importorskip("datasets")

PICTURES = [encode(picture(width=10, height=8, seed=seed), "PNG") for seed in range(6)]
LABELS = [0, 1, 2, 0, 1, 2]
IMAGES = [{"bytes": data, "path": f"{number}.png"} for number, data in enumerate(PICTURES)]
CLASSES = datasets.ClassLabel(names=["a", "b", "c"])


@pytest.fixture(autouse=True)
def quiet():
    datasets.disable_progress_bars()


def made(images=IMAGES, labels=LABELS, kind=CLASSES, **more):
    """A dataset in memory of a column of images, one of labels, and others of images."""
    features = {"label": kind, "image": datasets.Image(), **dict.fromkeys(more, datasets.Image())}
    return datasets.Dataset.from_dict({"label": labels, "image": images, **more}, features=datasets.Features(features))


def on_disk(dataset, folder):
    dataset.save_to_disk(folder)
    return datasets.load_from_disk(str(folder))


class HuggingFaceContract(SourceContract):
    def test_the_spec_holds(self, source):
        assert isinstance(source[0].data, bytes)
        assert not source.spec.fixed
        assert not source.has_files


class TestContractInMemory(HuggingFaceContract):
    @pytest.fixture
    def source(self):
        return HuggingFaceSource(made())

    @pytest.fixture
    def contents(self):
        return list(zip(PICTURES, LABELS, strict=True))


class TestContractInFiles(HuggingFaceContract):
    """A selection in another order, with a format of its own."""

    ORDER = (5, 0, 4, 2)

    @pytest.fixture
    def source(self, tmp_path):
        return HuggingFaceSource(on_disk(made(), tmp_path / "set").select(self.ORDER).with_format("torch"))

    @pytest.fixture
    def contents(self):
        return [(PICTURES[index], LABELS[index]) for index in self.ORDER]


def test_the_dataset_that_was_given_stays_as_it_was():
    dataset = made()
    HuggingFaceSource(dataset)[0]
    assert dataset.format["type"] is None
    assert np.array_equal(np.asarray(dataset[1]["image"]), np.asarray(picture(width=10, height=8, seed=1)))


def test_nothing_is_decoded_and_no_transform_runs():
    dataset = made([{"bytes": b"no picture", "path": None}] * 6)
    dataset.set_transform(lambda rows: pytest.fail("the transform runs"))
    assert HuggingFaceSource(dataset)[0].data == b"no picture"


def test_its_images_are_decoded_by_a_dataset():
    image, label = ImageDataset(HuggingFaceSource(made()))[4]
    assert np.array_equal(image, np.asarray(picture(width=10, height=8, seed=4)))
    assert label == 1


def test_the_path_names_row_and_stored_path():
    images = [*IMAGES[:5], {"bytes": PICTURES[5], "path": None}]
    source = HuggingFaceSource(made(images))
    assert (source.path(2), source.path(5)) == ("dataset[2] 2.png", "dataset[5]")


@pytest.mark.parametrize(
    ("labels", "kind", "classes", "targets"),
    [
        ([0, 2, None, 1, -1, 2], CLASSES, ["a", "b", "c"], [0, 2, -1, 1, -1, 2]),
        ([0, 2, None, 0, 2, 2], datasets.Value("int32"), ["0", "1", "2"], [0, 2, -1, 0, 2, 2]),
        (["b", "a", None, "b", "é", "a"], datasets.Value("string"), ["a", "b", "é"], [1, 0, -1, 1, 2, 0]),
        ([0.5] * 6, datasets.Value("float32"), [], [-1] * 6),
    ],
    ids=["ClassLabel", "whole numbers", "texts", "no classes"],
)
def test_labels(labels, kind, classes, targets):
    source = HuggingFaceSource(made(labels=labels, kind=kind))
    assert (source.classes, source.targets.tolist()) == (classes, targets)
    assert [source[index].label for index in range(6)] == targets
    assert [record.label for record in pickle.loads(pickle.dumps(source)).read_batch(range(6))] == targets


def test_without_a_column_of_labels_every_image_is_unlabelled():
    source = HuggingFaceSource(made().remove_columns("label"))
    assert (source.classes, source.targets.tolist(), source[0].label) == ([], [-1] * 6, -1)


def test_columns_may_be_named():
    dataset = made(other=IMAGES[::-1]).add_column("fine", list("xyzxyz"))
    source = HuggingFaceSource(dataset, image="other", label="fine")
    assert source[0].data == PICTURES[5]
    assert source.classes == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("dataset", "how", "words"),
    [
        (lambda: made(other=IMAGES), {}, r"say which column holds the images: .*'image', 'other'"),
        (made, {"image": "label"}, "column 'label' is no column of images: .*'image'"),
        (made, {"image": "missing"}, "column 'missing' is no column of images"),
        (lambda: made().remove_columns("image"), {}, "image columns are missing, all columns .*'label'"),
        (made, {"label": "missing"}, "no column 'missing': the columns are .*'label', 'image'"),
        (lambda: made(kind=datasets.Value("float32")), {"label": "label"}, "labels must be whole numbers"),
        (lambda: made(labels=[[0]] * 6, kind=datasets.List(datasets.Value("int64"))), {"label": "label"}, "must be"),
        (lambda: made(labels=[0, 1, -2, 0, 0, 0], kind=datasets.Value("int8")), {}, "from 0 to 1.* from -2 to 1"),
        (lambda: made(labels=[2**40] * 6, kind=datasets.Value("int64")), {}, "whole numbers up to 16777216"),
        (lambda: made().rename_column("label", "x").add_column("y", LABELS).cast_column("y", CLASSES), {}, "say which"),
        (lambda: datasets.DatasetDict(train=made(), test=made()), {}, "give one of them: 'train', 'test'"),
        (lambda: made().to_iterable_dataset(), {}, "no length and no index"),
        (lambda: made([], []), {}, "no rows"),
        (lambda: datasets.Image(), {}, "expected a datasets.Dataset, not Image"),
    ],
)
def test_what_is_no_source_says_why(dataset, how, words):
    with pytest.raises(DataError, match=words):
        HuggingFaceSource(dataset(), **how)


def test_an_image_in_a_file_of_its_own_is_read_from_there(tmp_path):
    (tmp_path / "1.png").write_bytes(PICTURES[1])
    paths = [str(tmp_path / "1.png"), str(tmp_path / "missing.png"), "https://example.org/1.png", None]
    images = [None if path is None else {"bytes": None, "path": path} for path in paths]
    source = HuggingFaceSource(made(images, LABELS[:4]))
    assert source[0].data == PICTURES[1]
    for index, kind, words in [(1, "unreadable", "No such file"), (2, "unreadable", "address"), (3, "empty", "no im")]:
        with pytest.raises(DecodeError, match=words) as caught:
            source.read_batch([0, index])
        assert (caught.value.kind, caught.value.index) == (kind, index)
        assert caught.value.path == source.path(index)


def test_files_that_are_deleted_under_way(tmp_path):
    source = HuggingFaceSource(on_disk(made(), tmp_path / "set"))
    late = pickle.loads(pickle.dumps(source))
    shutil.rmtree(tmp_path / "set")
    assert source[3].data == PICTURES[3]
    with pytest.raises(DataError, match=r"the files of dataset are gone: .*No such file"):
        late[3]


def test_arrow_files_are_pickled_as_their_paths(tmp_path):
    large = made([{"bytes": bytes(100_000), "path": None}] * 6)
    assert len(pickle.dumps(HuggingFaceSource(on_disk(large, tmp_path / "set")))) < 5000
    assert len(pickle.dumps(HuggingFaceSource(large))) > 600_000


def test_it_is_told_without_importing_datasets():
    assert is_huggingface(made())
    assert is_huggingface(datasets.DatasetDict())
    assert not is_huggingface("datasets")
    assert not is_huggingface({"image": []})
    script = (
        "import sys, feedline.sources.huggingface as h; "
        "assert not h.is_huggingface([1]); assert 'datasets' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
