"""sources/unpack.py: what one member gives."""

import pytest

from feedline.errors import DecodeError
from feedline.sources.member import ENCRYPTED, SPARSE, Member
from feedline.sources.unpack import read_member


class Bytes:
    def __init__(self, data):
        self.data = data

    def read(self, start, length):
        return self.data[start : start + length]


def test_a_plain_member_is_its_bytes():
    assert read_member(Bytes(b"0123456789"), Member("a", 2, 5, 5), 5) == b"23456"


@pytest.mark.parametrize(
    ("member", "kind", "words"),
    [
        (Member("a", 2, 5, 5, SPARSE), "unsupported", "stored sparse"),
        (Member("a", 2, 7, 5), "too large", "7 bytes and the limit is 6"),
        (Member("a", 2, 5, 7, 8), "too large", "7 bytes and the limit is 6"),
        (Member("a", 2, 2**26 + 1, 1, 8), "too large", "67,108,865 bytes and the limit is 6"),
        (Member("a", 8, 5, 5), "truncated", "the archive ends after 2 of its 5 bytes"),
        (Member("a", 2, 5, 5, ENCRYPTED), "unsupported", "encrypted"),
        (Member("a", 2, 5, 5, 0), "corrupt", "where no member begins"),
    ],
)
def test_what_cannot_be_read_says_why(member, kind, words):
    with pytest.raises(DecodeError, match=words) as caught:
        read_member(Bytes(b"0123456789"), member, 6)
    assert caught.value.kind == kind


def test_what_is_packed_as_bombs_are_is_refused_before_it_is_read():
    bomb = Member("a", 0, 500_000_000, 486_000, 8)
    with pytest.raises(DecodeError, match=r"486,000 bytes unpack to 500,000,000, .* max_bytes=4000000000") as caught:
        read_member(Bytes(b""), bomb, 2**29)
    assert caught.value.kind == "too large"
    for member, limit in [
        (bomb, 4_000_000_000),
        (bomb._replace(packed=2_500_000), 2**29),
        (bomb._replace(size=2**26), 2**29),
    ]:
        with pytest.raises(DecodeError, match="no member begins"):
            read_member(Bytes(b""), member, limit)
