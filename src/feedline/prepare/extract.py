"""The files of an archive, unpacked into a folder."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from feedline._atomic import write_whole
from feedline.errors import DataError, DecodeError
from feedline.prepare.digest import sha256_of
from feedline.prepare.locked import locked
from feedline.prepare.target_folder import PART, TargetFolder
from feedline.sources import tar
from feedline.sources.archive_index import clean
from feedline.sources.compressed import CompressedReader, is_compressed
from feedline.sources.convert import LIMIT
from feedline.sources.member import PLAIN, Member
from feedline.sources.reader import FileReader, Reader, Window
from feedline.sources.unpack import read_member
from feedline.sources.zip import is_zip
from feedline.sources.zip import scan as scan_zip

MARK = ".extracted.json"
"""What says that a folder holds an archive, and whether all of it."""
_BUSY = ".extracting"
_RATIO, _UNSUSPECTED = 200, 2**26
"""How much larger all files may be than the archive, where they are more than 64 MiB: pictures are far below."""
_LARGEST_PACKED = 2**32
"""Bytes of a zip's member, which is unpacked in memory."""
_STEP = 2**20
_MOST_LINKS = 16


def extract(
    archive: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    progress: bool = True,
    max_bytes: int = LIMIT,
    max_ratio: float = _RATIO,
) -> Path:
    """The folder with the archive's files: unpacked now, or found there from before.

    A tar (also .gz, .bz2, .xz) or a zip; its bytes say which. Each file is whole or absent; what an earlier run left is
    kept, and a folder that holds all of this very archive is left alone. Nothing is written outside of the folder,
    and only regular files with the usual rights: links become copies of what they lead to in the archive; devices,
    pipes and empty folders are left out, and a name that leads out of the folder ends it. What lies in the folder and
    was not extracted from this archive is never overwritten.

    Args:
        archive: the file.
        target: the folder; made where it is not there.
        progress: shows a bar where standard error is a terminal.
        max_bytes: of all files together.
        max_ratio: of all files together to the archive, where they are more than 64 MiB.

    Raises:
        DataError: no such file or no archive, one that is cut, damaged or unsafe, more than the limits, a file in the
            way, a full disk, or another process that extracts there.
    """
    source, folder = Path(archive), Path(target)
    if not source.is_file():
        raise DataError(f"no such file: {source.absolute()}")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is no folder to extract into: move it away, or name another")
    folder.mkdir(parents=True, exist_ok=True)
    about = {"archive": source.name, "size": source.stat().st_size, "sha256": sha256_of(source, progress=progress)}
    with locked(folder / _BUSY, f"extracting into {folder}"):
        begun = _begun(folder, source, about)
        if begun is not None and begun["files"] is not None and _holds(folder, begun["files"], begun["bytes"]):
            return folder
        reader, zipped = _opened(source)
        if begun is None:
            write_whole(folder / MARK, json.dumps({**about, "files": None, "bytes": None}))
        (folder / PART).unlink(missing_ok=True)
        most = min(max_bytes, max(_UNSUSPECTED, int(max_ratio * source.stat().st_size)))
        out = TargetFolder(folder, source, most, begun is not None)
        try:
            _unpack(reader, zipped, out, progress)
        except OSError as error:
            raise DataError(f"cannot extract {source} into {folder}: {error.strerror or error}") from error
        finally:
            reader.close()
            (folder / PART).unlink(missing_ok=True)
        write_whole(folder / MARK, json.dumps({**about, "files": len(out.written), "bytes": sum(out.written.values())}))
    return folder


def _begun(folder: Path, source: Path, about: dict[str, object]) -> dict[str, Any] | None:
    """What the folder's mark says of this archive, None where it has none."""
    try:
        found: dict[str, Any] = json.loads((folder / MARK).read_bytes())
        known = [found[name] for name in ("archive", "size", "sha256", "files", "bytes")]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder / MARK} is damaged: extract into another folder, or remove this one") from error
    if found["sha256"] != about["sha256"]:
        raise DataError(
            f"{folder} holds what {known[0]} of {known[1]} bytes was extracted to, and not {source} of "
            f"{about['size']} bytes: extract into another folder, or remove this one"
        )
    return found


def _holds(folder: Path, files: int, size: int) -> bool:
    """Whether so many files and bytes are below the folder, at least: power that went may have left empty files."""
    found = [entry for entry in _entries(folder) if entry.name not in (MARK, _BUSY, PART)]
    return len(found) >= files and sum(entry.stat(follow_symlinks=False).st_size for entry in found) >= size


def _entries(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
            else:
                yield entry


def _unpack(reader: Reader, zipped: bool, out: TargetFolder, progress: bool) -> None:
    source, window, notes = out.source, Window(reader), list[str]()
    members = scan_zip(reader, notes) if zipped else tar.scan(window, reader.name, notes)
    links: dict[str, str] = {}
    bar = tqdm(members, f"extracting {source.name}", unit=" files", disable=None if progress else True)
    for member in bar:
        name = _safe(member.name, source)
        if member.link:
            links[name] = clean(member.link)
        else:
            links.pop(name, None)  # the later one of a name counts
            out.write(name, member.size, _bytes_of(window, member, f"{source}/{member.name}"))
    if not zipped and (notes or reader.damage):
        raise DataError(f"{source} is cut or damaged, {len(out.written):,} files came out: {reader.damage or notes[0]}")
    _link(links, out, notes)
    for note in notes:
        warnings.warn(note, stacklevel=3)


def _opened(source: Path) -> tuple[Reader, bool]:
    """The archive's bytes, unpacked where all of it is packed, and whether it is a zip."""
    reader: Reader = FileReader(source)
    head = reader.read(0, tar.BLOCK)
    if is_compressed(head):
        reader.close()
        reader = CompressedReader(source)
        head = reader.read(0, tar.BLOCK)
    elif is_zip(head):
        return reader, True
    if not tar.is_tar(head):
        reader.close()
        raise DataError(f"{source} is no archive that is read here: expected a tar (.gz, .bz2, .xz) or a zip")
    return reader, False


def _safe(name: str, source: Path) -> str:
    """The member's name below the folder; what would lead out of it, and our own names, are refused."""
    found = clean(name)
    parts = found.split("/")
    if not found or ".." in parts or "\0" in found:
        raise DataError(f"{source} is unsafe: it has a member called {name!r}, which leads out of the folder")
    if found in (MARK, _BUSY, PART):
        raise DataError(f"{source} has a member of a name that is taken here: {name!r}")
    return found


def _bytes_of(window: Window, member: Member, name: str) -> Iterator[bytes]:
    """The member's bytes in pieces; those of a packed one at once, checked."""
    if member.method != PLAIN:
        try:
            yield read_member(window, member, _LARGEST_PACKED)
        except DecodeError as error:
            raise DataError(f"cannot extract {name}: {error.cause}") from error
        return
    for place in range(0, member.size, _STEP):
        wanted = min(_STEP, member.size - place)
        piece = window.read(member.start + place, wanted)
        if len(piece) < wanted:
            raise DataError(f"cannot extract {name}: the archive is cut or damaged within it")
        yield piece


def _link(links: dict[str, str], out: TargetFolder, notes: list[str]) -> None:
    """Writes copies of what links lead to; one that leads to no file of the archive is left out."""
    lost = []
    for name, target in links.items():
        for _ in range(_MOST_LINKS):
            if target not in links:
                break
            target = links[target]
        if target in out.written:
            out.copy(target, name)
        else:
            lost.append(name)
    if lost:
        notes.append(f"{out.source}: {len(lost)} links lead to no file in it and are left out, such as {lost[0]!r}")
