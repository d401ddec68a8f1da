import fsspec
import pytest

from feedline.errors import DecodeError
from feedline.store.view import view_of


@pytest.fixture(params=["path", "url"])
def place(request, tmp_path):
    """A file of 1000 bytes, on a disk and behind a URL."""
    if request.param == "path":
        (tmp_path / "x").write_bytes(bytes(range(250)) * 4)
        yield str(tmp_path / "x")
        return
    system = fsspec.filesystem("memory")
    system.pipe("/viewed", bytes(range(250)) * 4)
    yield "memory://viewed"
    system.rm("/viewed")


def test_what_was_brought_is_in_memory(place):
    view = view_of(place, 1000, None)
    view.bring([(10, 20), (990, 1000)])
    assert bytes(memoryview(view.memory)[10:20]) == bytes(range(10, 20))
    assert bytes(memoryview(view.memory)[990:]) == bytes(range(240, 250))
    assert len(memoryview(view.memory)) == 1000


def test_image_bytes(place):
    assert view_of(place, 1000, None).image(250, 3) == b"\0\1\2"


@pytest.mark.parametrize(("first", "length"), [(995, 6), (1000, 1), (2**40, 5), (2**70, 5), (-5, 10)])
def test_what_lies_outside_is_a_decode_error(place, first, length):
    with pytest.raises(DecodeError):
        view_of(place, 1000, None).image(first, length)


@pytest.mark.parametrize("size", [0, 999, 1001, 2**40])
def test_another_size_is_a_decode_error(place, size):
    with pytest.raises(DecodeError, match="must have"):
        view_of(place, size, None)


def test_an_empty_file_is_a_decode_error(tmp_path):
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(DecodeError, match="cannot be mapped"):
        view_of(str(tmp_path / "x"), 0, None)


def test_no_file_is_a_decode_error(tmp_path):
    for place in (str(tmp_path / "x"), f"file://{tmp_path}/x"):
        with pytest.raises(DecodeError):
            view_of(place, 1000, None)
