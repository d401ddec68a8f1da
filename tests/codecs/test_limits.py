"""codecs/limits.py: to the pixel and to the byte."""

import pytest

from feedline.codecs.limits import check_limits
from feedline.errors import DecodeError
from feedline.types import Header


@pytest.mark.parametrize(
    ("header", "channels", "itemsize", "size"),
    [
        (Header("png", 10, 20, 1, 1), 1, 1, 200),
        (Header("png", 10, 20, 1, 8), 3, 1, 600),
        (Header("png", 10, 20, 4, 8), 3, 1, 800),
        (Header("png", 10, 20, 3, 16), 3, 1, 1200),
        (Header("png", 10, 20, 1, 8), 1, 4, 800),
        (Header("tiff", 10, 20, 3, 32), 3, 2, 2400),
    ],
)
def test_the_larger_of_what_is_stored_and_what_is_asked_for_counts(header, channels, itemsize, size):
    check_limits(header, channels, itemsize, 200, size)
    words = f"10 x 20 pixels take {size} bytes decoded, more than max_bytes={size - 1}; raise that limit"
    with pytest.raises(DecodeError, match=words) as caught:
        check_limits(header, channels, itemsize, 200, size - 1)
    assert caught.value.kind == "too large"
    with pytest.raises(DecodeError, match="10 x 20 pixels are more than max_pixels=199; raise that limit") as caught:
        check_limits(header, channels, itemsize, 199, size)
    assert caught.value.kind == "too large"
