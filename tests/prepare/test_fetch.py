"""Files come whole and right from servers that break off, forget and change their minds."""

import hashlib
import os
from pathlib import Path

import pytest
from fulldisk import no_file_above
from httpserver import Behaviour, serving

import feedline
from feedline import DataError
from feedline.prepare.fetch import fetch
from feedline.prepare.locked import locked

CONTENT = bytes(range(256)) * 4000
OTHER = CONTENT[::-1]
SUM = hashlib.sha256(CONTENT).hexdigest()


def left(folder):
    return sorted(os.listdir(folder))


def got(url, folder, **wanted):
    return fetch(f"{url}/some/x%20y.bin?mirror=1", folder, progress=False, wait=0.0, **wanted)


def test_a_file_is_fetched_once_and_checked(tmp_path):
    how = Behaviour(CONTENT)
    with serving(how) as url:
        path = got(url, tmp_path / "new", size=len(CONTENT), sha256=SUM.upper())
        assert path == tmp_path / "new" / "x y.bin"
        assert path.read_bytes() == CONTENT
        assert left(path.parent) == ["x y.bin"]
        assert got(url, tmp_path / "new", size=len(CONTENT), sha256=SUM) == path
    assert how.asked == [(None, None)]
    assert got(url, tmp_path / "new", sha256=SUM) == path, "no server is needed any more"


@pytest.mark.parametrize("wanted", [{}, {"sha256": SUM}, {"size": len(CONTENT)}])
def test_what_broke_off_is_continued_where_the_server_can(tmp_path, wanted):
    how = Behaviour(CONTENT, cuts=[1000, 500_000])
    with serving(how) as url:
        assert got(url, tmp_path, **wanted).read_bytes() == CONTENT
    assert how.asked == [(None, None), ("bytes=1000-", '"1"'), ("bytes=501000-", '"1"')]


def test_another_run_goes_on_with_what_is_there(tmp_path):
    how = Behaviour(CONTENT, cuts=[300_000] + [0] * 4)
    with serving(how) as url:
        with pytest.raises(DataError, match=r"cannot reach .* \(it broke off after 300,000 of 1,024,000 bytes\)"):
            got(url, tmp_path)
        assert left(tmp_path) == ["x y.bin.part", "x y.bin.part.tag"]
        assert got(url, tmp_path).read_bytes() == CONTENT
    assert how.asked[-1] == ("bytes=300000-", '"1"')
    assert left(tmp_path) == ["x y.bin"]


def test_a_server_without_ranges_gives_all_of_it_again(tmp_path):
    how = Behaviour(CONTENT, ranges=False, cuts=[1000, 2000])
    with serving(how) as url:
        assert got(url, tmp_path).read_bytes() == CONTENT


def test_without_a_tag_only_a_digest_lets_it_be_continued(tmp_path):
    for name, wanted, ask in (("a", {}, None), ("b", {"sha256": SUM}, "bytes=1000-")):
        how = Behaviour(CONTENT, tag=None, cuts=[1000])
        with serving(how) as url:
            assert got(url, tmp_path / name, **wanted).read_bytes() == CONTENT
        assert how.asked[1] == (ask, None)


@pytest.mark.parametrize("tag", ['"2"', None])
def test_a_file_that_changed_in_between_is_fetched_from_its_beginning(tmp_path, tag):
    how = Behaviour(OTHER, tag=tag and '"1"', cuts=[1000] + [0] * 4)
    with serving(how) as url:
        with pytest.raises(DataError, match="cannot reach"):
            got(url, tmp_path, sha256=SUM)
        how.content, how.tag = CONTENT, tag
        assert got(url, tmp_path, sha256=SUM).read_bytes() == CONTENT
    assert left(tmp_path) == ["x y.bin"]


def test_a_part_that_is_all_of_it_or_more_is_settled(tmp_path):
    for extra in (b"", b"more"):
        how = Behaviour(CONTENT)
        (tmp_path / "x y.bin.part").write_bytes(CONTENT + extra)
        with serving(how) as url:
            assert got(url, tmp_path, sha256=SUM).read_bytes() == CONTENT
        (tmp_path / "x y.bin").unlink()


def test_a_length_that_is_not_said_and_a_file_of_nothing(tmp_path):
    with serving(Behaviour(CONTENT, told=False, cuts=[1000])) as url:
        assert got(url, tmp_path, size=len(CONTENT)).read_bytes() == CONTENT
    with serving(Behaviour(b"")) as url:
        assert got(url, tmp_path / "none", size=0).read_bytes() == b""


def test_passing_errors_are_tried_again_and_others_not(tmp_path):
    how = Behaviour(CONTENT, codes=[503, 429, 500])
    with serving(how) as url:
        assert got(url, tmp_path).read_bytes() == CONTENT
        how.codes = [404]
        with pytest.raises(DataError, match="the server says 404 Not Found"):
            got(url, tmp_path / "other")
    assert len(how.asked) == 5


def test_a_server_that_is_not_there(tmp_path):
    with serving(Behaviour(CONTENT)) as url:
        pass
    with pytest.raises(DataError, match=rf"put x y.bin of 1,024,000 bytes with the SHA-256 {SUM} .* into {tmp_path}"):
        got(url, tmp_path, size=len(CONTENT), sha256=SUM, tries=2)


def test_a_wrong_size_is_not_fetched_and_a_wrong_digest_kept_aside(tmp_path):
    with serving(Behaviour(OTHER)) as url:
        with pytest.raises(DataError, match="must have 7 bytes, and the server offers 1,024,000"):
            got(url, tmp_path, size=7)
        assert left(tmp_path) == []
        found = hashlib.sha256(OTHER).hexdigest()
        with pytest.raises(DataError, match=f"must have the SHA-256 {SUM}, and has {found}: what came .* is kept as"):
            got(url, tmp_path, sha256=SUM)
    assert left(tmp_path) == ["x y.bin.bad"]


def test_what_lies_there_is_never_overwritten(tmp_path):
    (tmp_path / "x y.bin").write_bytes(b"mine")
    how = Behaviour(CONTENT)
    with serving(how) as url:
        assert got(url, tmp_path).read_bytes() == b"mine"
        with pytest.raises(DataError, match=r"must have 1,024,000 bytes, and has 4: move it away"):
            got(url, tmp_path, size=len(CONTENT))
    assert how.asked == []
    assert (tmp_path / "x y.bin").read_bytes() == b"mine"


def test_a_full_disk_keeps_what_came_for_the_next_time(tmp_path):
    how = Behaviour(CONTENT)
    with serving(how) as url:
        with no_file_above(400_000), pytest.raises(DataError, match=r"cannot write .*x y.bin.part: File too large"):
            got(url, tmp_path)
        assert (tmp_path / "x y.bin.part").read_bytes() == CONTENT[:400_000]
        assert got(url, tmp_path).read_bytes() == CONTENT
    assert how.asked[-1] == ("bytes=400000-", '"1"')


def test_two_at_once(tmp_path):
    with locked(tmp_path / "x y.bin.lock", "fetching"), pytest.raises(DataError, match="another process is fetching"):
        got("http://127.0.0.1:9", tmp_path)
    assert left(tmp_path) == []


def test_a_local_file_is_used_where_it_lies(tmp_path):
    file = tmp_path / "ä b.bin"
    file.write_bytes(CONTENT)
    for place in (file, str(file), file.as_uri()):
        assert fetch(place, tmp_path / "none", size=len(CONTENT), sha256=SUM, progress=False) == file
    with pytest.raises(DataError, match=r"must have 3 bytes, and has 1,024,000"):
        fetch(file, tmp_path, size=3)
    with pytest.raises(DataError, match="must have the SHA-256 0000"):
        fetch(file, tmp_path, sha256="0" * 64)
    with pytest.raises(DataError, match=r"no such file: .*put the file of 3 bytes there"):
        fetch(tmp_path / "missing", tmp_path, size=3)
    assert left(tmp_path) == [file.name]


def test_a_digest_is_computed_once_for_each_state_of_a_file(cache):
    file = Path(feedline.__file__)  # it did not change just now
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    fetch(file, cache, sha256=right, progress=False)
    (memory,) = (cache / "digests").iterdir()
    memory.write_text(memory.read_text().replace(right, "0" * 64))
    assert fetch(file, cache, sha256="0" * 64, progress=False) == file, "what is remembered was not asked"
    memory.write_text("damaged")
    fetch(file, cache, sha256=right, progress=False)


@pytest.mark.parametrize(
    ("place", "wanted", "message"),
    [
        ("s3://bucket/x", {}, "http, https or file URL or a path, not s3"),
        ("http://host/", {}, "must end with the name of a file"),
        ("http://host/a%2F..%2Fb", {}, "must end with the name of a file"),
        ("x", {"sha256": "12"}, "64 hexadecimal digits, not '12'"),
        ("x", {"size": -1}, "number of bytes, not -1"),
    ],
)
def test_arguments_that_are_wrong(tmp_path, place, wanted, message):
    with pytest.raises(ValueError, match=message):
        fetch(place, tmp_path, **wanted)
