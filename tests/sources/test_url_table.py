"""sources/url_table.py and TableSource behind URLs: a local S3 server, a local web server, memory."""

import pickle
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from contracts.source import SourceContract
from s3server import fill, s3_server

from feedline.errors import DataError, DecodeError
from feedline.sources.table import TableSource
from feedline.sources.url_table import fetched, folder_of

NAMES = ("1.jpg", "a/2.png", "ü ö.jpg", "a/b/4.jpg")
FILES = {name: name.encode() for name in NAMES}
LABELS = [1, 0, 0, 1]


def csv(*rows):
    return "\n".join(["path,label", *rows, ""]).encode()


TABLE = csv(*(f"{name},{label}" for name, label in zip(NAMES, LABELS, strict=True)))


@pytest.fixture(scope="module")
def s3():
    with s3_server("tables") as options:
        yield options


@pytest.fixture
def memory():
    yield lambda files: fill("memory://set", files)
    fsspec.filesystem("memory").store.clear()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def web(tmp_path):
    """The URL of a folder on a web server, and the folder."""
    pytest.importorskip("aiohttp")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", tmp_path
        server.shutdown()
        thread.join()


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, web):
        url, folder = web
        for name, data in {**FILES, "table.csv": TABLE}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return TableSource(f"{url}/table.csv")

    @pytest.fixture
    def contents(self):
        return [(name.encode(), label) for name, label in zip(NAMES, LABELS, strict=True)]


def test_a_table_that_holds_the_images_is_read_from_the_cache(tmp_path, memory):
    columns = {"image": [name.encode() for name in NAMES], "label": LABELS}
    pq.write_table(pa.table(columns), tmp_path / "set.parquet", row_group_size=2)
    url = memory({"set.parquet": (tmp_path / "set.parquet").read_bytes()}) + "/set.parquet"
    twin = pickle.loads(pickle.dumps(TableSource(url)))
    fsspec.filesystem("memory").store.clear()
    assert [record.data for record in twin.read_batch(range(4))] == [name.encode() for name in NAMES]
    assert twin.path(3) == f"{url}[3]"


def test_places_are_urls(memory):
    source = TableSource(f"{memory({**FILES, 't.csv': TABLE})}/t.csv")
    assert source.path(1) == "memory://set/a/2.png"
    assert source.root == "memory://set"
    assert repr(source).startswith("TableSource('memory://set/t.csv', image='path'")
    assert len(pickle.dumps(source)) < 1500


def test_a_table_here_of_images_there(tmp_path, memory):
    memory(FILES)
    (tmp_path / "t.csv").write_bytes(csv("a\\2.png,1", "memory://set/1.jpg,0", "./a/../1.jpg,0"))
    with pytest.warns(UserWarning, match="2 doubled image|1 doubled image"):
        source = TableSource(tmp_path / "t.csv", root="memory://set/")
    assert [record.data for record in source.read_batch([0, 1, 2])] == [b"a/2.png", b"1.jpg", b"1.jpg"]


@pytest.mark.parametrize(
    "name", ["memory://other/1.jpg", "../other/1.jpg", "memory://set/../other/1.jpg", "/etc/1.jpg", "C:\\1.jpg"]
)
def test_paths_that_leave_the_root(memory, name):
    fill("memory://other", {"1.jpg": b"other"})
    url = f"{memory({'in/t.csv': csv(f'{name},1')})}/in/t.csv"
    url = fill("memory://set", {"t.csv": csv(f"{name},1")}) + "/t.csv"
    with pytest.raises(
        DataError, match=r"memory://set/t.csv, line 2: .* is no path below memory://set: .*allow_outside"
    ):
        TableSource(url)


def test_what_may_lie_outside(memory):
    fill("memory://other", {"1.jpg": b"other"})
    url = memory({"in/t.csv": csv("memory://other/1.jpg,1", "../2.jpg,1"), "2.jpg": b"2"}) + "/in/t.csv"
    source = TableSource(url, allow_outside=True)
    assert [source.path(index) for index in range(2)] == ["memory://other/1.jpg", "memory://set/2.jpg"]
    assert [record.data for record in source.read_batch([0, 1])] == [b"other", b"2"]
    with pytest.raises(DataError, match="leads above all"):
        TableSource(fill("memory://set", {"t.csv": csv("../../../x.jpg,1")}) + "/t.csv", allow_outside=True)


def test_missing_and_deleted_objects_are_named(s3):
    url = fill("s3://tables/gone", {"1.jpg": b"1", "2.jpg": b"2", "t.csv": csv("1.jpg,0", "2.jpg,1", "3.jpg,1")}, **s3)
    source = TableSource(f"{url}/t.csv", storage_options=s3)
    assert [(found.path, found.index, found.cause) for found in source.missing()] == [
        (f"{url}/3.jpg", 2, "no such object")
    ]
    assert source[1].data == b"2"
    fsspec.filesystem("s3", **s3).rm(f"{url}/2.jpg")
    with pytest.raises(DecodeError, match=r"no such object \(s3://tables/gone/t.csv, line 3\)") as caught:
        source[1]
    assert (caught.value.kind, caught.value.path, caught.value.index) == ("unreadable", f"{url}/2.jpg", 1)


def test_it_is_fetched_once_and_again_when_it_was_replaced(memory, cache):
    url = f"{memory({**FILES, 't.csv': TABLE})}/t.csv"
    first, _ = fetched(url)
    before = first.stat().st_mtime_ns
    assert len(TableSource(url)) == 4
    assert fetched(url)[0].stat().st_mtime_ns == before
    memory({"t.csv": csv("1.jpg,0")})
    assert len(TableSource(url)) == 1
    assert [entry.name for entry in (cache / "tables").iterdir()] == [fetched(url)[0].name] != [first.name]


def test_a_table_with_faults_is_named_by_its_url(memory):
    url = memory({"t.csv": b"[1, 2]", "u.parquet": b"PAR1 cut", "w.csv": csv("1.jpg,0,0")})
    for name in ("t.csv", "u.parquet", "w.csv", "missing.csv"):
        with pytest.raises(DataError, match=f"{url}/{name}"):
            TableSource(f"{url}/{name}")


def test_over_http_also_without_ranges(web):
    url, folder = web
    for name in ("a b.jpg", "100%.jpg", "c#1.jpg", "d?e.jpg"):
        (folder / name).write_bytes(name.encode())
    rows = csv("a b.jpg,0", "100%.jpg,1", "c#1.jpg,0", "d?e.jpg,0", f"{url}/a%20b.jpg,0", "gone.jpg,1")
    (folder / "t.csv").write_bytes(rows)
    source = TableSource(f"{url}/t.csv?token=1")
    assert [source[index].data for index in range(5)] == [b"a b.jpg", b"100%.jpg", b"c#1.jpg", b"d?e.jpg", b"a b.jpg"]
    assert source.path(2) == f"{url}/c%231.jpg"
    with pytest.raises(DecodeError, match="no such object"):
        source[5]
    (folder / "u.csv").write_bytes(csv(f"{url}/sub/%2e%2e/%2e%2e/x.jpg,0"))
    with pytest.raises(DataError, match="no path below"):
        TableSource(f"{url}/u.csv")


def test_the_folder_of_a_url():
    assert folder_of("s3://a/b/c?d.csv") == "s3://a/b"
    assert folder_of("memory://c.csv") == "memory://"
    assert folder_of("https://h/b/c.csv?token=a/b#x") == "https://h/b"
