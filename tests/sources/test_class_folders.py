"""sources/class_folders.py; with real trees it is tested in test_folder.py and test_url_folder.py."""

import pytest

from feedline.errors import DataError
from feedline.sources.class_folders import check_top, choose_split, class_arrays, pack_names, unpack_names
from feedline.sources.path_table import PathTable


def test_arrays_of_classes():
    listings = [("a", [("a", ["1.png", "2.png"]), ("a/x", ["3.png"])]), ("b", [("b", ["4.png"])])]
    arrays = class_arrays("root", ["stray.png"], iter(listings))
    table = PathTable.of(arrays)
    assert [table[index] for index in range(4)] == ["a/1.png", "a/2.png", "a/x/3.png", "b/4.png"]
    assert (arrays["targets"].tolist(), arrays["labels"].tolist()) == ([0, 0, 0, 1], [0, 0, 1])
    assert unpack_names(arrays["classes"], "/") == ["a", "b"]


def test_a_class_without_an_image():
    with pytest.raises(DataError, match="class folder root/b holds no image"):
        class_arrays("root", [], [("a", [("a", ["1.png"])]), ("b", [])])


def test_classes_that_are_splits():
    check_top("s3://x", [], ["train", "other"])
    with pytest.raises(DataError, match="such as s3://x/Train, or by split='Train'"):
        check_top("s3://x", [], ["Train", "valid"])


def test_a_split_by_any_of_its_names():
    assert choose_split("root", "Validation", ["train", "VAL"]) == "VAL"
    assert choose_split("root", "extra", ["extra", "train"]) == "extra"
    with pytest.raises(DataError, match=r"more than one split 'val' \(valid, validation\)"):
        choose_split("root", "val", ["valid", "validation"])


def test_names_that_are_no_utf8():
    assert unpack_names(pack_names(["a", "\udcff"], "/"), "/") == ["a", "\udcff"]
    assert unpack_names(pack_names([], "/"), "/") == []
