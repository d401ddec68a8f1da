"""sources/url_reader.py in memory and on a local S3 server; archives by range."""

import pickle
import socket
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import pytest
from archives import TREE, TREE_CONTENTS, compressed_tar, tar, zipped
from contracts.source import SourceContract
from s3server import s3_server

from feedline.errors import DataError, DecodeError
from feedline.sources import tar as tars
from feedline.sources.archive import ArchiveSource
from feedline.sources.reader import Window
from feedline.sources.url_reader import UrlReader, is_url

DATA = bytes(range(256)) * 10


@pytest.fixture(scope="module")
def s3():
    with s3_server("images") as options:
        yield options


def put(url, data, **options):
    system, path = fsspec.core.url_to_fs(url, **options)
    system.pipe_file(path, data)
    return url


@pytest.fixture
def memory():
    yield partial(put, "memory://images/a.bin")
    fsspec.filesystem("memory").store.clear()


class TestS3TarContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path, s3):
        few = {name: TREE[name] for name in list(TREE)[1:5]}
        put("s3://images/set.tar", tar(tmp_path / "set.tar", few).read_bytes(), **s3)
        return ArchiveSource("s3://images/set.tar", storage_options=s3)

    @pytest.fixture
    def contents(self):
        return [TREE_CONTENTS[place] for place in (1, 2, 3, 4)]


def test_a_zip_and_shards_on_s3(tmp_path, s3):
    put("s3://images/0.zip", zipped(tmp_path / "0.zip", {"a.png": b"a", "a.cls": b"0"}).read_bytes(), **s3)
    put("s3://images/1.zip", zipped(tmp_path / "1.zip", {"b.png": b"b", "b.cls": b"1"}).read_bytes(), **s3)
    source = ArchiveSource("s3://images/{0..1}.zip", storage_options=s3)
    assert [record.data for record in source.read_batch([1, 0])] == [b"b", b"a"]
    assert source.path(1) == "s3://images/1.zip/b.png"


def test_an_object_that_is_replaced_or_deleted_is_a_named_error(tmp_path, s3):
    content = tar(tmp_path / "set.tar", TREE).read_bytes()
    url = put("s3://images/changing.tar", content, **s3)
    source = ArchiveSource(url, storage_options=s3)
    assert source[0].data == TREE_CONTENTS[0][0]
    put(url, content[:1500] + b"other" + content[1505:], **s3)
    with pytest.raises(DecodeError, match="replaced after it was opened") as caught:
        source[0]
    assert (caught.value.kind, caught.value.path) == ("unreadable", f"{url}/root/a/1.png")
    fsspec.filesystem("s3", **s3).rm(url)
    with pytest.raises(DecodeError) as caught:
        source[1]
    assert caught.value.kind == "unreadable"


class Counting(UrlReader):
    """Knows how many bytes it was asked for."""

    asked = 0

    def read(self, start, length):
        found = super().read(start, length)
        self.asked += len(found)
        return found


def test_of_a_tar_of_large_members_little_more_than_the_headers_is_read(tmp_path, memory):
    reader = Counting(memory(tar(tmp_path / "a.tar", {f"{name}.png": bytes(9_000_000) for name in "abc"}).read_bytes()))
    members = list(tars.scan(Window(reader), "a.tar", []))
    assert [member.name for member in members] == ["a.png", "b.png", "c.png"]
    assert reader.asked < reader.size / 1.9


def test_nothing_there_is_a_data_error(s3):
    with pytest.raises(DataError, match=r"no such file: s3://images/missing.tar"):
        ArchiveSource("s3://images/missing.tar", storage_options=s3)


def test_nobody_answers():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/a.tar"
        with pytest.raises(DataError, match=r"(cannot read|no such file:?) http://127"):
            ArchiveSource(url)


def test_ranges_in_memory(memory):
    reader = UrlReader(memory(DATA))
    for start, length in [(0, 10), (300, 0), (2500, 1000), (0, 2**62), (9000, 5)]:
        assert reader.read(start, length) == DATA[start : start + length]
    assert reader.read(-5, 3) == b""
    assert reader.size == len(DATA)
    assert pickle.loads(pickle.dumps(reader)).read(3, 3) == DATA[3:6]


def test_the_state_changes_with_the_object(memory):
    reader = UrlReader(memory(DATA))
    assert UrlReader("memory://images/a.bin").state() == reader.state()
    memory(DATA[::-1])
    assert UrlReader("memory://images/a.bin").state() != reader.state()
    with pytest.raises(OSError, match="replaced after it was opened"):
        reader.read(0, 1)


def test_a_folder_is_no_file(memory):
    memory(DATA)
    with pytest.raises(OSError, match="it is a folder"):
        UrlReader("memory://images")


def test_a_compressed_tar_behind_a_url_says_what_to_do(memory, tmp_path):
    url = memory(compressed_tar(tmp_path / "a.tar.gz", TREE).read_bytes())
    with pytest.raises(DataError, match="compressed as a whole, and no range of it can be read: copy it here"):
        ArchiveSource(url)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_server_without_ranges_is_told(tmp_path):
    pytest.importorskip("aiohttp")
    tar(tmp_path / "a.tar", TREE)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(DataError, match="whole files only, and no ranges"):
                ArchiveSource(f"http://127.0.0.1:{server.server_port}/a.tar")
        finally:
            server.shutdown()
            thread.join()


def test_what_a_url_is():
    assert is_url("s3://a/b.tar")
    assert not is_url("/a/b.tar")
    assert not is_url("c:\\a.tar")
