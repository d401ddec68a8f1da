"""Images in tar and zip archives, read where they lie."""

from __future__ import annotations

import errno
import json
import operator
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.errors import DataError, DecodeError
from feedline.sources import tar, webdataset
from feedline.sources.archive_index import SIDES, VERSION, Shard, build, clean
from feedline.sources.compressed import CompressedReader, is_compressed
from feedline.sources.convert import converted
from feedline.sources.member import Member
from feedline.sources.problems import Finding
from feedline.sources.reader import FileReader, Reader
from feedline.sources.saved import SavedArrays, saved
from feedline.sources.unpack import read_member
from feedline.sources.url_reader import UrlReader, is_url
from feedline.sources.zip import is_zip
from feedline.types import Record, Spec

MAX_BYTES = 2**29
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_MOST_SHARDS = 100_000
_PARTS = ("image", *SIDES)
_CUT = re.compile(r"it is cut|is cut:|damaged or cut")  # among what there is to tell of an archive


class ArchiveSource:
    """Encoded images in tar or zip archives, read by place without extraction; what an archive is, its bytes say.

    The archive is scanned once; the index is kept in the user's cache until the archive is changed or replaced.
    Classes, in this order: WebDataset's ``KEY.cls`` (a number or a name) or the "label" in ``KEY.json``
    beside ``KEY.jpg``; else the first folder below the one that holds all images (``root/CLASS/x.png`` or
    ``CLASS/x.png``); else there are none, and every label is UNLABELLED. ``KEY.json`` and ``KEY.txt`` are in
    ``extra["json"]`` and ``extra["txt"]`` of the record, and what is named as a mask (``KEY.seg.png``,
    ``KEY.mask.png``, also .npy and .tif) is its ``mask``. Images are in the order of their class folder and name,
    whatever the order in the archive; names that begin with a dot are passed over. Names are never paths on this
    machine: nothing is extracted.

    A ``.tar.gz`` (also bzip2 and xz) can only be read onward: random access is right and slow, which a warning says,
    unless ``convert`` unpacks it once into the user's cache.

    Args:
        path: the archive, a list of shards, or a pattern of shards, such as "train-{000..003}.tar"; a file or a URL,
            which is read by range.
        classes: names of the classes, where files beside the images say them as numbers.
        folder: only what lies below this folder in the archive, whose class folders are then directly in it.
        convert: whether compressed tars are unpacked in the user's cache.
        max_bytes: the most that one image may have, in bytes; one that was more than 200 times smaller in a zip may
            have an eighth of that, or 64 MiB if that is more.
        storage_options: what fsspec shall know where the archive is behind a URL.

    Raises:
        DataError: no such file, no archive, no image in it, splits in place of classes, or no room to convert.
    """

    has_files = False
    groups = None
    spec = Spec(None, None, None)

    def __init__(
        self,
        path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        classes: Sequence[str] | None = None,
        folder: str = "",
        convert: bool = False,
        max_bytes: int = MAX_BYTES,
        storage_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.files = _files(path)
        self.max_bytes = max_bytes
        shards = [_shard(file, convert, storage_options) for file in self.files]
        self._readers: list[Reader] = [shard.reader for shard in shards]
        folder = clean(folder.rstrip("/"))
        self._index = _saved_index(shards, folder)
        words = json.loads(self._index["words"].tobytes())
        self.classes: list[str] = _class_names(self.files[0], words["classes"], classes)
        self._notes: list[str] = words["notes"]
        for note in self._notes:
            warnings.warn(note, stacklevel=4)

    @property
    def problems(self) -> list[Finding]:
        """Where the archive is cut or damaged: what lay behind that is in no sample."""
        return [Finding(self.files[0], None, "truncated", note) for note in self._notes if _CUT.search(note)]

    @property
    def targets(self) -> NDArray[np.int64]:
        return self._index["label"]

    def __len__(self) -> int:
        return len(self.targets)

    def path(self, index: int) -> str:
        return self._place(self._row(index))

    def _place(self, row: int) -> str:
        """Of an image, or of a mask, whose rows lie behind those of the images."""
        return f"{self.files[self._index['members'][row, 0]]}/{self._name(row)}"

    def __getitem__(self, index: int) -> Record:
        row = self._row(index)
        try:
            return self._record(row)
        except DecodeError as error:
            raise error.at(self.path(row), row) from error
        except OSError as error:
            cause = error.strerror or str(error)
            raise DecodeError(cause, "unreadable", path=self.path(row), index=row) from error

    def read_batch(self, indices: Sequence[int]) -> list[Record]:
        """The records in the order of ``indices``, read in the order of the archives."""
        rows = [self._row(index) for index in indices]
        order = np.lexsort(self._index["members"][np.array(rows, np.intp)][:, 1::-1].T).tolist()
        found = {place: self[rows[place]] for place in order}
        return [found[place] for place in range(len(rows))]

    def _record(self, row: int) -> Record:
        """The parts that lie first in the archive are read first."""
        rows = [row, *self._index["sides"][row].tolist()]
        members = {part: self._member(place) for part, place in zip(_PARTS, rows, strict=False) if place >= 0}
        found = {part: self._read(*members[part]) for part in sorted(members, key=lambda part: members[part][1].start)}
        extra: dict[str, Any] = {}
        if "json" in found:
            extra["json"] = webdataset.read_json(found["json"])
        if "txt" in found:
            extra["txt"] = webdataset.read_text(found["txt"])
        if "mask" in found:
            extra["mask_path"] = self._place(self._index["sides"][row, SIDES.index("mask")])
        return Record(found["image"], int(self.targets[row]), self.path(row), mask=found.get("mask"), extra=extra)

    def _member(self, row: int) -> tuple[int, Member]:
        shard, *where = self._index["members"][row].tolist()
        return shard, Member("", *where)

    def _read(self, shard: int, member: Member) -> bytes:
        try:
            return read_member(self._readers[shard], member, self.max_bytes)
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
        for reader in self._readers:  # more shards than files may be open: begin again with none
            reader.close()
        return read_member(self._readers[shard], member, self.max_bytes)

    def _row(self, index: int) -> int:
        row = operator.index(index)
        if not 0 <= row < len(self):
            raise IndexError(f"no image {row} among {len(self)}")
        return row

    def _name(self, row: int) -> str:
        ends = self._index["ends"]
        start = ends[row - 1] if row else 0
        return self._index["names"][start : ends[row]].tobytes().decode("utf-8", "surrogateescape")

    def __repr__(self) -> str:
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"ArchiveSource({self.files[0]!r}{more})"


def expand(pattern: str) -> list[str]:
    """The names that "a-{000..003}.tar" stands for; numbers have as many digits as the first one is written with."""
    found = _RANGE.search(pattern)
    if found is None:
        return [pattern]
    first, last, width = int(found[1]), int(found[2]), len(found[1])
    rest = expand(pattern[found.end() :])
    if not 1 <= (last - first + 1) * len(rest) <= _MOST_SHARDS:
        raise DataError(f"a pattern of shards must stand for 1 to {_MOST_SHARDS:,} files: {pattern}")
    head = pattern[: found.start()]
    return [f"{head}{number:0{width}}{tail}" for number in range(first, last + 1) for tail in rest]


def _files(path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    """The shards, absolute; a pattern is one only where no file has its name."""
    if not isinstance(path, str | os.PathLike):
        found = [file for part in path for file in _files(part)]
        if not found:
            raise DataError("a list of archives must name at least one, and it is empty")
        return found
    name = os.fspath(path)
    names = [name] if os.path.exists(name) else expand(name)
    return [file if is_url(file) else os.path.abspath(file) for file in names]


def _shard(file: str, convert: bool, options: Mapping[str, Any] | None) -> Shard:
    """The archive at a path or URL, by what its first bytes say."""
    try:
        reader = UrlReader(file, options) if is_url(file) else FileReader(file)
        head = reader.read(0, tar.BLOCK)
        reader.close()
        if is_compressed(head):
            return _compressed(file, convert)
    except FileNotFoundError as error:
        raise DataError(f"no such file: {file}") from error
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror or error}") from error
    zipped = is_zip(head)
    if not zipped and not tar.is_tar(head):
        raise DataError(f"{file} is no archive that is read here ({len(head)} bytes begin it): expected a tar or a zip")
    return Shard(reader, zipped)


def _compressed(file: str, convert: bool) -> Shard:
    if is_url(file):
        raise DataError(f"{file} is compressed as a whole, and no range of it can be read: copy it here, or unpack it")
    if convert:
        return Shard(FileReader(converted(file)), False)
    warnings.warn(
        f"{file} is compressed as a whole: it can only be read onward, and random access begins anew again and again. "
        "Open it with convert=True to unpack it once into the cache, or unpack it yourself (gunzip, bunzip2, unxz)",
        stacklevel=6,
    )
    return Shard(CompressedReader(file), False, known=False)


def _saved_index(shards: Sequence[Shard], folder: str) -> SavedArrays:
    what = json.dumps(["archive", folder, *(shard.reader.name for shard in shards)])
    stamp = json.dumps([VERSION, *(shard.reader.state() for shard in shards)])
    try:
        return saved(what, stamp, lambda: build(shards, folder))
    except OSError as error:
        raise DataError(f"cannot read {error.filename or shards[0].reader.name}: {error.strerror or error}") from error


def _class_names(file: str, found: list[str], given: Sequence[str] | None) -> list[str]:
    if given is None:
        return found
    if found != [str(number) for number in range(len(found))] or len(given) < len(found):
        shown = ", ".join(found[:5]) or "none"
        raise DataError(
            f"classes can be named where labels are numbers, one name for each: {len(given)} names are given, "
            f"and the classes of {file} are {len(found)}: {shown}"
        )
    return list(given)
