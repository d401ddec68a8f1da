"""One file in an archive."""

from __future__ import annotations

from typing import NamedTuple

PLAIN = -1
"""The method of a member whose bytes lie in the archive as they are."""
SPARSE = -2
ENCRYPTED = -3


class Member(NamedTuple):
    """Where a member lies and how.

    Attributes:
        name: as the archive has it.
        start: the place of its bytes; in a zip, of its header.
        size: its bytes.
        packed: how many bytes it takes in the archive.
        method: PLAIN, SPARSE or ENCRYPTED, or zip's number of the compression.
        crc: its CRC-32, in a zip.
        link: the name of the member that it stands for, or empty.
    """

    name: str
    start: int
    size: int
    packed: int
    method: int = PLAIN
    crc: int = 0
    link: str = ""
