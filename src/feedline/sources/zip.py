"""The members of a zip: its directory by zipfile, its bytes by place."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator

from feedline.errors import DataError, DecodeError
from feedline.sources.member import ENCRYPTED, Member
from feedline.sources.reader import Readable, Reader

_HEADER = 30
_SLACK = 1024
"""What is read beyond the header and the bytes, for the name and the extra field between them."""
_PIECE, _STEP = 2**20, 2**24
"""How many packed bytes are unpacked at a time, and to how many."""
_MAGIC = b"PK\3\4"
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz"}


def is_zip(head: bytes) -> bool:
    return head[:4] in (_MAGIC, b"PK\5\6")


def scan(reader: Reader, notes: list[str]) -> Iterator[Member]:
    """The members in the order of the directory; symbolic links are passed over and go to ``notes``.

    Raises:
        DataError: not a zip, or one without its directory.
    """
    try:
        with zipfile.ZipFile(_File(reader)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise DataError(
            f"cannot read {reader.name} as a zip: {error} (a zip's directory lies at its end: where it was cut, "
            "'zip -FF' may mend it)"
        ) from error
    links = 0
    for entry in entries:
        if stat.S_ISLNK(entry.external_attr >> 16):
            links += 1
        elif not entry.filename.endswith("/"):
            method = ENCRYPTED if entry.flag_bits & 1 else entry.compress_type
            sizes = (entry.header_offset, entry.file_size, entry.compress_size)
            yield Member(_slashed(entry.filename), *sizes, method, entry.CRC)
    if links:
        notes.append(f"{reader.name}: {links} symbolic links are left out")


def _slashed(name: str) -> str:
    """The name with folders told apart as they should be: some programs write backslashes."""
    return name if "/" in name else name.replace("\\", "/")


def read_packed(bytes_at: Readable, member: Member) -> bytes:
    """The bytes of a stored or deflated member, checked.

    Raises:
        DecodeError: the bytes are not what the directory says they are, or packed in another way.
    """
    if member.method == ENCRYPTED:
        raise DecodeError("it is encrypted in the zip: pack it again without a password", "unsupported")
    if member.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        name = _METHODS.get(member.method, f"method {member.method}")
        raise DecodeError(f"packed by {name} in the zip: pack it stored or deflated", "unsupported")
    packed = _packed(bytes_at, member)
    data = packed if member.method == zipfile.ZIP_STORED else _inflated(packed, member.size)
    if len(data) != member.size:
        raise DecodeError(f"{len(data):,} bytes in the zip where its directory says {member.size:,}", "corrupt")
    if zlib.crc32(data) != member.crc:
        raise DecodeError("its bytes in the zip are damaged: the checksum (CRC-32) is another", "corrupt")
    return data


def _packed(bytes_at: Readable, member: Member) -> bytes:
    found = bytes_at.read(member.start, _HEADER + _SLACK + member.packed)
    if found[:4] != _MAGIC or len(found) < _HEADER:
        raise DecodeError("the zip's directory leads to a place where no member begins", "corrupt")
    begin = _HEADER + int.from_bytes(found[26:28], "little") + int.from_bytes(found[28:30], "little")
    if begin > _HEADER + _SLACK:
        found, begin = bytes_at.read(member.start + begin, member.packed), 0
    packed = found[begin : begin + member.packed]
    if len(packed) < member.packed:
        raise DecodeError("the zip ends within its bytes", "truncated")
    return packed


def _inflated(packed: bytes, size: int) -> bytes:
    """What the bytes unpack to, and never more than one byte beyond what was declared."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    out = io.BytesIO()  # grows in place and hands out its bytes without a copy: zlib joins pieces, and needs twice
    try:
        for place in range(0, len(packed), _PIECE):
            piece = packed[place : place + _PIECE]
            while piece and out.tell() <= size:
                out.write(inflate.decompress(piece, min(_STEP, size + 1 - out.tell())))
                piece = inflate.unconsumed_tail
        if not inflate.unconsumed_tail:
            out.write(inflate.flush())
    except zlib.error as error:
        raise DecodeError(f"its bytes in the zip are damaged: {error}", "corrupt") from error
    if out.tell() > size:
        raise DecodeError(f"it unpacks to more than the {size:,} bytes that the zip declares", "too large")
    return out.getvalue()


class _File(io.RawIOBase):
    """A reader as the file that zipfile wants."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._place = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place = offset + (0, self._place, self._reader.size)[whence]
        if place < 0:
            raise OSError("a place before the beginning")
        self._place = place
        return place

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._reader.size - self._place)
        data = self._reader.read(self._place, left if size < 0 else min(size, left))
        self._place += len(data)
        return data
