"""The bytes of one member."""

from __future__ import annotations

from feedline.errors import DecodeError
from feedline.sources.member import PLAIN, SPARSE, Member
from feedline.sources.reader import Readable
from feedline.sources.zip import read_packed


def read_member(bytes_at: Readable, member: Member, limit: int) -> bytes:
    """All bytes of a member, of a tar or a zip.

    Raises:
        DecodeError: it has more than ``limit`` bytes, is stored in a way that is not read, or is damaged.
        OSError: the archive cannot be read.
    """
    if member.method == SPARSE:
        raise DecodeError("it is stored sparse in the tar: pack it again without --sparse", "unsupported")
    if max(member.size, member.packed) > limit:
        raise DecodeError(
            f"it has {max(member.size, member.packed):,} bytes and the limit is {limit:,}: open the archive with "
            "a larger max_bytes if you trust it",
            "too large",
        )
    if member.method != PLAIN:
        return read_packed(bytes_at, member)
    data = bytes_at.read(member.start, member.size)
    if len(data) < member.size:
        raise DecodeError(f"the archive ends after {len(data):,} of its {member.size:,} bytes", "truncated")
    return data
