import multiprocessing
import os
import pickle
import shutil
from dataclasses import replace

import fsspec
import numpy as np
import pytest
import storejob
from contracts.source import SourceContract, plain, rebuild_and_send_all

from feedline.codecs import decode
from feedline.dataset import ImageDataset
from feedline.errors import DataError, DecodeError
from feedline.loader import DataLoader
from feedline.store import Columns, Part, Row, StoreSource, StoreWriter, manifest


class TestStoreSource(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        storejob.write(tmp_path / "x.feed", 1, 13)
        return StoreSource(tmp_path / "x.feed", "all")

    @pytest.fixture
    def contents(self):
        return [(storejob.row(index).image.data, storejob.row(index).label) for index in range(1, 13)]


class TestStoreSourceBehindUrl(TestStoreSource):
    @pytest.fixture
    def source(self, tmp_path):
        storejob.write(tmp_path / "x.feed", 1, 13)
        return StoreSource(f"file://{tmp_path}/x.feed", "all")


class TestStoreSourceOfPixels(SourceContract):
    PIXELS = np.random.default_rng(0).integers(0, 256, (10, 5, 4, 3), np.uint8)

    @pytest.fixture
    def source(self, tmp_path):
        rows = [
            Row(Part(image.tobytes(), f"{n}"), 4, 5, "raw", n % 2, targets=[n]) for n, image in enumerate(self.PIXELS)
        ]
        with StoreWriter(tmp_path / "x.feed", Columns((5, 4, 3), targets=1), ["a", "b"], job={}) as writer:
            for begin in range(0, 10, 3):
                writer.write(rows[begin : begin + 3], "all", begin + 3)
            writer.commit()
        return StoreSource(tmp_path / "x.feed")

    @pytest.fixture
    def contents(self):
        return [(image, n % 2) for n, image in enumerate(self.PIXELS)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept") / "x.feed"
    storejob.write(folder)
    return folder


@pytest.fixture
def store(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "x.feed")


def same_objects(found, expected):
    if expected is None:
        return found is None
    arrays = all(
        np.array_equal(getattr(found, name), getattr(expected, name)) for name in ("boxes", "labels", "ids", "crowd")
    )
    outlines = [[part.tolist() for part in parts] for parts in found.polygons or ()]
    points = found.keypoints if expected.keypoints is not None else expected.keypoints is found.keypoints
    return (
        arrays
        and outlines == [[part.tolist() for part in parts] for parts in expected.polygons or ()]
        and np.array_equal(points, True if expected.keypoints is None else expected.keypoints)
    )


@pytest.mark.parametrize("index", range(24))
def test_all_that_belongs_to_a_sample_comes_back(kept, index):
    source, row = StoreSource(kept, "all"), storejob.row(index)
    record = source[index]
    assert same_objects(record.objects, row.objects)
    assert record.mask == (row.mask and row.mask.data)
    assert record.partner == (row.partner and row.partner.data)
    extra = dict(record.extra)
    assert extra.pop("targets").tolist() == np.array(row.targets, np.float32).tolist()
    assert extra == row.extra
    assert record.path.endswith(f"[{index}] {row.image.path}")
    assert source.groups[index] == row.group


def test_no_time_and_no_path_is_in_any_file(kept, tmp_path):
    storejob.write(tmp_path / "y.feed")
    assert storejob.content(tmp_path / "y.feed") == storejob.content(kept)
    assert all(str(kept.parent).encode() not in content for content in storejob.content(kept).values())


def first_shard(store):
    return store / "train-00000.arrow"


def replaced(store):
    (store / "new").write_bytes(first_shard(store).read_bytes()[::-1])
    os.replace(store / "new", first_shard(store))


OPENED = {
    "cut": lambda store: os.truncate(first_shard(store), 100),
    "emptied": lambda store: os.truncate(first_shard(store), 0),
    "deleted": lambda store: first_shard(store).unlink(),
    "replaced": replaced,
    "written to": lambda store: first_shard(store).write_bytes(first_shard(store).read_bytes()[::-1]),
}
BROKEN = {"cut", "emptied", "written to"}


@pytest.mark.parametrize("how", OPENED)
def test_a_file_that_changes_before_it_is_opened(store, how):
    source = StoreSource(store, "all")
    OPENED[how](store)
    with pytest.raises(DecodeError) as end:
        source[2]
    assert end.value.index == 2
    assert source[20].data == storejob.row(20).image.data


def read_on(store, how, pipe):
    source = StoreSource(store, "all")
    assert source[0].data != source[8].data  # both are open
    OPENED[how](store)
    for index in range(24):
        try:
            pipe.send("right" if source[index].data == storejob.row(index).image.data else "wrong")
        except DecodeError as error:
            pipe.send("error" if error.index == index else "without its index")


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("how", OPENED)
def test_a_file_that_changes_while_it_is_open_ends_no_process(store, how):
    """Deleted or replaced it is what it was; cut or written to, an error; never a signal."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=read_on, args=(store, how, there))
    child.start()
    there.close()
    child.join()
    assert child.exitcode == 0
    assert [here.recv() for _ in range(24)] == ["error" if how in BROKEN else "right"] * 6 + ["right"] * 18
    here.close()


def damage(store, indices):
    source = StoreSource(store, "all")
    for index in indices:
        data = source[index].data
        file = next(path for path in store.glob("*.arrow") if data in path.read_bytes())
        file.write_bytes(file.read_bytes().replace(data, bytes([data[0] ^ 1]) + data[1:]))


def test_a_loader_leaves_damaged_samples_out_and_names_them(tmp_path):
    storejob.write(tmp_path / "x.feed", columns=Columns())
    damage(tmp_path / "x.feed", [3, 17])
    shard = StoreSource(tmp_path / "x.feed", "all").manifest.shards[1]
    content = bytearray((tmp_path / "x.feed" / shard.file).read_bytes())
    content[sum(shard.batches[0].holes[-1])] ^= 4  # what two batches say of their samples
    (tmp_path / "x.feed" / shard.file).write_bytes(content)
    lost = [index for index in range(24) if not readable(StoreSource(tmp_path / "x.feed", "all"), index)]
    assert {3, 17} < set(lost)
    loader = DataLoader(ImageDataset(StoreSource(tmp_path / "x.feed", "all")), 4, on_error="skip")
    with pytest.warns(RuntimeWarning, match="a sample cannot be made"):
        seen = [(image, label) for images, labels in loader for image, label in zip(images, labels, strict=True)]
    good = [storejob.row(index) for index in range(24) if index not in lost]
    assert [int(label) for _, label in seen] == [row.label for row in good]
    assert all(np.array_equal(image, decode(row.image.data)) for (image, _), row in zip(seen, good, strict=True))
    assert sorted(entry.index for entry in loader.ledger) == lost


def readable(source, index):
    try:
        source[index]
    except DecodeError:
        return False
    return True


def test_behind_a_memory_url(store):
    system = fsspec.filesystem("memory")
    system.put(f"{store}/", "/kept.feed/", recursive=True)
    try:
        source = StoreSource("memory://kept.feed", "val")
        assert [source[index].data for index in range(6)] == [storejob.row(index).image.data for index in range(18, 24)]
        system.pipe("/kept.feed/train-00000.arrow", b"x")
        with pytest.raises(DecodeError, match="must have"):
            StoreSource("memory://kept.feed", "train")[0]
    finally:
        system.rm("/kept.feed", recursive=True)


def test_a_split_has_to_be_named_where_there_are_several(kept):
    with pytest.raises(DataError, match="has the splits train, val"):
        StoreSource(kept)
    with pytest.raises(DataError, match="has no split 'test'"):
        StoreSource(kept, "test")
    assert len(StoreSource(kept, "val")) == 6


def append(store, *more):
    """12 samples to both splits, and more classes."""
    with StoreWriter(store, storejob.COLUMNS, [*storejob.CLASSES, *more], job={}, append=True) as writer:
        writer.write([storejob.row(index) for index in range(24, 30)], "train", 6)
        writer.write([storejob.row(index) for index in range(30, 36)], "val", 12)
        writer.commit()


@pytest.mark.parametrize("split", ["train", "val", "all"])
def test_a_pickled_source_is_the_same_after_an_append(store, split):
    source = StoreSource(store, split)
    pickled = pickle.dumps(source)
    append(store, "eel")
    found = pickle.loads(pickled)
    assert (len(found), found.classes, found.splits) == (len(source), storejob.CLASSES, ["train", "val"])
    assert len(found.manifest) == 24
    every = range(len(source))
    assert [plain(found[index]) for index in every] == [plain(source[index]) for index in every]
    assert found.targets.tolist() == source.targets.tolist()
    assert len(StoreSource(store, split)) > len(source)
    assert len(pickle.loads(pickle.dumps(found))) == len(source)


def test_a_spawned_process_goes_on_where_the_store_grew_meanwhile(store):
    source = StoreSource(store, "train")
    pickled = pickle.dumps(source)
    append(store)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=rebuild_and_send_all, args=(pickled, dict(os.environ), there))
    child.start()
    there.close()
    single, batch = here.recv()
    child.join()
    here.close()
    assert single == batch == [plain(source[index]) for index in range(len(source))]


def test_labels_in_the_cache_are_those_of_the_samples(store):
    before = StoreSource(store, "val")
    assert len(before.targets) == 6
    pickled = pickle.dumps(before)
    append(store)
    after = StoreSource(store, "val")
    assert after.targets.tolist() == [storejob.row(index).label for index in [*range(18, 24), *range(30, 36)]]
    assert pickle.loads(pickled).targets.tolist() == before.targets.tolist() == after.targets.tolist()[:6]


def other_rows(store):
    storejob.write(store, 1, 25)


def fewer(store):
    storejob.write(store, 0, 12)


def other_classes(store):
    found = manifest.found(store)
    (store / manifest.NAME).write_text(replace(found, classes=("cat", "dog", "eel")).text())


@pytest.mark.parametrize("change", [other_rows, fewer, other_classes])
def test_a_pickled_source_of_a_store_that_became_another_is_refused(store, change):
    pickled = pickle.dumps(StoreSource(store, "all"))
    if change is not other_classes:
        shutil.rmtree(store)
    change(store)
    with pytest.raises(DataError, match="was changed after it was opened: open it again"):
        pickle.loads(pickled)


@pytest.mark.parametrize("index", range(3))
def test_what_was_made_from_an_image_is_kept(kept, index):
    row = storejob.row(index)
    found = StoreSource(kept, "all").kept(index)
    assert found.pop("mean") == np.array(row.mean, np.float32).tolist()
    assert found == {"restarts": row.restarts, "hash": row.hash, "std": row.std}


def test_where_nothing_is_kept(tmp_path):
    storejob.write(tmp_path / "x.feed", 0, 3, columns=Columns())
    source = StoreSource(tmp_path / "x.feed", "all")
    assert source.kept(0) == {"restarts": None, "hash": None, "mean": None, "std": None}
    with pytest.raises(IndexError):
        source.kept(3)


def spoilt(store):
    content = bytearray(first_shard(store).read_bytes())
    content[len(content) // 2] ^= 1
    content[-20] ^= 1
    first_shard(store).write_bytes(content)


@pytest.mark.parametrize("how", [*sorted({*OPENED} - {"replaced"}), "image", "spoilt"])
@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("url", [False, True])
def test_causes_name_the_shard_and_not_where_it_is(store, how, opened, url):
    """They go into manifests and reports of whoever packs the store again; the path says where the sample is."""
    source = StoreSource(f"file://{store}" if url else store, "all")
    if opened:
        assert source[8].data
    if how == "image":
        damage(store, [8, 2])
    else:
        (spoilt if how == "spoilt" else OPENED[how])(store)
    told = []
    for index in range(18):
        try:
            source[index]
        except DecodeError as error:
            told.append(error.cause)
            assert error.path.startswith(f"{source.root}[{index}]")
    assert all("train-0000" in cause for cause in told)
    assert not [cause for cause in told if str(store) in cause]
    assert told or (how == "deleted" and opened)


def test_what_is_asked_of_no_sample_names_the_store(store):
    spoilt(store)
    source = StoreSource(store, "all")
    for ask in (lambda: source.targets, lambda: source.groups, lambda: source.origin(0), lambda: source.kept(0)):
        with pytest.raises(DecodeError) as end:
            ask()
        assert end.value.path == source.root
        assert str(store) not in end.value.cause
