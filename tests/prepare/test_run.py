import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from glypharchive import LETTERS, write_archive

import feedline
from feedline.errors import DataError
from feedline.prepare import prepare
from feedline.store import StoreSource

FACES = 70
GO = """
import sys
from feedline.prepare import prepare
prepare("notmnist", "data", archives=sys.argv[1:], progress=False)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("glyphs") / "glyphs.tar.gz"
    return path, write_archive(path, FACES)


@pytest.fixture(scope="module")
def whole(archive, tmp_path_factory):
    """What comes of a run that nobody interrupts, and its folder."""
    root = tmp_path_factory.mktemp("whole") / "data"
    return prepare("notmnist", root, archives=[str(archive[0])], progress=False), root


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_good_image_is_there_and_the_broken_ones_are_named(archive, whole):
    made, root = whole
    source = StoreSource(root / "notmnist.feed", "all")
    assert sorted(each["path"] for each in source.manifest.left_out) == archive[1]
    duplicates = made.chosen.duplicates
    assert len(source) + len(duplicates.dropped) == 10 * FACES + 3
    assert {each.why for each in duplicates.dropped} == {"exact"}
    assert {f"glyphs/A/twin{n}.png" for n in range(3)} & {source.origin(n)[0] for n in range(len(source))} == set()
    assert source.classes == list(LETTERS)
    assert dict(source.normalize) == {"mean": [0.5], "std": [1.0]}
    one = feedline.open(source, feedline.transforms.Compose([feedline.transforms.ToTensor()]))[0][0]
    assert one.shape == (1, 28, 28)
    scaled = feedline.transforms.Normalize(**source.normalize)
    pixels = source[0].data.astype(np.float32)
    steps = feedline.transforms.Compose([feedline.transforms.ToTensor(), scaled])
    assert np.allclose(feedline.open(source, steps)[0][0].numpy()[0], (pixels[..., 0] - 127.5) / 255, atol=1e-6)


def test_splits_are_fair_and_a_typeface_is_in_one_of_them(whole):
    parts = {name: StoreSource(whole[1] / "notmnist.feed", name) for name in ("train", "val", "test")}
    faces = {name: set(part.groups) for name, part in parts.items()}
    assert not faces["train"] & (faces["val"] | faces["test"])
    assert not faces["val"] & faces["test"]
    for part in parts.values():
        counts = np.bincount(part.targets, minlength=10)
        assert counts.max() - counts.min() <= 4
    labels = parts["train"].targets
    assert len(set(labels[:40].tolist())) > 5  # shuffled


def test_reports_are_pictures_and_lists(archive, whole):
    folder = whole[0].reports
    names = {"balance.png", "duplicates.csv", "duplicates.png", "left_out.csv", "report.txt", "sheet.png"}
    assert set(content(folder)) == names
    assert cv2.imread(str(folder / "sheet.png")).shape[0] > 10 * 28
    with open(folder / "left_out.csv", newline="") as stream:
        assert sorted(row["path"] for row in csv.DictReader(stream)) == archive[1]
    with open(folder / "duplicates.csv", newline="") as stream:
        rows = {row["path"]: row["of"] for row in csv.DictReader(stream)}
    assert rows["glyphs/A/twin0.png"] == "glyphs/A/face000.png"
    assert "7 broken" in (folder / "report.txt").read_text()


def test_what_is_there_is_not_made_again(archive, whole):
    made, root = whole
    before = content(root / "notmnist.feed")
    again = prepare("notmnist", root, archives=[str(archive[0])], progress=False)
    assert (again.chosen, again.read["archive"].read) == (None, 0)
    assert content(root / "notmnist.feed") == before
    assert len(again.store.manifest) == len(made.store.manifest)


def begun(root, archive):
    """A process that prepares."""
    environment = {**os.environ, "FEEDLINE_CACHE": str(root.parent / "cache")}
    return subprocess.Popen([sys.executable, "-c", GO, str(archive)], cwd=root.parent, env=environment)


def done_of(root):
    """How many images the journal says were read."""
    journal = root / "notmnist.work" / "archive.feed" / ".journal"
    try:
        lines = journal.read_text().splitlines()
    except OSError:
        return 0
    said = [json.loads(line) for line in lines if line.endswith("}")]
    return max((line["batch"]["done"] for line in said if "batch" in line), default=0)


def killed_after(process, root, count):
    """Kills it as soon as so many images were read; whether it was still at it."""
    while process.poll() is None and done_of(root) < count:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def test_a_run_that_was_killed_late_reads_few_images_again(archive, whole, tmp_path):
    total = 10 * FACES + 10
    killed_after(begun(tmp_path / "data", archive[0]), tmp_path / "data", int(0.9 * total))
    made = prepare("notmnist", tmp_path / "data", archives=[str(archive[0])], progress=False)
    assert made.read["archive"].read < 0.15 * total
    assert content(tmp_path / "data" / "notmnist.feed") == content(whole[1] / "notmnist.feed")


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.slow)])
def test_however_often_it_is_interrupted_the_store_is_the_same(archive, whole, tmp_path, times):
    rng = random.Random(times)
    for _ in range(times):
        process = begun(tmp_path / "data", archive[0])
        time.sleep(rng.uniform(2, 5))  # most of it is imports: the rest is quick
        process.send_signal(rng.choice([signal.SIGKILL, signal.SIGINT, signal.SIGTERM]))
        process.wait()
    prepare("notmnist", tmp_path / "data", archives=[str(archive[0])], progress=False)
    for name in ("notmnist.feed", "notmnist.report"):
        assert content(tmp_path / "data" / name) == content(whole[1] / name)


def test_other_classes_than_the_recipe_expects_end_it(tmp_path):
    for name in "AB":
        (tmp_path / "x" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "x" / name / "1.png"), np.zeros((28, 28), np.uint8))
    with pytest.raises(DataError, match=r"must have the 10 classes A, B, .*, and has 2: A, B"):
        prepare("notmnist", tmp_path / "data", archives=[str(tmp_path / "x")], progress=False)


def test_a_store_of_another_recipe_is_never_overwritten(archive, whole):
    _, root = whole
    recipe = feedline.prepare.load("notmnist")
    other = type(recipe)(**{**{name: getattr(recipe, name) for name in recipe.__slots__}, "seed": 5})
    with pytest.raises(DataError, match="made otherwise"):
        prepare(other, root, archives=[str(archive[0])], progress=False)


def letters(folder, classes="AB", count=6, value=0):
    """Class folders of small grey pictures, no two alike."""
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            image = np.full((8, 8), 20 * number + 5 * label + value, np.uint8)
            cv2.imwrite(str(folder / name / f"{number}.png"), image)
    return folder


def recipe_of(tmp_path, text="", **sources):
    path = tmp_path / "recipe.yaml"
    rows = "".join(f"  - {{name: {name}, files: ['{place}']}}\n" for name, place in sources.items())
    path.write_text(f"name: small\nsources:\n{rows}{text}")
    return path


def test_what_has_changed_is_read_again(tmp_path):
    recipe = recipe_of(tmp_path, one=letters(tmp_path / "x"))
    assert prepare(recipe, tmp_path / "data", progress=False).read["one"].read == 12
    assert prepare(recipe, tmp_path / "data", progress=False).read["one"].read == 0
    (tmp_path / "x" / "A" / "3.png").write_bytes(b"no image any more")
    with pytest.raises(DataError, match="made otherwise: remove it"):
        prepare(recipe, tmp_path / "data", progress=False)
    made = prepare(recipe, tmp_path / "data", out=tmp_path / "deep" / "er" / "y.feed", progress=False)
    assert [each["path"] for each in made.store.manifest.left_out] == ["A/3.png"]


def test_damage_of_what_was_read_or_made_is_found(tmp_path):
    recipe = recipe_of(tmp_path, one=letters(tmp_path / "x"))
    made = prepare(recipe, tmp_path / "data", progress=False)
    before = content(made.store.path)
    shard = tmp_path / "data" / "small.work" / "one.feed" / "all-00000.arrow"
    shard.write_bytes(shard.read_bytes()[:-300] + bytes(300))
    assert prepare(recipe, tmp_path / "data", progress=False).read["one"].read == 12
    (made.reports / "sheet.png").unlink()
    assert prepare(recipe, tmp_path / "data", progress=False).chosen is not None
    assert (made.reports / "sheet.png").is_file()
    assert content(made.store.path) == before
    (made.store.path / "all-00000.arrow").write_bytes(b"")
    with pytest.raises(DataError, match="was damaged"):
        prepare(recipe, tmp_path / "data", progress=False)


def test_sources_of_other_classes_are_never_mixed(tmp_path):
    recipe = recipe_of(tmp_path, one=letters(tmp_path / "x"), two=letters(tmp_path / "y", "CD"))
    with pytest.raises(DataError, match="two has C, D, and one has A, B"):
        prepare(recipe, tmp_path / "data", progress=False)
    counted = recipe_of(tmp_path, "classes: 3\n", one=tmp_path / "x")
    with pytest.raises(DataError, match="must have 3 classes, and has 2: A, B"):
        prepare(counted, tmp_path / "more", progress=False)


def test_splits_that_are_not_drawn_from_stay_whole(tmp_path):
    letters(tmp_path / "x" / "train")
    letters(tmp_path / "x" / "test", value=3)
    recipe = recipe_of(tmp_path, "merge: {train: 2}\n", one=tmp_path / "x")
    manifest = prepare(recipe, tmp_path / "data", progress=False).store.manifest
    assert manifest.counts("train").tolist() == [2, 2]
    assert manifest.counts("test").tolist() == [6, 6]
    other = recipe_of(tmp_path, "merge: {val: 2}\n", one=tmp_path / "x")
    with pytest.raises(DataError, match="merge draws for splits that there are, test, train, and not for val"):
        prepare(other, tmp_path / "more", progress=False)


def test_two_archives_are_drawn_from_evenly_and_no_test_image_is_trained_on(archive, tmp_path):
    small = tmp_path / "small.tar.gz"
    write_archive(small, 12, twins=0)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: letters\n"
        "sources:\n"
        f"  - {{name: large, split: train, files: ['{archive[0]}']}}\n"
        f"  - {{name: small, split: test, files: ['{small}']}}\n"
        "raw: [28, 28]\nmode: L\nmerge: {train: 40, test: 10}\n"
    )
    made = prepare(recipe, tmp_path / "data", progress=False)
    manifest = made.store.manifest
    assert manifest.splits == ["train", "test"]
    assert manifest.counts("train").tolist() == [40] * 10
    assert manifest.counts("test").tolist() == [10] * 10
    parts = {name: StoreSource(Path(made.store.path), name) for name in manifest.splits}
    images = {name: {part[n].data.tobytes() for n in range(len(part))} for name, part in parts.items()}
    assert not images["train"] & images["test"]
    assert len(made.chosen.duplicates.across) >= 115
