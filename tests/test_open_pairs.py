"""_open_pairs.py and _pair_folders.py: how pairs lie, what is said before they are trained on, and docs/pairs.md."""

import contextlib
import io
import re
import shutil
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from photo import photo

import feedline
from feedline import DataError, open_pairs, pair_splits
from feedline.prepare import pack
from feedline.sources import SideBySide
from feedline.transforms import Compose, Normalize, RandomCrop, RandomHorizontalFlip, Resize, ToTensor

PAGE = (Path(__file__).parents[1] / "docs/pairs.md").read_text(encoding="utf-8")
A, B = photo(16, 20), photo(16, 20, seed=1)
BOTH = np.concatenate([A, B], 1)


def write(path, image=A):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image[:, :, [2, 1, 0, 3][: image.shape[2]]] if image.shape[2] > 2 else image)
    return path


def two(root, a="A", b="B", count=2):
    for number in range(count):
        write(root / a / f"{number}.png", A)
        write(root / b / f"{number}.png", B)
    return root


def is_a_to_b(pairs):
    record = pairs.record(0)
    return np.array_equal(record.data, A) and np.array_equal(record.partner, B)


@pytest.mark.parametrize(
    ("a", "b", "splits"),
    [
        ("A", "B", []),
        ("a", "b", []),
        ("Input", "Target", []),
        ("A/train", "B/train", ["train"]),
        ("A/validation", "B/val", ["val"]),
        ("train/A", "train/B", ["train"]),
        ("Test/a", "Test/b", ["test"]),
        ("trainA", "trainB", ["train"]),
        ("val_a", "val_b", ["val"]),
        ("A/cat", "B/cat", []),
    ],
)
def test_two_folders_are_found(tmp_path, a, b, splits):
    two(tmp_path, a, b)
    assert pair_splits(tmp_path) == splits
    pairs = open_pairs(tmp_path, split=splits[0] if splits else None)
    assert is_a_to_b(pairs)
    assert pairs.classes == []


def test_folders_in_the_two_are_no_classes(tmp_path):
    """Neither a folder without an image nor one beside images keeps any of the others from being pairs."""
    two(tmp_path, "A/sub", "B/sub", 1)
    two(tmp_path, count=8)
    (tmp_path / "A/empty").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pairs = open_pairs(tmp_path)
    assert len(pairs) == 9
    assert [path.removeprefix(f"{tmp_path}/") for path in pairs.paths][-1] == "A/sub/0.png"
    assert is_a_to_b(feedline.Subset(pairs, [8]))
    assert [len(part) for part in feedline.split(pairs, 0.3)] == [6, 3]


def test_letters_that_are_classes_are_not_taken_for_pairs(tmp_path):
    for name in ("A", "B", "C", "D/deep"):
        write(tmp_path / "letters" / name / "0.png")
    words = r"expected A/ and B/ alone in .*letters, found images in C, D beside them: say which .* pair=, .* derive=$"
    for opening in (open_pairs, pair_splits):
        with pytest.raises(DataError, match=words):
            opening(tmp_path / "letters")
    assert len(open_pairs(tmp_path / "letters", derive="gray")) == 4
    shutil.rmtree(tmp_path / "letters/C")
    (tmp_path / "letters/notes").mkdir()
    (tmp_path / "letters/D/deep/0.png").unlink()
    assert len(open_pairs(tmp_path / "letters")) == 1


def test_how_pairs_were_found_is_said_in_words(tmp_path):
    two(tmp_path / "x", "input", "target")
    two(tmp_path / "x/splits", "A/train", "B/train")
    write(tmp_path / "sides/0.png", BOTH)
    write(tmp_path / "m/images/0.png")
    write(tmp_path / "m/masks/0.png", np.zeros((16, 20, 1), np.uint8))
    found = [
        open_pairs(tmp_path / "x"),
        open_pairs(tmp_path / "x/splits", split="train"),
        open_pairs(tmp_path / "sides"),
        open_pairs(tmp_path / "m"),
        open_pairs(tmp_path / "sides", derive="gray"),
        open_pairs(tmp_path / "sides", pair=tmp_path / "sides"),
    ]
    kinds = [
        "input/ and target/",
        "A/train/ and B/train/",
        "side by side",
        "image and mask",
        "gray derived",
        "partners",
    ]
    assert [pairs.kind for pairs in found] == kinds


@pytest.mark.parametrize(("a", "b"), [("{}/A", "{}/B"), ("A/{}", "B/{}"), ("{}A", "{}B"), ("{}", None)])
def test_splits_are_told_and_have_to_be_named(tmp_path, a, b):
    for number, split in enumerate(("train", "val", "test")):
        if b is None:
            write(tmp_path / split / "0.png", BOTH)
        else:
            two(tmp_path, a.format(split), b.format(split), number + 1)
    assert pair_splits(str(tmp_path)) == ["train", "val", "test"]
    assert is_a_to_b(open_pairs(tmp_path, split="train"))
    assert len(open_pairs(tmp_path, split="validation")) == (1 if b is None else 2)
    with pytest.raises(DataError, match=r'has the splits train, val, test: say which one with split="train"$'):
        open_pairs(tmp_path)
    with pytest.raises(DataError, match=r"has no split 'extra': its splits are train, val, test$"):
        open_pairs(tmp_path, split="extra")


def test_files_side_by_side_are_found(tmp_path):
    write(tmp_path / "0.png", BOTH)
    (tmp_path / "notes.txt").write_text("of facades")
    assert pair_splits(tmp_path) == []
    assert is_a_to_b(open_pairs(tmp_path))
    with pytest.raises(DataError, match="has no split 'train': it has none"):
        open_pairs(tmp_path, split="train")


def test_images_and_masks_are_found(tmp_path):
    two(tmp_path, "train/images", "train/masks")
    for number in range(2):
        write(tmp_path / "train/masks" / f"{number}.png", np.full((16, 20, 1), 3 * number, np.uint8))
    pairs = open_pairs(tmp_path, split="train")
    assert (pairs.target.high, pairs.record(1).partner.max()) == (3.0, 3)
    both = open_pairs(tmp_path / "train/images", mask=tmp_path / "train/masks")
    assert both.target == pairs.target


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], "found no folder and no image"),
        (["x/1.png", "y/1.png", "z/1.png"], "found 3 folders: x, y, z and no image"),
        (["A/1.png", "1.png", "2.png"], "found 1 folder: A and 2 images"),
        (["trainA/1.png"], "found 1 folder: trainA and no image"),
        ([f"c{number}/1.png" for number in range(9)], "found 9 folders: c0, c1, c2, c3, c4, c5, ... and no image"),
    ],
)
def test_another_layout_is_told_in_one_line(tmp_path, names, found):
    for name in names:
        write(tmp_path / name)
    with pytest.raises(DataError) as caught:
        open_pairs(tmp_path)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith("expected A/ and B/ (or input/ and target/, images/ and masks/), with or without train/")
    assert text.endswith(f"in {tmp_path}, {found}")
    with pytest.raises(DataError, match="expected A/ and B/"):
        pair_splits(tmp_path)


def test_splits_of_which_the_two_share_none(tmp_path):
    two(tmp_path, "A/train", "B/test")
    with pytest.raises(DataError, match=r"expected the same splits in .*A and .*B, found train in the first and"):
        open_pairs(tmp_path)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["A/train", "A/val", "B/train"], r"the same splits in .*A and .*B, found train, val in the first and tr"),
        (["trainA", "trainB", "valA"], r"both halves of every split in .*, as trainA/ and trainB/; found valA alone"),
        (["train/A", "train/B", "val/A"], r"pairs in every split in .*, as in train/; found 1 folder: A .* in val/"),
        (["train/A", "train/B", "val"], r"pairs of one kind in every split in .*, found partner in train/, side by"),
        (["train/left", "train/right"], r"A/ and B/ .* in .*, found 2 folders: left, right and no image in train/"),
    ],
)  # fmt: skip
def test_a_split_of_which_a_half_is_not_there_is_told(tmp_path, names, words):
    for name in names:
        write(tmp_path / name / "0.png")
    for opening in (lambda: open_pairs(tmp_path, split="train"), lambda: pair_splits(tmp_path)):
        with pytest.raises(DataError, match="expected " + words) as caught:
            opening()
        assert "\n" not in str(caught.value)


def test_everything_that_is_wrong_is_in_one_table(tmp_path):
    two(tmp_path, count=8)
    write(tmp_path / "A/only.png")
    write(tmp_path / "B/lone.png")
    write(tmp_path / "A/1.jpg")
    write(tmp_path / "B/2.png", photo(18, 20))
    (tmp_path / "A/3.png").write_bytes(b"")
    (tmp_path / "B/4.png").write_text("no image")
    write(tmp_path / "A/5.png", photo(16, 20, 3, "uint16"))
    with pytest.raises(DataError, match="7 samples cannot be paired") as caught:
        open_pairs(tmp_path)
    rows = {(row.kind, row.path.removeprefix(f"{tmp_path}/")) for row in caught.value.problems}
    assert rows == {
        ("doubled name", "A/1.png"),
        ("missing partner", "A/only.png"),
        ("missing partner", "B/lone.png"),
        ("differing sizes", "A/2.png"),
        ("empty", "A/3.png"),
        ("wrong type", "B/4.png"),
        ("differing channels", "A/5.png"),
    }
    assert all(
        f"{row.path} (index {row.index}): {row.kind}: {row.cause}" in str(caught.value) for row in caught.value.problems
    )
    causes = {row.kind: row.cause for row in caught.value.problems}
    assert causes["differing sizes"] == f"20x16 pixels, and {tmp_path}/B/2.png has 20x18"
    assert causes["differing channels"].startswith(
        "3 channels of uint16, most have 3 channels of uint8: make them alike"
    )


def test_all_that_is_wrong_can_be_left_out(tmp_path):
    """What is left out is not looked at any more either: its one coloured picture of 4 channels makes nothing RGBA."""
    two(tmp_path, count=9)
    write(tmp_path / "A/only.png")
    write(tmp_path / "A/1.jpg")
    write(tmp_path / "B/2.png", photo(18, 20, 4))
    (tmp_path / "A/3.png").write_bytes(b"")
    (tmp_path / "B/4.png").write_text("no image")
    write(tmp_path / "A/5.png", photo(16, 20, 3, "uint16"))
    words = "1 differing channels, 1 differing sizes, 1 doubled name, 1 empty, 1 missing partner, 1 wrong type"
    with pytest.warns(UserWarning, match="left out") as said:
        pairs = open_pairs(tmp_path, missing="skip")
    assert [str(each.message).splitlines()[0].partition(": ")[2] for each in said] == [f"left out: {words}"]
    assert [Path(path).name for path in pairs.paths] == ["0.png", "6.png", "7.png", "8.png"]
    assert (len(pairs.source.findings), pairs.target.channels) == (6, 3)
    assert all(is_a_to_b(feedline.Subset(pairs, [index])) for index in range(4))


def test_halves_and_what_is_derived_can_be_left_out(tmp_path):
    for number in range(4):
        write(tmp_path / f"{number}.png", photo(16, 21) if number == 1 else BOTH)
    (tmp_path / "2.png").write_bytes(b"")
    for how, kept, kinds in (({}, "03", ["odd width", "empty"]), ({"derive": "gray"}, "013", ["empty"])):
        with pytest.warns(UserWarning, match=f"{len(kinds)} samples of .* cannot be pairs: left out: 1 empty"):
            pairs = open_pairs(tmp_path, missing="skip", **how)
        assert [Path(path).stem for path in pairs.paths] == list(kept)
        assert [found.kind for found in pairs.source.findings] == kinds
        assert len(feedline.check(pairs)) == 0
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(b"")
    for how in ({}, {"derive": "gray"}):
        with pytest.raises(DataError, match="no pair is left") as caught:
            open_pairs(tmp_path, missing="skip", **how)
        assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("given", "words"), [(None, "None"), (np.zeros((2, 4, 6, 3)), "one of ndarray"), (3, "one of int")]
)
def test_what_is_no_place_is_told_by_its_type(tmp_path, given, words):
    calls = [("data", lambda: open_pairs(given))]
    if given is not None:
        calls += [("pair", lambda: open_pairs(tmp_path, pair=given)), ("mask", lambda: open_pairs("x", mask=given))]
    for name, call in calls:
        with pytest.raises(TypeError, match=f"needs a path, a URL, a source or .* as {name}, not {words}$"):
            call()


def test_two_folders_without_an_image_are_told_in_a_short_line(tmp_path):
    for name in "AB":
        (tmp_path / name).mkdir()
    with pytest.raises(DataError) as caught:
        open_pairs(tmp_path)
    assert str(caught.value) == f"no image file in {tmp_path}/A or below it"


def test_arrays_need_no_labels(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 4, 6, 3), np.uint8))
    pairs = open_pairs(tmp_path / "x.npz", derive="gray")
    assert (len(pairs), pairs.classes, pairs.input.channels) == (2, [], 1)


def test_arrays_of_an_odd_width_leave_no_pair(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((3, 4, 5, 1), np.uint8))
    halves = feedline.open(tmp_path / "x.npy", labels=False).source
    with pytest.raises(DataError, match="no pair is left"):
        open_pairs(SideBySide(halves), missing="skip")


def test_a_long_table_has_its_rows_in_problems(tmp_path):
    for number in range(30):
        write(tmp_path / f"{number}.png", photo(16, 21) if number else BOTH)
    with pytest.raises(DataError, match="29 pictures cannot be cut in two") as caught:
        open_pairs(tmp_path)
    assert len(caught.value.problems) == 29
    assert {row.kind for row in caught.value.problems} == {"odd width"}
    assert len(str(caught.value).splitlines()) == 22
    assert str(caught.value).endswith("  ... and 9 more")


def test_derived_pairs_of_differing_kinds_are_told(tmp_path):
    write(tmp_path / "0.png")
    write(tmp_path / "1.png", photo(16, 20, 1, "uint16"))
    (tmp_path / "2.png").write_bytes(b"")
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 4, 5, 3), np.uint8), labels=[0, 1])
    with pytest.raises(DataError, match="2 samples cannot be pairs") as caught:
        open_pairs(tmp_path, derive="gray")
    assert [row.kind for row in caught.value.problems] == ["empty", "differing channels"]
    with pytest.raises(DataError, match="its samples have no partner and no mask"):
        open_pairs(tmp_path / "x.npz")


def test_numbers_that_no_transform_takes(tmp_path):
    for name in "AB":
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "0.npy", np.zeros((8, 9, 2), np.int32 if name == "A" else np.float64))
    with pytest.raises(DataError, match="unsupported numbers: numbers of int32, and pairs are of uint8, uint16"):
        open_pairs(tmp_path)
    np.save(tmp_path / "A/0.npy", np.zeros((8, 9, 2), np.float16))
    pairs = open_pairs(tmp_path)
    assert pairs.input.dtype == pairs.target.dtype == pairs[0][0].dtype.name == "float32"


def test_a_class_may_be_called_as_a_split(tmp_path):
    for name in ("test", "cat"):
        two(tmp_path, f"A/{name}", f"B/{name}")
    assert pair_splits(tmp_path) == pair_splits(tmp_path / "A", derive="edges") == []
    assert len(open_pairs(tmp_path)) == 4


def test_missing_partners_may_be_left_out(tmp_path):
    write(two(tmp_path) / "A/9.png")
    with pytest.warns(UserWarning, match="1 samples"):
        assert len(open_pairs(tmp_path, missing="skip")) == 2
    with pytest.raises(ValueError, match='missing must be "raise" or "skip"'):
        open_pairs(tmp_path, missing="drop")


def test_what_feedline_opens_is_paired_and_derived(tmp_path):
    two(tmp_path, "first/train/c", "second/train/c")
    pairs = open_pairs(tmp_path / "first", pair=tmp_path / "second", split="train")
    assert is_a_to_b(pairs)
    assert is_a_to_b(open_pairs(tmp_path / "first", pair=tmp_path / "second/train", split="train"))
    assert pair_splits(tmp_path / "first", derive="edges") == ["train"]
    assert open_pairs(tmp_path / "first", derive="edges", split="train").classes == ["c"]
    archive = shutil.make_archive(str(tmp_path / "x"), "tar", tmp_path / "first/train")
    assert open_pairs(archive, derive="downscale2").input.channels == 3
    assert pair_splits(archive) == pair_splits("glyphs") == pair_splits(feedline.open(archive).source) == []
    assert len(open_pairs("glyphs", derive="edges")) == len(feedline.open("glyphs"))
    assert is_a_to_b(open_pairs(feedline.open(tmp_path / "first/train", pair=tmp_path / "second/train").source))
    with pytest.raises(ValueError, match="one of pair, mask and derive"):
        open_pairs(tmp_path, pair=tmp_path, derive="edges")


def test_packed_pairs_and_their_splits(tmp_path):
    store = tmp_path / "pairs.feed"
    two(tmp_path, count=8)
    pack(feedline.open(tmp_path / "A", pair=tmp_path / "B"), store, split={"val": 0.375})
    assert pair_splits(store) == ["train", "val"]
    assert is_a_to_b(open_pairs(store, split="train"))
    assert len(open_pairs(str(store), split="validation")) == 8 - len(open_pairs(store, split="train")) == 3
    with pytest.raises(DataError, match="has the splits train, val"):
        open_pairs(store)


def test_pairs_like_others_have_their_sides(tmp_path):
    for name, top in (("train", 9), ("val", 4), ("test", 12)):
        write(tmp_path / name / "images/0.png")
        write(tmp_path / name / "masks/0.png", np.full((16, 20, 1), top, np.uint8))
    write(tmp_path / "train/images/1.png", photo(16, 20, 1))
    write(tmp_path / "train/masks/1.png", np.zeros((16, 20, 1), np.uint8))
    train = open_pairs(tmp_path, Compose([ToTensor()]), split="train")
    val = open_pairs(tmp_path, Compose([ToTensor()]), split="val", like=train)
    assert (val.input, val.target) == (train.input, train.target)
    assert abs(float(val[0][1].max()) - 4 / 9) < 1e-6
    with pytest.raises(DataError, match=r"its target is 1 x uint8 up to 12 .*, and that of the pairs it shall be like"):
        open_pairs(tmp_path, split="test", like=train)


def test_odd_sizes_go_through_pix2pix_steps(tmp_path):
    write(tmp_path / "0.png", photo(61, 34))
    steps = Compose([Resize((36, 36)), RandomCrop(32), RandomHorizontalFlip(), ToTensor(), Normalize(0.5, 0.5)])
    assert [each.shape for each in open_pairs(tmp_path, steps)[0]] == [(3, 32, 32)] * 2


def test_the_examples_of_the_page_run(tmp_path, monkeypatch):
    for split in ("train", "val"):
        for number in range(8):
            write(tmp_path / "facades" / split / f"{number}.png", np.concatenate([photo(64, 64), photo(64, 64)], 1))
    monkeypatch.chdir(tmp_path)
    says = io.StringIO()
    with contextlib.redirect_stdout(says):
        exec("\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)), {})
    expected = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert says.getvalue() == "".join(expected)
