"""sources/tar.py: what tarfile and tar write, and what no one should."""

import io
import os
import shutil
import subprocess
import tarfile
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedline.errors import DataError, DecodeError
from feedline.sources import tar as tars
from feedline.sources.archive import ArchiveSource
from feedline.sources.reader import FileReader, Window

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def header(name, size=0, kind=tarfile.REGTYPE, link="", form="gnu", **changes):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    for key, value in changes.items():
        setattr(info, key, value)
    return info.tobuf(FORMATS[form])


def signed(block):
    """The header with the checksum that belongs to it."""
    total = sum(block[:148]) + sum(block[156:512]) + 256
    return block[:148] + b"%06o\0 " % total + block[156:]


def member(name, data=b"", **options):
    return header(name, len(data), **options) + data + bytes(-len(data) % 512)


def written(path, *parts, end=bytes(1024)):
    path.write_bytes(b"".join(parts) + end)
    return path


def found(source):
    return {source.path(index).split(".tar/", 1)[1]: source[index].data for index in range(len(source))}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("length", [5, 90, 99, 100, 101, 140, 255, 256, 300, 3000])
def test_names_of_any_length_in_every_format(tmp_path, form, length):
    folder = "/".join(["a", *["f" * 50] * (length // 51)])
    name = f"{folder}/{'x' * max(1, (length - len(folder) - 5))}.png"
    try:
        content = member(name, b"data", form=form)
    except ValueError:
        pytest.skip("the format cannot say such a name")
    file = written(tmp_path / "a.tar", content, member("b/b.png", b"x"))
    assert found(ArchiveSource(file)) == {name: b"data", "b/b.png": b"x"}


@pytest.mark.parametrize("form", FORMATS)
def test_the_members_are_those_that_tarfile_finds(tmp_path, form):
    parts = [
        member(f"d{number % 7}/{number:04}.png", bytes([number % 256]) * (number * 13 % 1500), form=form)
        for number in range(400)
    ]
    file = written(tmp_path / "a.tar", *parts)
    with tarfile.open(file) as archive:
        expected = {info.name: archive.extractfile(info).read() for info in archive}
    assert found(ArchiveSource(file)) == expected
    assert len(expected) == 400


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
@pytest.mark.parametrize("form", ["v7", "ustar", "oldgnu", "gnu", "posix"])
def test_what_the_tar_command_writes(tmp_path, form):
    long = "n" * 60 + "/" + "m" * 30 if form != "v7" else "n"
    for name in (f"{long}/1.png", "b/\u00e9.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(name.encode())
    os.link(tmp_path / "in" / "b" / "\u00e9.png", tmp_path / "in" / "b" / "hard.png")
    os.symlink("hard.png", tmp_path / "in" / "b" / "soft.png")
    command = ["tar", "--format", form, "-cf", tmp_path / "a.tar", "-C", tmp_path / "in", "."]
    subprocess.run(command, check=True, timeout=60)
    data = "b/\u00e9.png".encode()
    assert found(ArchiveSource(tmp_path / "a.tar")) == {
        f"{long}/1.png": f"{long}/1.png".encode(),
        "b/\u00e9.png": data,
        "b/hard.png": data,
        "b/soft.png": data,
    }


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_a_sparse_member_says_that_it_is_one(tmp_path, form):
    with open(tmp_path / "b.png", "wb") as stream:
        for number in range(12):  # more pieces than a header holds
            stream.seek(number * 200_000)
            stream.write(b"x" * 4096)
    (tmp_path / "c.png").write_bytes(b"behind")
    command = ["tar", "--format", form, "--sparse", "-cf", "a.tar", "b.png", "c.png"]
    subprocess.run(command, check=True, timeout=60, cwd=tmp_path)
    if os.path.getsize(tmp_path / "a.tar") > 1_000_000:
        pytest.skip("the disk keeps no sparse files")
    source = ArchiveSource(tmp_path / "a.tar")
    assert source.path(0).endswith("a.tar/b.png")
    with pytest.raises(DecodeError, match="stored sparse") as caught:
        source[0]
    assert caught.value.kind == "unsupported"
    assert source[1].data == b"behind"


def test_a_size_in_binary_is_read(tmp_path):
    block = bytearray(header("a.png", 4))
    block[124:136] = b"\x80" + (4).to_bytes(11, "big")
    file = written(tmp_path / "a.tar", signed(bytes(block)), b"data", bytes(508), member("b.png", b"x"))
    assert found(ArchiveSource(file)) == {"a.png": b"data", "b.png": b"x"}


def test_a_size_in_a_pax_header_counts_and_only_for_the_next(tmp_path):
    with_size = header("a.png", 0, form="pax", pax_headers={"size": "4"})
    file = written(tmp_path / "a.tar", with_size, b"data", bytes(508), member("b.png", b"x"))
    assert found(ArchiveSource(file)) == {"a.png": b"data", "b.png": b"x"}


def test_a_global_pax_header_is_for_all(tmp_path):
    start = tarfile.TarInfo.create_pax_global_header({"comment": "x" * 700})
    assert found(ArchiveSource(written(tmp_path / "a.tar", start, member("b.png", b"x")))) == {"b.png": b"x"}


def test_devices_pipes_and_folders_are_passed_over(tmp_path):
    kinds = [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, b"V", b"M"]
    parts = [header(f"{number}.png", 0, kind) for number, kind in enumerate(kinds)]
    old_folder = header("folder.png/", 0, tarfile.AREGTYPE)
    assert list(found(ArchiveSource(written(tmp_path / "a.tar", *parts, old_folder, member("b.png"))))) == ["b.png"]


@pytest.mark.parametrize(
    ("kind", "name", "link"),
    [
        (tarfile.LNKTYPE, "x/link.png", "a/1.png"),
        (tarfile.LNKTYPE, "x/link.png", "./a/1.png"),
        (tarfile.SYMTYPE, "x/link.png", "../a/1.png"),
        (tarfile.SYMTYPE, "a/link.png", "1.png"),
        (tarfile.SYMTYPE, "x/link.png", "../blob"),
    ],
)
def test_links_within_the_archive_lead_to_their_member(tmp_path, kind, name, link):
    content = [member("a/1.png", b"data"), member("blob", b"data"), header(name, 0, kind, link)]
    assert found(ArchiveSource(written(tmp_path / "a.tar", *content)))[name] == b"data"


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "/etc/hostname"),
        (tarfile.SYMTYPE, "../../../../../etc/hostname"),
        (tarfile.LNKTYPE, "missing.png"),
        (tarfile.SYMTYPE, "link.png"),
        (tarfile.SYMTYPE, ""),
    ],
)
def test_links_to_nothing_in_the_archive_are_left_out(tmp_path, kind, link):
    content = [member("a/1.png", b"data"), header("a/link.png", 0, kind, link)]
    with pytest.warns(UserWarning, match="1 images are links to nothing in the archive .*'a/link.png'"):
        source = ArchiveSource(written(tmp_path / "a.tar", *content))
    assert list(found(source)) == ["a/1.png"]


def test_links_in_a_ring_end(tmp_path):
    links = [header(f"{number}.png", 0, tarfile.SYMTYPE, f"{(number + 1) % 5}.png") for number in range(5)]
    with pytest.warns(UserWarning, match="5 images are links to nothing"):
        source = ArchiveSource(written(tmp_path / "a.tar", *links, member("x.png")))
    assert len(source) == 1


def test_names_that_lead_outside_are_only_names(tmp_path):
    names = ["../../up.png", "/passwd.png", "../../../b.png"]
    source = ArchiveSource(written(tmp_path / "in.tar", *(member(name, name.encode()) for name in names)))
    assert sorted(record.data.decode() for record in source.read_batch(range(3))) == sorted(names)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.tar"]


@pytest.mark.parametrize("left", [1024, 1100, 1536, 1600])
def test_a_cut_archive_gives_what_is_whole_and_says_it_is_cut(tmp_path, left):
    whole = member("a.png", b"a" * 500) + member("b.png", b"b" * 500)
    with pytest.warns(UserWarning, match=r"a\.tar.* cut"):
        source = ArchiveSource(written(tmp_path / "a.tar", whole[:left], end=b""))
    assert found(source) == {"a.png": b"a" * 500}


@pytest.mark.parametrize(("left", "words"), [(100, "is no archive"), (700, "no image in")])
def test_a_tar_cut_within_its_first_member_is_none(tmp_path, left, words):
    file = written(tmp_path / "a.tar", member("a.png", b"a" * 500)[:left], end=b"")
    with pytest.raises(DataError, match=words):
        ArchiveSource(file)


def test_the_cut_is_told_each_time_it_is_opened(tmp_path):
    file = written(tmp_path / "a.tar", member("a.png", b"a"), member("b.png", b"b" * 5000)[:3000], end=b"")
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert len(ArchiveSource(file)) == 1
        told = [str(warning.message) for warning in caught]
        assert len(told) == 2
        assert "it ends without the mark of an end" in told[0]
        assert "it ends within 'b.png', which is left out" in told[1]


@pytest.mark.parametrize(
    "field",
    [
        b"\xff" * 12,
        b"-0000000100\0",
        b"99999999999\0",
        b"1_0\0",
        b"7777777777777",
        b"\x80" + b"\xff" * 11,
        b"\x90" * 12,
    ],
    ids=["binary negative", "negative", "no octal", "underscore", "huge", "binary huge", "binary with bits"],
)
def test_a_size_that_is_negative_or_behind_the_end(tmp_path, field):
    block = bytearray(header("b.png", 4))
    block[124:136] = field.ljust(12, b"\0")
    file = written(tmp_path / "a.tar", member("a.png", b"a"), signed(bytes(block)), member("c.png", b"c"))
    with pytest.warns(UserWarning, match="a number in a header is none|is cut"):
        assert found(ArchiveSource(file)) == {"a.png": b"a"}


@pytest.mark.parametrize("size", [b"-5", b"1e9", b"9" * 30, b""])
def test_a_pax_size_that_is_none(tmp_path, size):
    bad = header("b.png", 0, form="pax", pax_headers={"size": size.decode()})
    with pytest.warns(UserWarning, match="a size is no number, or negative"):
        assert found(ArchiveSource(written(tmp_path / "a.tar", member("a.png", b"a"), bad))) == {"a.png": b"a"}


@pytest.mark.parametrize("record", [b"5 path=x\n", b"999999 path=x\n", b"path\n", b"0 a=b\n", b"3 a=\n", b"\xff"])
def test_a_pax_header_that_is_none(tmp_path, record):
    bad = member("pax", record, kind=tarfile.XHDTYPE)
    file = written(tmp_path / "a.tar", member("a.png", b"a"), bad, member("b.png", b"b"))
    with pytest.warns(UserWarning, match="a pax header that is none"):
        assert "a.png" in found(ArchiveSource(file))


def test_a_header_too_large_to_be_one_is_not_read(tmp_path):
    huge = header("name", 2**33, tarfile.GNUTYPE_LONGNAME)
    with pytest.warns(UserWarning, match="a header of 8,589,934,592 bytes"):
        assert len(ArchiveSource(written(tmp_path / "a.tar", member("a.png"), huge))) == 1


def test_damage_between_members_is_told_with_its_place(tmp_path):
    bad = b"\x01" + member("b.png")[1:]
    with pytest.warns(UserWarning, match=r"at byte 1,024: .*checksum"):
        assert len(ArchiveSource(written(tmp_path / "a.tar", member("a.png", b"a"), bad, member("c.png")))) == 1


PLAIN = member("a/1.png", b"one" * 100) + member("long/" + "b" * 120 + ".png", b"two") + member("a/3.cls", b"3")
PLAIN += header("p" * 120 + ".png", 3, form="pax") + b"pax" + bytes(509)
PLAIN += header("l.png", 0, tarfile.LNKTYPE, "a/1.png")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), max_size=6), st.booleans())
def test_damaged_tars_end_in_named_errors(tmp_path, changes, sign):
    data = bytearray(PLAIN)
    for place, value in changes:
        data[place] = value
        start = place // 512 * 512
        if sign:
            data[start : start + 512] = signed(bytes(data[start : start + 512]))
    file = written(tmp_path / "a.tar", bytes(data))
    notes = []
    try:
        members = list(tars.scan(Window(FileReader(file)), "a.tar", notes))
    except DataError:
        return
    assert all(found.start >= 512 and found.size >= 0 for found in members)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source = ArchiveSource(file)
            for index in range(len(source)):
                assert isinstance(source[index].data, bytes)
        except (DataError, DecodeError):
            pass


def test_is_tar():
    assert tars.is_tar(member("a.png"))
    assert tars.is_tar(bytes(512))
    assert not tars.is_tar(b"")
    assert not tars.is_tar(b"x" * 512)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w"):
        pass
    assert tars.is_tar(stream.getvalue()[:512])
