"""sources/url_folder.py on a local S3 server and in memory."""

import os
import pickle
import re
import warnings
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pytest
from contracts.source import SourceContract
from s3server import fill, s3_server

from feedline.errors import DataError, DecodeError
from feedline.sources import FolderSource
from feedline.sources.url_folder import UrlFolderSource
from feedline.types import UNLABELLED

NAMES = ("a/1.jpg", "a/2.png", "b/3.jpg", "b/deep/4.jpg", "c/5.JPEG")


def named(*names):
    return {name: name.encode() for name in names}


@pytest.fixture(scope="module")
def s3():
    with s3_server("images") as options:
        yield options


@pytest.fixture
def memory():
    yield lambda *names: fill("memory://set", named(*names))
    fsspec.filesystem("memory").store.clear()


def listed(source):
    return [source.path(index).removeprefix(source.root + "/") for index in range(len(source))]


class TestContract(SourceContract):
    """In memory, which a child of the fork server does not have: there on the server."""

    @pytest.fixture
    def source(self, request, memory):
        if "forkserver" not in request.node.name:
            return UrlFolderSource(memory(*NAMES))
        options = request.getfixturevalue("s3")
        fill("s3://images/contract", named(*NAMES), **options)
        return UrlFolderSource("s3://images/contract", storage_options=options)

    @pytest.fixture
    def contents(self):
        return [(name.encode(), "abc".index(name[0])) for name in NAMES]


MANY = (
    *("b/1.jpg", "B/1.jpg", "10/1.jpg", "9/1.jpg", "a/z.jpg", "a/b/1.jpg", "a/b-c/1.jpg", "a/b/c/0.jpg", "a/10.jpg"),
    *("a/9.jpg", "a/notes.txt", "a/.hidden.jpg", "a/.dir/x.jpg", ".git/x.jpg", "readme.md", "ä/ö 1.tif", "a/b/x:1.png"),
)


@pytest.mark.parametrize("end", ["", "/"])
def test_it_is_the_folder_that_lies_there(tmp_path, memory, end):
    """Classes, order and what counts are those of FolderSource on the same files."""
    for name in MANY:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    folder, source = FolderSource(tmp_path), UrlFolderSource(memory(*MANY) + end)
    assert source.classes == folder.classes
    assert source.targets.tolist() == folder.targets.tolist()
    assert listed(source) == [os.path.relpath(folder.path(index), tmp_path) for index in range(len(folder))]
    assert [source[index].data for index in range(len(source))] == [folder[i].data for i in range(len(folder))]
    assert source.path(0) == "memory://set/10/1.jpg"


def test_a_flat_folder_has_no_classes(memory):
    source = UrlFolderSource(memory("2.png", "1.jpg", "notes.txt"))
    assert (source.classes, source.targets.tolist()) == ([], [UNLABELLED] * 2)
    assert [record.data for record in source.read_batch([0, 1])] == [b"1.jpg", b"2.png"]


def test_the_root_of_all_is_a_folder_too(memory):
    memory("1.png", "2.png")
    source = UrlFolderSource("memory://")
    assert (source.path(1), source[1].data) == ("memory://set/2.png", b"2.png")
    assert source.classes == ["set"]


def test_images_beside_the_classes_are_left_out_with_a_warning(memory):
    with pytest.warns(UserWarning, match="1 image files lie directly in memory://set, in no class"):
        assert len(UrlFolderSource(memory("a/1.jpg", "stray.jpg"))) == 1


def test_splits(s3):
    url = fill("s3://images/splits", named("train/a/1.jpg", "val/a/2.jpg"), **s3)
    with pytest.raises(DataError, match=r"holds splits \(train, val\).*s3://images/splits/train, or by split='train'"):
        UrlFolderSource(url, storage_options=s3)
    source = UrlFolderSource(url, split="validation", storage_options=s3)
    assert (source[0].data, source.path(0)) == (b"val/a/2.jpg", f"{url}/val/a/2.jpg")
    with pytest.raises(DataError, match=r"no split 'test' in s3://images/splits: .*: train, val"):
        UrlFolderSource(url, split="test", storage_options=s3)


@pytest.mark.parametrize("bucket", ["images", "nowhere"])
def test_nothing_there(s3, bucket):
    with pytest.raises(DataError, match=f"s3://{bucket}/missing"):
        UrlFolderSource(f"s3://{bucket}/missing", storage_options=s3)


def test_nothing_that_is_a_dataset(memory):
    with pytest.raises(DataError, match="memory://nowhere"):
        UrlFolderSource("memory://nowhere")
    with pytest.raises(DataError, match="no class folder in memory://set, and no image"):
        UrlFolderSource(memory("notes.txt"))
    with pytest.raises(DataError, match="class folder memory://set/b holds no image"):
        UrlFolderSource(memory("a/1.jpg", "b/notes.txt"))
    with pytest.raises(DataError, match=r"memory://set/a/1\.jpg"):
        UrlFolderSource("memory://set/a/1.jpg")
    with pytest.raises(DataError, match="cannot list nosuch://x"):
        UrlFolderSource("nosuch://x")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/set", "HTTPS://example.invalid/set/"])
def test_http_cannot_be_listed(url):
    with pytest.raises(DataError, match=f"{re.escape(url)} cannot be listed.*a tar, or of a table"):
        UrlFolderSource(url)


def test_an_object_that_is_deleted_is_a_named_error_and_a_replaced_one_is_read_as_it_is(s3):
    url = fill("s3://images/changing", named(*NAMES), **s3)
    source = UrlFolderSource(url, storage_options=s3)
    assert source[0].data == b"a/1.jpg"
    fill(url, {"a/1.jpg": b"other"}, **s3)
    fsspec.filesystem("s3", **s3).rm(f"{url}/b/3.jpg")
    assert source[0].data == b"other"
    for read in (lambda: source[2], lambda: source.read_batch([0, 2])):
        with pytest.raises(DecodeError, match="no such object") as caught:
            read()
        assert (caught.value.kind, caught.value.path, caught.value.index) == ("unreadable", f"{url}/b/3.jpg", 2)


def test_each_opening_lists_anew(s3):
    url = fill("s3://images/growing", named("a/1.jpg"), **s3)
    assert len(UrlFolderSource(url, storage_options=s3)) == 1
    fsspec.filesystem("s3", **s3).ls(url)  # what is remembered of it is old soon
    other = fsspec.filesystem("s3", skip_instance_cache=True, **s3)
    other.pipe_file("images/growing/b/2.jpg", b"x")
    other.pipe_file("images/growing/a/2.jpg", b"x")
    assert listed(UrlFolderSource(url, storage_options=s3)) == ["a/1.jpg", "a/2.jpg", "b/2.jpg"]


def test_a_name_that_looks_like_a_url_is_below_the_root(memory):
    """The S3 of somebody else may hold such names; memory:// does too."""
    fill("memory://other", named("1.jpg"))
    source = UrlFolderSource(memory("a/1.jpg", "a/memory://other/1.jpg"))
    assert [source[index].data for index in range(2)] == [b"a/1.jpg", b"a/memory://other/1.jpg"]


def test_it_is_cheap_to_pickle_and_keeps_secrets_out_of_sight(memory, cache):
    source = UrlFolderSource(
        memory(*(f"{n % 3}/{n}.png" for n in range(2000))), storage_options={"asynchronous": False}
    )
    source[0]
    assert len(pickle.dumps(source)) < 1500
    assert repr(source) == "UrlFolderSource('memory://set')"
    assert not any(b"asynchronous" in file.read_bytes() for file in (cache / "index").iterdir())
    assert source.nbytes < 60 * len(source)


def test_threads_of_a_process_that_is_not_connected_yet(s3):
    url = fill("s3://images/threads", named(*NAMES), **s3)
    source = pickle.loads(pickle.dumps(UrlFolderSource(url, storage_options=s3)))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda index: source[index].data, list(range(5)) * 4))
    assert found == [name.encode() for name in NAMES] * 4


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_child_of_fork_connects_anew_while_its_parent_reads_on(s3):
    url = fill("s3://images/forked", named(*NAMES), **s3)
    source = UrlFolderSource(url, storage_options=s3)
    expected = [source[index].data for index in range(len(source))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os._exit(sum(source[index].data != expected[index] for index in range(len(expected))))
    assert [source[index].data for index in range(len(source))] == expected
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
