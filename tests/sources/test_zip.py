"""sources/zip.py on what zipfile writes, and on archives that lie."""

import os
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedline.errors import DataError, DecodeError
from feedline.sources.archive import ArchiveSource


def written(path, files, method=zipfile.ZIP_DEFLATED, **options):
    with zipfile.ZipFile(path, "w", method, **options) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path


def changed(path, old, new, count=None):
    """The file with some bytes in place of others, as often as they are there."""
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new) if count is None else data.replace(old, new, count))
    return path


def error_of(source, index=0):
    with pytest.raises(DecodeError) as caught:
        source[index]
    assert caught.value.path == source.path(index)
    assert caught.value.index == index
    return caught.value


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("data", [b"", b"x", b"words " * 20_000])
def test_stored_and_deflated(tmp_path, method, data):
    source = ArchiveSource(written(tmp_path / "a.zip", {"a.png": data, "b.png": b"behind"}, method))
    assert [source[0].data, source[1].data] == [data, b"behind"]


def test_one_that_was_written_as_a_stream_and_one_in_zip64(tmp_path):
    with open(tmp_path / "a.zip", "wb") as raw:

        class Pipe:  # without seek: sizes come behind the data
            write, flush = raw.write, raw.flush

        with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("a.png", b"data")
            with out.open("b.png", "w", force_zip64=True) as stream:
                stream.write(b"large")
    source = ArchiveSource(tmp_path / "a.zip")
    assert [source[0].data, source[1].data] == [b"data", b"large"]


def test_one_with_something_before_it(tmp_path):
    written(tmp_path / "a.zip", {"a.png": b"data"})
    prefixed = tmp_path / "b.zip"
    prefixed.write_bytes(b"PK\x03\x04" + b"#" * 996 + (tmp_path / "a.zip").read_bytes())
    assert ArchiveSource(prefixed)[0].data == b"data"


def test_a_long_extra_field_before_the_data(tmp_path):
    info = zipfile.ZipInfo("a.png")
    info.extra = struct.pack("<HH", 0xCAFE, 3000) + bytes(3000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(info, b"data")
    assert ArchiveSource(tmp_path / "a.zip")[0].data == b"data"


def test_a_bomb_is_not_taken(tmp_path):
    """The directory declares 100 bytes, and 256 MB would come out: not more than was declared is unpacked."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(squeeze.compress(bytes(2**20)) for _ in range(256)) + squeeze.flush()
    file = written(tmp_path / "a.zip", {"a.png": packed}, zipfile.ZIP_STORED)
    size = len(packed).to_bytes(4, "little")
    data = bytearray(file.read_bytes())
    for place in (8, data.rindex(b"PK\x01\x02") + 10):
        data[place : place + 2] = b"\x08\x00"
    place = data.rindex(b"PK\x01\x02") + 24
    assert data[place : place + 4] == size
    data[place : place + 4] = (100).to_bytes(4, "little")
    file.write_bytes(data)
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (2**31, 2**31))\n"
        "from feedline.errors import DecodeError\n"
        "from feedline.sources.archive import ArchiveSource\n"
        "source = ArchiveSource(sys.argv[1]); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    source[0]\nexcept DecodeError as error:\n    print(error.kind, error.cause)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000)\n"
    )
    told = subprocess.run([sys.executable, "-c", script, file], capture_output=True, text=True, timeout=120)
    assert told.stdout.splitlines() == ["too large it unpacks to more than the 100 bytes that the zip declares", "True"]


def test_a_small_zip_that_unpacks_to_much_is_refused(tmp_path):
    file = written(tmp_path / "a.zip", {"a.png": bytes(2**26 + 1), "b.png": bytes(2**26)})
    source = ArchiveSource(file)
    error = error_of(source)
    assert error.kind == "too large"
    assert "max_bytes=536870920 if you trust it" in str(error)
    assert source[1].data == bytes(2**26)
    assert len(ArchiveSource(file, max_bytes=536870920)[0].data) == 2**26 + 1


def test_a_large_member_is_not_held_twice(tmp_path):
    source = ArchiveSource(written(tmp_path / "a.zip", {"a.png": bytes(2**26)}))
    source[0]
    tracemalloc.start()
    try:
        data = source[0].data
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert data == bytes(2**26)
    assert peak < 1.6 * 2**26


def test_what_is_unpacked_in_many_pieces_is_whole(tmp_path):
    """Of pieces and steps that end within each other: noise, and then zeros."""
    data = os.urandom(2**20 + 7) + bytes(2**25 + 2**24 - 3) + os.urandom(2**20)
    assert ArchiveSource(written(tmp_path / "a.zip", {"a.png": data}))[0].data == data


def test_a_declared_size_over_the_limit_is_too_large(tmp_path):
    source = ArchiveSource(written(tmp_path / "a.zip", {"a.png": bytes(5000)}), max_bytes=4999)
    error = error_of(source)
    assert error.kind == "too large"
    assert "5,000 bytes and the limit is 4,999" in str(error)


def test_a_wrong_checksum_is_corrupt(tmp_path):
    file = changed(written(tmp_path / "a.zip", {"a.png": b"data"}, zipfile.ZIP_STORED), b"data", b"date")
    error = error_of(ArchiveSource(file))
    assert error.kind == "corrupt"
    assert "CRC-32" in str(error)


def test_damaged_deflate_is_corrupt(tmp_path):
    file = written(tmp_path / "a.zip", {"a.png": bytes(range(256)) * 4})
    data = bytearray(file.read_bytes())
    data[35:60] = b"\xff" * 25
    file.write_bytes(data)
    assert error_of(ArchiveSource(file)).kind == "corrupt"


def test_less_than_was_declared_is_corrupt(tmp_path):
    file = written(tmp_path / "a.zip", {"a.png": b"data" * 100})
    changed(file, (400).to_bytes(4, "little"), (500).to_bytes(4, "little"))
    error = error_of(ArchiveSource(file))
    assert error.kind == "corrupt"
    assert "400 bytes in the zip where its directory says 500" in str(error)


def test_an_encrypted_member_is_unsupported(tmp_path):
    file = written(tmp_path / "a.zip", {"a.png": b"data"})
    data = bytearray(file.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(data)
    error = error_of(ArchiveSource(file))
    assert error.kind == "unsupported"
    assert "encrypted" in str(error)


@pytest.mark.parametrize(("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "LZMA")])
def test_other_methods_are_unsupported(tmp_path, method, name):
    error = error_of(ArchiveSource(written(tmp_path / "a.zip", {"a.png": b"data" * 50}, method)))
    assert error.kind == "unsupported"
    assert f"packed by {name} in the zip" in str(error)


def test_symbolic_links_are_left_out_and_told(tmp_path):
    file = written(tmp_path / "a.zip", {"a.png": b"data"})
    info = zipfile.ZipInfo("link.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "a") as out:
        out.writestr(info, "/etc/hostname")
    with pytest.warns(UserWarning, match="1 symbolic links are left out"):
        assert len(ArchiveSource(file)) == 1


def test_a_zip_that_was_cut_says_so(tmp_path):
    file = written(tmp_path / "a.zip", {"a.png": b"data" * 100})
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"cannot read .*a.zip as a zip: .*directory lies at its end.*zip -FF"):
        ArchiveSource(file)


@pytest.mark.parametrize("place", [2**31, 5])
def test_a_directory_that_leads_nowhere(tmp_path, place):
    file = written(tmp_path / "a.zip", {"a.png": b"data", "b.png": b"more"})
    data = bytearray(file.read_bytes())
    start = data.rindex(b"PK\x01\x02") + 42
    data[start : start + 4] = place.to_bytes(4, "little")
    file.write_bytes(data)
    source = ArchiveSource(file)
    assert source[0].data == b"data"
    assert error_of(source, 1).kind == "corrupt"


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6))
def test_damaged_zips_end_in_named_errors_or_right_data(tmp_path, changes):
    files = {"a/1.png": b"one" * 100, "b/2.png": b"two", "b/2.cls": b"7"}
    file = written(tmp_path / "a.zip", files)
    data = bytearray(file.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    file.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = ArchiveSource(file)
        except DataError:
            return
    for index in range(len(source)):
        try:
            assert source[index].data in files.values()
        except DecodeError as error:
            assert error.index == index
