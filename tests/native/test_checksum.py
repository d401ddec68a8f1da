"""CRC-32C: known answers, and the kernel's ways beside each other and beside the package google-crc32c."""

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.native import checksum
from feedline.native.checksum import crc32c
from feedline.native.choice import extension

ISCSI = bytes.fromhex("01c00000" + "0" * 24 + "14000000 00000400 00000014 00000018 28000000 00000000 02000000 00000000")
KNOWN = {
    "nothing": (b"", 0x00000000),
    "zeros": (bytes(32), 0x8A9136AA),
    "ones": (b"\xff" * 32, 0x62A8AB43),
    "counting up": (bytes(range(32)), 0x46DD794E),
    "counting down": (bytes(range(31, -1, -1)), 0x113FDB5C),
    "an iSCSI read command": (ISCSI, 0xD9963A56),
    "digits": (b"123456789", 0xE3069283),
}
"""Of RFC 3720, appendix B.4; and the usual digits."""
PACKAGE = checksum._without
WAYS = {"crc32c": crc32c, "package": PACKAGE}
for name in [] if extension is None else extension.crc32c_names():
    WAYS[name] = lambda data, value=0, name=name: extension.crc32c(data, value, name)
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
NOISE = np.random.default_rng(5).integers(0, 256, 1 << 14, dtype=np.uint8)


@every_way
@pytest.mark.parametrize("known", KNOWN)
def test_known_answers(way, known):
    data, answer = KNOWN[known]
    assert way(data) == answer


@every_way
@given(start=st.integers(0, 70), size=st.one_of(st.integers(0, 900), st.integers(0, 9000)), share=st.floats(0, 1))
def test_all_ways_agree_wherever_the_bytes_begin_and_wherever_they_are_cut(way, start, size, share):
    data = NOISE[start : start + size]
    cut = int(size * share)
    whole = google_crc32c.value(data.tobytes())
    assert way(data) == whole
    assert way(data[cut:], way(data[:cut])) == whole


@every_way
def test_around_the_lengths_where_the_kernel_changes_its_way(way):
    for size in (7, 8, 9, 767, 768, 769, 775, 776, 1535, 1536, 1544, 4096, 4097):
        assert way(NOISE[3 : 3 + size], 77) == google_crc32c.extend(77, NOISE[3 : 3 + size].tobytes()), size


@every_way
@pytest.mark.parametrize("made", [bytes, bytearray, memoryview, np.array], ids=lambda made: made.__name__)
def test_whatever_lies_in_one_piece_is_taken(way, made):
    numbers = np.arange(12, dtype=np.int32).reshape(3, 4)
    data = numbers if made is np.array else made(numbers.tobytes())
    assert way(data) == google_crc32c.value(numbers.tobytes())


@every_way
def test_bytes_that_do_not_lie_in_one_piece_are_refused(way):
    with pytest.raises((BufferError, ValueError), match="contiguous"):
        way(NOISE[::2])
    with pytest.raises(BufferError, match="contiguous"):
        way(memoryview(bytes(9))[::3])


@every_way
@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_value_that_is_no_crc_is_refused(way, value):
    with pytest.raises(ValueError, match=rf"has to be 0 to 2\*\*32 - 1, found {value}"):
        way(b"a", value)


@pytest.mark.skipif(extension is None, reason="no kernel here")
def test_a_way_that_this_processor_cannot_go_is_refused():
    with pytest.raises(ValueError, match='is called "abacus"'):
        extension.crc32c(b"a", 0, "abacus")
    assert extension.crc32c_names()[-1] == "plain"
