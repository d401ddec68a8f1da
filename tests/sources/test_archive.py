"""sources/archive.py on real archives, made by tarfile and zipfile."""

import gzip
import io
import json
import os
import pickle
import re
import tarfile
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from archives import TREE, TREE_CONTENTS, add, compressed_tar, tar, zipped
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources import FolderSource
from feedline.sources.archive import ArchiveSource, expand
from feedline.types import UNLABELLED

KEYED = {
    "0001.jpg": b"first" * 200,
    "0001.cls": b"2",
    "0001.json": b'{"id": 7, "label": 0}',
    "0000.txt": "a caf\u00e9".encode(),
    "0000.JPG": b"zeroth",
    "0000.cls": b"0\n",
    "0003.png": b"third",
    "0003.cls": b"1",
    "0002.jpg": b"second",
    "0002.cls": b"2",
}
KEYED_CONTENTS = [(b"zeroth", 0), (KEYED["0001.jpg"], 2), (b"second", 2), (b"third", 1)]


def names(source):
    return [source.path(index).removeprefix(f"{source.files[0]}/") for index in range(len(source))]


class TestTarContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ArchiveSource(tar(tmp_path / "set.tar", TREE))

    @pytest.fixture
    def contents(self):
        return TREE_CONTENTS


class TestZipContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ArchiveSource(zipped(tmp_path / "set.zip", TREE))

    @pytest.fixture
    def contents(self):
        return TREE_CONTENTS


class TestShardsContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        for number in range(4):
            name = f"000{number}"
            tar(tmp_path / f"a-{number:03}.tar", {key: KEYED[key] for key in KEYED if key.startswith(name)})
        return ArchiveSource(tmp_path / "a-{000..003}.tar")

    @pytest.fixture
    def contents(self):
        return KEYED_CONTENTS


class TestCompressedContract(SourceContract):
    """Slow, and yet as right as the others, from threads and in children too."""

    @pytest.fixture
    def source(self, tmp_path):
        with pytest.warns(UserWarning, match=r"only be read onward.*convert=True"):
            return ArchiveSource(compressed_tar(tmp_path / "set.tar.gz", TREE))

    @pytest.fixture
    def contents(self):
        return TREE_CONTENTS


class TestConvertedContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return ArchiveSource(compressed_tar(tmp_path / "set.tar.xz", TREE, "xz"), convert=True)

    @pytest.fixture
    def contents(self):
        return TREE_CONTENTS


@pytest.mark.parametrize("top", ["", "root/", "./", "/data/deep/", "../"])
@pytest.mark.parametrize("make", [tar, zipped])
def test_the_folder_below_the_common_one_is_the_class(tmp_path, make, top):
    files = {f"{top}{name}": name.encode() for name in ["b/1.png", "a/x/2.jpg", "a/1.JPG", "c/d/e/f.npy", "c/notes.md"]}
    source = ArchiveSource(make(tmp_path / "set", files))
    assert source.classes == ["a", "b", "c"]
    assert source.targets.tolist() == [0, 0, 1, 2]
    assert [source[index].data for index in range(4)] == [b"a/1.JPG", b"a/x/2.jpg", b"b/1.png", b"c/d/e/f.npy"]


@pytest.mark.parametrize("top", ["", "photos/", "x/photos/"])
def test_a_flat_archive_has_no_classes(tmp_path, top):
    source = ArchiveSource(tar(tmp_path / "set.tar", {f"{top}{number}.png": b"x" for number in (2, 1)}))
    assert source.classes == []
    assert source.targets.tolist() == [UNLABELLED, UNLABELLED]
    assert names(source) == [f"{top}1.png", f"{top}2.png"]


def test_the_order_is_that_of_a_folder_source(tmp_path):
    """Class by class, then by folder and file, whatever the archive's order is."""
    files = ["a-b/1.png", "a/b/1.png", "a/b-c/1.png", "a/z.png", "a/10.png", "a/9.png", "B/x.png"]
    for name in files:
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_bytes(name.encode())
    folder = FolderSource(tmp_path / "root")
    source = ArchiveSource(tar(tmp_path / "set.tar", {name: name.encode() for name in files}))
    assert [source[index].data for index in range(7)] == [folder[index].data for index in range(7)]
    assert source.targets.tolist() == folder.targets.tolist()
    assert source.classes == folder.classes


def test_hidden_names_are_passed_over(tmp_path):
    files = {"a/1.png": b"x", "b/2.png": b"x", "a/.3.png": b"", ".git/4.png": b"", "__MACOSX/a/._1.png": b""}
    assert names(ArchiveSource(zipped(tmp_path / "set.zip", files))) == ["a/1.png", "b/2.png"]


def test_images_beside_the_classes_are_warned_of(tmp_path):
    file = tar(tmp_path / "set.tar", {"r/a/1.png": b"x", "r/b/1.png": b"x", "r/2.png": b"x"})
    for _ in range(2):  # when it is scanned, and when its index is read
        with pytest.warns(UserWarning, match="1 images lie beside the class folders, in no class: left out"):
            assert names(ArchiveSource(file)) == ["r/a/1.png", "r/b/1.png"]


def test_splits_are_opened_one_by_one(tmp_path):
    file = tar(tmp_path / "set.tar", {f"d/{split}/{name}/1.png": b"x" for split in ("train", "val") for name in "ab"})
    with pytest.raises(DataError, match=r"holds splits \(train, val\) and not classes.*folder="):
        ArchiveSource(file)
    source = ArchiveSource(file, folder="d/val/")
    assert source.classes == ["a", "b"]
    assert names(source) == ["d/val/a/1.png", "d/val/b/1.png"]


def test_a_given_folder_is_where_the_classes_are(tmp_path):
    source = ArchiveSource(tar(tmp_path / "set.tar", {"train/a/1.png": b"x", "val/b/1.png": b"x"}), folder="train")
    assert source.classes == ["a"]


def test_of_two_members_of_one_name_the_later_counts(tmp_path):
    file = tar(tmp_path / "set.tar", {"a/1.png": b"old", "b/1.png": b"x"})
    with tarfile.open(file, "a") as out:
        add(out, {"./a/1.png": b"new"})
    source = ArchiveSource(file)
    assert [source[0].data, len(source)] == [b"new", 2]


@pytest.mark.parametrize("make", [tar, zipped])
def test_webdataset_naming(tmp_path, make):
    source = ArchiveSource(make(tmp_path / "set", KEYED))
    assert source.classes == ["0", "1", "2"]
    assert [(record.data, record.label) for record in source.read_batch(range(4))] == KEYED_CONTENTS
    assert source[1].extra == {"json": {"id": 7, "label": 0}}
    assert source[0].extra == {"txt": "a caf\u00e9"}
    assert source[2].extra == {}


def test_labels_from_json_names_and_none(tmp_path):
    files = {"x/1.jpg": b"1", "x/1.json": b'{"label": "dog"}', "x/2.jpg": b"2", "x/2.cls": b"cat", "x/3.jpg": b"3"}
    with pytest.warns(UserWarning, match="1 of 3 images have no class beside them"):
        source = ArchiveSource(tar(tmp_path / "set.tar", files))
    assert source.classes == ["cat", "dog"]
    assert source.targets.tolist() == [1, 0, UNLABELLED]


def test_an_extension_is_all_behind_the_first_dot(tmp_path):
    files = {"1.left.png": b"l", "1.right.png": b"r", "1.cls": b"0", "2.left.png": b"x", "2.cls": b"1", "2.x.cls": b"9"}
    with pytest.warns(UserWarning, match=r"1 images have the key of another image, such as '1.right.png' that of '1.l"):
        source = ArchiveSource(tar(tmp_path / "set.tar", files))
    assert names(source) == ["1.left.png", "1.right.png", "2.left.png"]
    assert source.targets.tolist() == [0, 0, 1]


@pytest.mark.parametrize("make", [tar, zipped])
def test_a_mask_is_no_sample_and_belongs_to_its_picture(tmp_path, make):
    files = {"./000.jpg": b"a", "./000.seg.png": b"mask", "./000.cls": b"1", "001.jpg": b"b", "001.cls": b"0"}
    source = ArchiveSource(
        make(tmp_path / "set", {**files, "002.mask.npy": b"array", "002.png": b"c", "002.cls": b"1"})
    )
    assert names(source) == ["000.jpg", "001.jpg", "002.png"]
    assert source.targets.tolist() == [1, 0, 1]
    assert [record.mask for record in source.read_batch([2, 1, 0])] == [b"array", None, b"mask"]
    assert source[0].extra == {"mask_path": f"{source.files[0]}/000.seg.png"}
    assert source[2].extra == {"mask_path": f"{source.files[0]}/002.mask.npy"}
    assert source[1].extra == {}
    assert pickle.loads(pickle.dumps(source))[0].mask == b"mask"


def test_of_several_masks_one_is_used_and_that_is_told(tmp_path):
    files = {"1.jpg": b"x", "1.mask.png": b"m", "1.seg.png": b"s"}
    with pytest.warns(UserWarning, match=r"1 keys have several masks, such as '1.seg.png', which is used, and '1.mask"):
        assert ArchiveSource(tar(tmp_path / "set.tar", files))[0].mask == b"s"


def test_names_with_dots_are_no_keys_where_nothing_lies_beside_them(tmp_path):
    files = {"a/x.1.png": b"1", "a/x.2.png": b"2", "b/x.1.png": b"3"}
    assert len(ArchiveSource(tar(tmp_path / "set.tar", files))) == 3


@pytest.mark.parametrize("label", [b"1.0", b"[1, 2]", b"true"])
def test_a_label_that_is_no_class_is_told(tmp_path, label):
    files = {"1.jpg": b"x", "1.json": b'{"label": ' + label + b"}"}
    file = tar(tmp_path / "set.tar", files)
    words = f"1 labels are neither a whole number nor a name and are left out, such as {label.decode()} in '1.json'"
    with pytest.warns(UserWarning, match=re.escape(words)):
        source = ArchiveSource(file)
    assert (source.classes, source.targets.tolist()) == ([], [UNLABELLED])
    ArchiveSource(tar(file, {**files, "1.cls": b"0"}))  # what is said otherwise counts, and nothing is to be told


def test_arrays_beside_an_image_are_no_images(tmp_path):
    files = {"1.png": b"x", "1.features.npy": b"", "2.npy": b"y"}
    assert names(ArchiveSource(tar(tmp_path / "set.tar", files))) == ["1.png", "2.npy"]


def test_json_without_labels_leaves_the_classes_to_the_folders(tmp_path):
    files = {"a/1.png": b"x", "a/1.json": b'{"id": 1}', "b/2.png": b"y", "b/2.json": b"[1]", "labels.json": b"{"}
    with pytest.warns(UserWarning, match="1 files of labels cannot be read"):
        source = ArchiveSource(tar(tmp_path / "set.tar", files))
    assert source.classes == ["a", "b"]
    assert [source[index].extra["json"] for index in range(2)] == [{"id": 1}, [1]]


@pytest.mark.parametrize("damage", [b"{", b"\xff", b"[" * 100_000, b""])
def test_a_json_that_is_none_is_a_decode_error_of_its_image(tmp_path, damage):
    with pytest.warns(UserWarning, match="1 files of labels cannot be read"):
        source = ArchiveSource(tar(tmp_path / "set.tar", {"1.png": b"x", "1.json": damage, "2.png": b"y"}))
    with pytest.raises(DecodeError, match=r"the \.json beside it cannot be read") as caught:
        source[0]
    assert (caught.value.kind, caught.value.path, caught.value.index) == ("corrupt", source.path(0), 0)
    assert source[1].data == b"y"


def test_classes_can_be_named_where_they_are_numbers(tmp_path):
    file = tar(tmp_path / "set.tar", KEYED)
    assert ArchiveSource(file, classes=("x", "y", "z", "never")).classes == ["x", "y", "z", "never"]
    with pytest.raises(DataError, match=r"2 names are given, and the classes of .*set.tar are 3: 0, 1, 2"):
        ArchiveSource(file, classes=["x", "y"])
    with pytest.raises(DataError, match="where labels are numbers"):
        ArchiveSource(tar(tmp_path / "tree.tar", TREE), classes=["x", "y"])


def test_shards_are_one_source_and_may_share_names(tmp_path):
    files = [tar(tmp_path / f"{name}.tar", {"0.png": name.encode(), "0.cls": name.encode()}) for name in "ab"]
    files.append(zipped(tmp_path / "c.zip", {"0.png": b"c", "0.cls": b"c"}))
    source = ArchiveSource(files)
    assert [record.data for record in source.read_batch([2, 0, 1])] == [b"c", b"a", b"b"]
    assert source.path(1) == f"{tmp_path}/b.tar/0.png"
    assert source.classes == ["a", "b", "c"]


def test_expanding_patterns():
    assert expand("a-{008..010}.tar") == ["a-008.tar", "a-009.tar", "a-010.tar"]
    assert expand("{0..1}/{0..1}.tar") == ["0/0.tar", "0/1.tar", "1/0.tar", "1/1.tar"]
    assert expand("a.tar") == ["a.tar"]
    for pattern in ("{2..1}", "{0..999999999}", "{0..9999}{0..9999}"):
        with pytest.raises(DataError, match="1 to 100,000 files"):
            expand(pattern)


def test_a_file_named_like_a_pattern_is_a_file(tmp_path):
    assert len(ArchiveSource(tar(tmp_path / "a{0..1}.tar", TREE))) == len(TREE)


def test_the_index_is_saved_and_made_anew_when_the_archive_changes(tmp_path, cache):
    file = tar(tmp_path / "set.tar", TREE)
    ArchiveSource(file)
    (saved,) = (cache / "index").iterdir()
    before = saved.stat().st_mtime_ns
    assert len(ArchiveSource(file)) == len(TREE)
    assert saved.stat().st_mtime_ns == before
    tar(file, {"a/1.png": b"x", "b/1.png": b"y"})
    assert len(ArchiveSource(file)) == 2
    assert len(list((cache / "index").iterdir())) == 1


def test_an_archive_of_the_same_size_and_time_in_its_place_is_scanned(tmp_path):
    """As cp -p and rsync -t leave it: the old places hold the new bytes of other members."""
    file = tar(tmp_path / "set.tar", {"a/1.png": b"a", "b/1.png": b"b"})
    os.utime(file, ns=(1, 1))
    source = ArchiveSource(file)
    os.replace(tar(tmp_path / "new.tar", {"b/1.png": b"b", "a/1.png": b"a"}), file)
    os.utime(file, ns=(1, 1))
    with pytest.raises(DecodeError, match="changed or replaced"):
        pickle.loads(pickle.dumps(source))[0]
    source = ArchiveSource(file)
    assert [(source[index].data, source[index].label) for index in range(2)] == [(b"a", 0), (b"b", 1)]


def test_a_cache_that_takes_no_conversion_is_told_of(tmp_path, monkeypatch):
    file = compressed_tar(tmp_path / "set.tar.gz", TREE)
    monkeypatch.setenv("FEEDLINE_CACHE", str(file))
    with pytest.raises(DataError, match=r"into the cache folder .*set FEEDLINE_CACHE"):
        ArchiveSource(file, convert=True)


def test_it_is_cheap_to_pickle(tmp_path):
    files = {f"{number % 3}/{number}.png": b"x" for number in range(3000)}
    source = ArchiveSource(tar(tmp_path / "set.tar", files))
    source[5]
    assert len(pickle.dumps(source)) < 1500


def test_what_was_opened_is_read_to_the_end_when_the_file_is_replaced(tmp_path):
    file = tar(tmp_path / "set.tar", TREE)
    source = ArchiveSource(file)
    source[0]
    twin = pickle.loads(pickle.dumps(source))
    tar(tmp_path / "other.tar", {name: data[::-1] for name, data in TREE.items()})
    os.replace(tmp_path / "other.tar", file)
    assert [source[index].data for index in range(len(source))] == [data for data, _ in TREE_CONTENTS]
    with pytest.raises(DecodeError, match="changed or replaced") as caught:
        twin[3]
    assert (caught.value.kind, caught.value.path, caught.value.index) == ("unreadable", twin.path(3), 3)


@pytest.mark.parametrize("make", [tar, zipped, compressed_tar])
def test_a_change_of_the_open_file_is_a_named_error(tmp_path, make):
    file = make(tmp_path / "set", TREE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = ArchiveSource(file)
    source[0]
    with open(file, "r+b") as stream:
        stream.truncate(100)
    for read in (lambda: source[2], lambda: source.read_batch([1, 2])):
        with pytest.raises(DecodeError, match="changed or replaced") as caught:
            read()
        assert caught.value.kind == "unreadable"


def test_a_deleted_archive_that_was_not_open_yet_is_a_named_error(tmp_path):
    file = tar(tmp_path / "set.tar", TREE)
    source = ArchiveSource(file)
    twin = pickle.loads(pickle.dumps(source))
    source[0]
    file.unlink()
    assert source[0].data == TREE_CONTENTS[0][0]
    with pytest.raises(DecodeError, match="No such file") as caught:
        twin[0]
    assert caught.value.path == twin.path(0)


def test_an_archive_is_closed_with_its_source(tmp_path):
    source = ArchiveSource(tar(tmp_path / "set.tar", TREE))
    source[0]

    def opened():
        links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
        return sum(os.path.exists(link) and os.readlink(link) == str(tmp_path / "set.tar") for link in links)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    assert opened() == 1
    del source
    assert opened() == 0


def test_batches_are_read_in_the_order_of_the_archive(tmp_path):
    """Also a compressed one then is passed once a batch."""
    with pytest.warns(UserWarning, match="onward"):
        source = ArchiveSource(compressed_tar(tmp_path / "set.tar.gz", TREE))
    starts = []
    reader = source._readers[0]
    whole, stream = reader.read, reader._stream()
    begun = []
    stream_begin = stream._begin
    stream._begin = lambda: (begun.append(1), stream_begin())
    reader.read = lambda start, length: (starts.append(start), whole(start, length))[1]
    source.read_batch(range(len(source)))
    assert starts == sorted(starts)
    assert len(begun) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no archive"),
        (b"words" * 500, "is no archive"),
        (b"PK\x03\x04" + b"x" * 600, "cannot read .* as a zip"),
        (gzip.compress(b"words" * 500), "is no tar archive"),
        (b"\x1f\x8b" + b"x" * 100, "is no tar archive|no image"),
    ],
    ids=["empty", "text", "cut zip", "gzip of text", "no gzip"],
)
@pytest.mark.filterwarnings("ignore:.*compressed as a whole")
def test_what_is_no_archive_says_so(tmp_path, content, words):
    (tmp_path / "set.tar").write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        ArchiveSource(tmp_path / "set.tar")
    assert str(tmp_path / "set.tar") in str(caught.value)


def test_no_image_and_no_file(tmp_path):
    for file in (tar(tmp_path / "a.tar", {"notes.txt": b"x"}), zipped(tmp_path / "a.zip", {}), tar(tmp_path / "e", {})):
        with pytest.raises(DataError, match=r"no image in .*looked for names that end in .*\.jpg"):
            ArchiveSource(file)
    with pytest.raises(DataError, match="below nowhere"):
        ArchiveSource(tar(tmp_path / "b.tar", TREE), folder="nowhere")
    with pytest.raises(DataError, match=f"no such file: {tmp_path}/missing.tar"):
        ArchiveSource(tmp_path / "missing.tar")
    with pytest.raises(DataError, match="Is a directory"):
        ArchiveSource(tmp_path)
    with pytest.raises(DataError, match="at least one"):
        ArchiveSource([])


def test_an_image_over_the_limit_is_too_large(tmp_path):
    source = ArchiveSource(tar(tmp_path / "set.tar", {"1.png": bytes(1001), "2.png": bytes(1000)}), max_bytes=1000)
    assert len(source[1].data) == 1000
    with pytest.raises(DecodeError, match=r"1,001 bytes and the limit is 1,000: .*max_bytes") as caught:
        source[0]
    assert caught.value.kind == "too large"


def test_names_that_are_no_utf8(tmp_path):
    source = ArchiveSource(
        tar(tmp_path / "set.tar", {"a/\udcff.png": b"odd", "b/1.png": b"x"}, format=tarfile.GNU_FORMAT)
    )
    assert source.path(0).endswith("/a/\udcff.png")
    assert pickle.loads(pickle.dumps(source))[0].data == b"odd"


def test_threads_of_a_child_of_a_process_that_reads_on(tmp_path):
    """A child of fork begins anew in a compressed file, and takes no place from its parent."""
    with pytest.warns(UserWarning, match="onward"):
        source = ArchiveSource(compressed_tar(tmp_path / "set.tar.gz", TREE))
    expected = [data for data, _ in TREE_CONTENTS]
    assert source[0].data == expected[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        wrong = [index for index in range(len(expected)) if source[index].data != expected[index]]
        os._exit(len(wrong))
    seen = [source[index].data for index in range(len(expected))]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert seen == expected


def test_records_of_an_array_are_its_bytes(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
    source = ArchiveSource(tar(tmp_path / "set.tar", {"1.npy": stream.getvalue(), "2.npy": b"x"}))
    assert source[0].data == stream.getvalue()


def test_json_of_a_record_is_read_at_each_access(tmp_path):
    source = ArchiveSource(zipped(tmp_path / "set.zip", KEYED))
    source[1].extra["json"]["id"] = "changed"
    assert source[1].extra["json"]["id"] == json.loads(KEYED["0001.json"])["id"]


def test_a_reader_lets_go_and_reads_again(tmp_path):
    source = ArchiveSource(tar(tmp_path / "set.tar", TREE))
    reading = [threading.Thread(target=lambda: [source[index] for index in range(6)]) for _ in range(4)]
    for thread in reading:
        thread.start()
    source._readers[0].close()
    for thread in reading:
        thread.join()
    assert source[0].data == TREE_CONTENTS[0][0]


def test_more_shards_than_files_may_be_open(tmp_path):
    resource = pytest.importorskip("resource")
    files = [tar(tmp_path / f"{number:02}.tar", {"0.png": b"%d" % number}) for number in range(60)]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 20, hard))
    try:
        source = ArchiveSource(files)
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda index: source[index].data, list(range(60)) * 3))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found == [b"%d" % number for number in range(60)] * 3


def test_an_index_is_a_whole_number(tmp_path):
    source = ArchiveSource(tar(tmp_path / "set.tar", TREE))
    with pytest.raises(TypeError):
        source[1.5]


def test_backslashes_in_a_zip_are_folders(tmp_path):
    assert ArchiveSource(zipped(tmp_path / "set.zip", {"a\\1.png": b"x", "b\\2.png": b"y"})).classes == ["a", "b"]


def test_a_class_name_without_end_is_left_out(tmp_path):
    files = {"1.png": b"x", "1.cls": b"n" * 1001, "2.png": b"y", "2.cls": b"n" * 1000}
    with pytest.warns(UserWarning, match="1 files of labels cannot be read|1 of 2 images have no class") as caught:
        source = ArchiveSource(tar(tmp_path / "set.tar", files))
    assert len(caught) == 2
    assert source.targets.tolist() == [UNLABELLED, 0]


@pytest.mark.parametrize("convert", [False, True])
def test_a_cut_compressed_tar_gives_what_is_whole_or_is_not_converted(tmp_path, convert):
    noise = np.random.default_rng(0).integers(0, 256, (9, 20_000), np.uint8)
    files = {f"{number}.png": noise[number].tobytes() for number in range(9)}
    file = compressed_tar(tmp_path / "set.tar.gz", files)
    file.write_bytes(file.read_bytes()[:100_000])
    if convert:
        with pytest.raises(DataError, match="is cut or damaged and not converted"):
            ArchiveSource(file, convert=True)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        source = ArchiveSource(file)
    assert any("is damaged or cut" in str(warning.message) for warning in caught)
    assert len(source) == 4
    assert [source[index].data for index in (3, 0)] == [files["3.png"], files["0.png"]]
