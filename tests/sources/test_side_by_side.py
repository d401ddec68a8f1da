"""sources/side_by_side.py on real folders."""

import pytest
from contracts.source import SourceContract
from headersize import size_of
from imagebytes import encode, picture

from feedline.errors import DataError
from feedline.sources import FolderSource
from feedline.sources.side_by_side import SideBySide

PICTURES = {name: encode(picture(width=8, height=4, seed=seed), "PNG") for seed, name in enumerate("1234")}


@pytest.fixture
def root(tmp_path):
    for name, data in PICTURES.items():
        folder = tmp_path / "root" / "ab"[name > "2"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(data)
    return tmp_path / "root"


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, root):
        return SideBySide(root)

    @pytest.fixture
    def contents(self):
        return [(data, int(name > "2")) for name, data in PICTURES.items()]


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_records_tell_the_direction(root, direction):
    source = SideBySide(FolderSource(root), direction)
    assert [record.extra for record in source.read_batch([0, 3])] == [{"side_by_side": direction}] * 2
    assert source[1].extra == {"side_by_side": direction}


def test_an_unknown_direction(root):
    with pytest.raises(ValueError, match='"AtoB" or "BtoA", not \'AB\''):
        SideBySide(root, "AB")


def test_widths_are_looked_at_where_a_reader_of_headers_is_given(root):
    assert len(SideBySide(root, size_of=size_of)) == 4
    (root / "a" / "2.png").write_bytes(encode(picture(width=7, height=4), "PNG"))
    (root / "b" / "3.png").write_bytes(b"")
    assert len(SideBySide(root)) == 4
    with pytest.raises(DataError, match="2 pictures cannot be cut in two") as caught:
        SideBySide(root, size_of=size_of)
    assert f"{root}/a/2.png (index 1): odd width: 7x4 pixels" in str(caught.value)
    assert f"{root}/b/3.png (index 2): empty: " in str(caught.value)
