"""Real archives, good ones and bad ones, and what is left on the disk."""

import io
import json
import os
import stat
import tarfile
import zipfile

import pytest
from archives import TREE, compressed_tar, tar, zipped
from fulldisk import no_file_above

from feedline import DataError
from feedline.prepare.extract import MARK, extract


def files(folder):
    """Everything below the folder but our mark."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop(MARK, None)
    return found


def unpacked(archive, folder, **options):
    return extract(archive, folder, progress=False, **options)


def member(name, kind=tarfile.REGTYPE, link="", data=b"data", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, io.BytesIO(data)


def made(path, members):
    with tarfile.open(path, "w") as out:
        for info, data in members:
            out.addfile(info, data)
    return path


MAKERS = {"tar": tar, "tar.gz": compressed_tar, "zip": zipped}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_file_comes_out_and_the_second_time_nothing_is_done(tmp_path, kind):
    archive = MAKERS[kind](tmp_path / f"x.{kind}", TREE)
    target = tmp_path / "new" / "folder"
    assert unpacked(archive, target) == target
    assert files(target) == TREE
    known = json.loads((target / MARK).read_text())
    assert (known["size"], known["files"]) == (archive.stat().st_size, len(TREE))
    before = {path: path.stat().st_mtime_ns for path in target.rglob("*")}
    unpacked(archive, target)
    assert {path: path.stat().st_mtime_ns for path in target.rglob("*")} == before


@pytest.mark.parametrize("kind", MAKERS)
def test_an_extraction_that_ended_early_is_continued(tmp_path, kind):
    archive = MAKERS[kind](tmp_path / f"x.{kind}", TREE)
    target = tmp_path / "folder"
    unpacked(archive, target)
    kept, lost, cut = sorted(target.rglob("*.png"))[:3]
    mark = json.loads((target / MARK).read_text())
    (target / MARK).write_text(json.dumps({**mark, "files": None, "bytes": None}))
    (target / ".extracting.part").write_bytes(b"half a file")
    lost.unlink()
    cut.write_bytes(b"short")
    before = kept.stat().st_mtime_ns
    unpacked(archive, target)
    assert files(target) == TREE
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["lost", "empty"])
def test_a_folder_that_lost_something_is_not_taken_as_done(tmp_path, damage):
    archive = tar(tmp_path / "x.tar", TREE)
    file = unpacked(archive, tmp_path / "folder") / "root/a/1.png"
    file.unlink()
    if damage == "empty":
        file.touch()
    assert files(unpacked(archive, tmp_path / "folder")) == TREE


def test_of_two_of_one_name_the_later_one_counts(tmp_path):
    archive = made(tmp_path / "x.tar", [member("a", data=b"first"), member("a", data=b"other"), member("b")])
    for _ in range(2):
        assert files(unpacked(archive, tmp_path / "folder")) == {"a": b"other", "b": b"data"}


def test_only_plain_files_and_copies_of_them_are_written(tmp_path):
    members = [
        member("./dir//set", mode=0o7777),
        member("/absolute"),
        member("soft", tarfile.SYMTYPE, "dir/set"),
        member("chain", tarfile.SYMTYPE, "soft"),
        member("hard", tarfile.LNKTYPE, "absolute"),
        member("out", tarfile.SYMTYPE, "/etc/passwd"),
        member("up", tarfile.SYMTYPE, "../secret"),
        member("round", tarfile.SYMTYPE, "round"),
        member("device", tarfile.CHRTYPE),
        member("pipe", tarfile.FIFOTYPE),
        member("empty", tarfile.DIRTYPE),
    ]
    (tmp_path / "secret").write_text("secret")
    archive = made(tmp_path / "x.tar", members)
    with pytest.warns(UserWarning, match="3 links lead to no file in it"):
        target = unpacked(archive, tmp_path / "folder")
    assert set(files(target)) == {"dir/set", "absolute", "soft", "chain", "hard"}
    assert {(target / name).read_bytes() for name in files(target)} == {b"data"}
    for path in target.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and not mode & 0o7111)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "a/..", ".extracted.json", "./.extracting"])
def test_names_that_lead_out_or_are_ours(tmp_path, name):
    archive = made(tmp_path / "x.tar", [member("good"), member(name)])
    with pytest.raises(DataError, match=r"unsafe: it has a member called|a name that is taken here"):
        unpacked(archive, tmp_path / "folder")
    assert set(os.listdir(tmp_path)) == {"x.tar", "folder"}
    assert set(files(tmp_path / "folder")) == {"good"}


def test_names_in_a_zip_that_lead_out(tmp_path):
    with pytest.raises(DataError, match="leads out of the folder"):
        unpacked(zipped(tmp_path / "x.zip", {"../x": b"1"}), tmp_path / "folder")
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as out:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(info, "/etc/passwd")
        out.writestr("good", b"1")
    with pytest.warns(UserWarning, match="1 symbolic links are left out"):
        assert files(unpacked(tmp_path / "y.zip", tmp_path / "other")) == {"good": b"1"}


def test_a_link_that_lies_there_is_not_followed(tmp_path):
    (tmp_path / "away").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "root").symlink_to(tmp_path / "away")
    with pytest.raises(DataError, match="root is in the way"):
        unpacked(tar(tmp_path / "x.tar", TREE), tmp_path / "folder")
    assert os.listdir(tmp_path / "away") == []


def test_what_others_put_there_is_not_overwritten(tmp_path):
    (tmp_path / "a").write_bytes(b"mine")
    (tmp_path / "z").write_bytes(b"also mine")
    archive = made(tmp_path / "x.tar", [member("b"), member("a", data=b"mine")])
    with pytest.raises(DataError, match=r"a is in the way of .*x.tar: move it away"):
        unpacked(archive, tmp_path)
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_folder_of_another_archive(tmp_path):
    unpacked(made(tmp_path / "x.tar", [member("a", data=b"1")]), tmp_path / "folder")
    other = made(tmp_path / "y.tar", [member("a", data=b"2")])
    with pytest.raises(DataError, match=r"holds what x.tar of \d+ bytes was extracted to, and not .*y.tar"):
        unpacked(other, tmp_path / "folder")
    (tmp_path / "folder" / MARK).write_text("{}")
    with pytest.raises(DataError, match=r"extracted.json is damaged"):
        unpacked(other, tmp_path / "folder")


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_bombs(tmp_path, kind):
    with pytest.raises(DataError, match="unpacks to more than 1,000 bytes, as bombs do"):
        unpacked(MAKERS[kind](tmp_path / "x", TREE), tmp_path / "folder", max_bytes=1000)
    zeros = {str(number): bytes(2**24) for number in range(5)}
    archive = MAKERS["zip" if kind == "zip" else "tar.gz"](tmp_path / "y", zeros)
    with pytest.raises(DataError, match=r"unpacks to more than 67,108,864 bytes"):
        unpacked(archive, tmp_path / "other")


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_an_archive_that_is_cut_gives_what_is_whole_and_is_not_done(tmp_path, kind):
    random = {name: os.urandom(5000) for name in TREE}
    whole = MAKERS[kind](tmp_path / f"x.{kind}", random).read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) * 2 // 3])
    for _ in range(2):
        with pytest.raises(DataError, match="cut or damaged"):
            unpacked(tmp_path / "cut", tmp_path / "folder")
    found = files(tmp_path / "folder")
    assert 2 <= len(found) < len(random)
    assert found.items() <= random.items()


@pytest.mark.parametrize("kind", MAKERS)
def test_a_full_disk_leaves_whole_files_alone(tmp_path, kind):
    large = {"a": b"1" * 1000, "b": os.urandom(300_000)}
    archive = MAKERS[kind](tmp_path / f"x.{kind}", large)
    with no_file_above(200_000), pytest.raises(DataError, match=r"cannot extract .*: File too large"):
        unpacked(archive, tmp_path / "folder")
    assert files(tmp_path / "folder") == {"a": large["a"]}
    assert files(unpacked(archive, tmp_path / "folder")) == large


def test_a_damaged_member_of_a_zip(tmp_path):
    archive = zipped(tmp_path / "x.zip", {"a": b"0123456789" * 9}, zipfile.ZIP_STORED)
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"345", b"543", 1))
    with pytest.raises(DataError, match=r"cannot extract .*x.zip/a: its bytes in the zip are damaged"):
        unpacked(archive, tmp_path / "folder")


def test_what_is_no_archive_leaves_no_mark(tmp_path):
    (tmp_path / "x").write_text("text")
    with pytest.raises(DataError, match="no archive that is read here"):
        unpacked(tmp_path / "x", tmp_path / "folder")
    assert os.listdir(tmp_path / "folder") == []
    with pytest.raises(DataError, match="no such file"):
        unpacked(tmp_path / "missing", tmp_path / "folder")
    with pytest.raises(DataError, match="is no folder to extract into"):
        unpacked(tar(tmp_path / "y.tar", TREE), tmp_path / "x")
