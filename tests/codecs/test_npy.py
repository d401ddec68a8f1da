"""codecs/npy.py: files that NumPy writes."""

import io

import numpy as np
import pytest

from feedline.codecs import decode, probe
from feedline.errors import DecodeError
from feedline.types import Header


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def numbers(*shape, dtype="uint8"):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int64", ">u2", "float16", "float32", ">f8"])
@pytest.mark.parametrize(("shape", "channels"), [((3, 5), 1), ((5, 6, 1), 1), ((5, 6, 2), 2), ((5, 6, 4), 4)])
def test_numbers_are_as_written(dtype, shape, channels):
    array = numbers(*shape, dtype=dtype)
    image = decode(npy(array), "unchanged")
    assert np.array_equal(image, array.reshape(*shape[:2], channels))
    assert image.dtype == np.dtype(dtype).newbyteorder("=")
    assert probe(npy(array)) == Header("npy", shape[1], shape[0], channels, 8 * array.itemsize)


def test_channels_may_come_first_where_they_cannot_come_last():
    array = numbers(3, 7, 9)
    assert np.array_equal(decode(npy(array)), array.transpose(1, 2, 0))
    assert decode(npy(numbers(3, 7, 3))).shape == (3, 7, 3)


@pytest.mark.parametrize(("shape", "found"), [((40, 50, 5), (40, 50, 5)), ((12, 40, 50), (40, 50, 12))])
def test_there_may_be_more_channels_than_colours(shape, found):
    array = numbers(*shape)
    assert np.array_equal(decode(npy(array), "unchanged"), array if found == shape else array.transpose(1, 2, 0))
    header = probe(npy(array))
    assert (header.height, header.width, header.channels) == found
    with pytest.raises(DecodeError, match=r"and it has (5|12)"):
        decode(npy(array), "RGB")


def test_the_first_index_may_run_fastest():
    array = np.asfortranarray(numbers(4, 6, 3))
    assert np.array_equal(decode(npy(array)), array)


def test_truth_is_black_and_white():
    assert decode(npy(np.array([[True, False]])), "L").tolist() == [[[255], [0]]]


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (numbers(5), r"shape \(5,\) is no picture"),
        (numbers(50, 60, 70), r"shape \(50, 60, 70\) is no picture"),
        (numbers(2, 5, 6, 3), "is no picture"),
        (np.array([["a", "b"]]), "npy of <U1 is not read"),
        (numbers(2, 2).astype(complex), "npy of complex128"),
    ],
)
def test_what_is_no_picture_is_unsupported(array, words):
    with pytest.raises(DecodeError, match=words) as caught:
        decode(npy(array))
    assert caught.value.kind == "unsupported"


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a file was unpickled",))


def test_objects_are_not_unpickled():
    with pytest.raises(DecodeError, match="npy of object is not read") as caught:
        decode(npy(np.array([[Trap()]], object), allow_pickle=True))
    assert caught.value.kind == "unsupported"


def test_a_file_that_ends_early_is_truncated_and_its_rows_can_be_had():
    data = npy(numbers(4, 6))
    with pytest.raises(DecodeError, match="6 bytes are missing") as caught:
        decode(data[:-6], "L")
    assert caught.value.kind == "truncated"
    assert decode(data[:-6], "L", truncated="accept")[:, :, 0].tolist() == [*numbers(3, 6).tolist(), [0] * 6]
    with pytest.raises(DecodeError) as caught:
        decode(data[:40])
    assert caught.value.kind == "truncated"


def test_a_claim_of_much_is_refused_before_memory_is_taken():
    stream = io.BytesIO()
    claim = {"descr": "|u1", "fortran_order": False, "shape": (99999, 99999)}
    np.lib.format.write_array_header_1_0(stream, claim)
    with pytest.raises(DecodeError) as caught:
        decode(stream.getvalue(), truncated="accept")
    assert caught.value.kind == "too large"


def test_no_pixels_are_corrupt():
    with pytest.raises(DecodeError, match="has no pixels") as caught:
        decode(npy(np.zeros((0, 5), np.uint8)))
    assert caught.value.kind == "corrupt"


def test_a_header_of_words_is_corrupt():
    data = npy(numbers(40, 60)).replace(b"'descr'", b"__imp__")
    with pytest.raises(DecodeError) as caught:
        decode(data)
    assert caught.value.kind == "corrupt"


@pytest.mark.parametrize("shape", ["(-5, -5, 3)", "(-5, 5)", "(True, 5)"])
def test_a_shape_that_is_none(shape):
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    data = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(100)
    with pytest.raises(DecodeError) as error:
        decode(data)
    assert error.value.kind == "corrupt"
