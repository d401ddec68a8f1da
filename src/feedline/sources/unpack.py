"""The bytes of one member."""

from __future__ import annotations

from feedline.errors import DecodeError
from feedline.sources.member import PLAIN, SPARSE, Member
from feedline.sources.reader import Readable
from feedline.sources.zip import read_packed

_RATIO = 200
"""How much larger than its packed bytes a large member may be: pictures are far below, bombs far above."""
_UNSUSPECTED = 2**26
"""How large a member may be that is packed more than that (64 MiB), or the eighth of the limit if that is more."""
_SHARE = 8


def read_member(bytes_at: Readable, member: Member, limit: int) -> bytes:
    """All bytes of a member, of a tar or a zip.

    Raises:
        DecodeError: it has more than ``limit`` bytes or is packed as bombs are, is stored in a way that is not read, or
            is damaged.
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
    if member.size > max(_UNSUSPECTED, limit // _SHARE, _RATIO * member.packed):
        raise DecodeError(
            f"its {member.packed:,} bytes unpack to {member.size:,}, more than {_RATIO} times as many, as those of "
            f"bombs do: open the archive with max_bytes={_SHARE * member.size} if you trust it",
            "too large",
        )
    if member.method != PLAIN:
        return read_packed(bytes_at, member)
    data = bytes_at.read(member.start, member.size)
    if len(data) < member.size:
        raise DecodeError(f"the archive ends after {len(data):,} of its {member.size:,} bytes", "truncated")
    return data
