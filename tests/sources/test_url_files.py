"""sources/url_files.py and url_system.py: names and URLs; reading is tested with what reads."""

import pickle

import pytest

from feedline.errors import DataError, DecodeError
from feedline.sources.url_files import UrlFiles
from feedline.sources.url_system import UrlSystem


@pytest.mark.parametrize(
    ("root", "name", "place"),
    [
        ("s3://b/set/", "a/1.jpg", "s3://b/set/a/1.jpg"),
        ("s3://b/set", "a\\..\\b//./1.jpg", "s3://b/set/b/1.jpg"),
        ("s3://b/set", "s3://b/set/50%.jpg", "s3://b/set/50%.jpg"),
        ("memory://", "1.jpg", "memory://1.jpg"),
        ("https://h/set", "a b#1?.jpg", "https://h/set/a%20b%231%3F.jpg"),
        ("https://h/set", "https://h/set/a%20b.jpg?token=1", "https://h/set/a%20b.jpg?token=1"),
    ],
)
def test_names_below_the_root(root, name, place):
    files = UrlFiles(root)
    assert files.place(files.inside(name, "line 2")) == place


@pytest.mark.parametrize(
    "name", ["", "a\0.jpg", "..", "../x.jpg", "a/../../x.jpg", "/x.jpg", "\\\\host\\x.jpg", "s3://b/settings/x.jpg"]
)
def test_names_that_are_not_below_it(name):
    with pytest.raises(DataError, match=r"line 2: .* is no path below s3://b/set"):
        UrlFiles("s3://b/set").inside(name, "line 2")


def test_what_one_server_is_told_is_not_told_to_another():
    secret = {"endpoint_url": "http://127.0.0.1:1"}
    elsewhere = UrlFiles("s3://b/set", secret)
    with pytest.raises(DecodeError, match="no such object"):  # memory:// would refuse the option by name
        elsewhere.read("memory://nowhere/x.jpg", 3)
    assert elsewhere._at("memory://nowhere/x.jpg")[0].storage_options == {}
    pytest.importorskip("aiohttp")
    web = UrlFiles("https://h/set", {"client_kwargs": {"headers": {"token": "1"}}})
    assert web._at("https://other/x.jpg")[0].storage_options == {}
    assert web._at("https://h/other/x.jpg")[0].storage_options != {}


def test_a_connection_is_made_once_and_not_pickled():
    system = UrlSystem("memory://a/b", {"asynchronous": False})
    assert system.connected() is system.connected()
    twin = pickle.loads(pickle.dumps(system))
    assert (twin._made, twin.options) == ({}, {"asynchronous": False})
    assert twin.connected()[1] == "/a/b"
