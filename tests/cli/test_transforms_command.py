"""feedline transforms."""

import json

import cv2
import numpy as np
import pytest

from feedline.cli.demonstrated import on_batches, recipes
from feedline.cli.demonstration import demonstration
from feedline.cli.subject import subject_of
from feedline.cli.tiles import batch_tiles
from feedline.transforms import from_recipe, to_recipe
from feedline.transforms.recipe import known_batch_transforms, known_transforms

TEXT = """\
transforms:
  - RandomResizedCrop: {size: 24, scale: [0.3, 1.0]}
  - RandomHorizontalFlip
  - ToTensor
  - Normalize: {mean: 0.5, std: 0.5}
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8))
    return path


@pytest.fixture
def show(command, tmp_path):
    """Runs the command, which must succeed; the sheet as an array and the lines of standard output."""

    def run(*arguments):
        sheet = tmp_path / "out" / "sheet.png"
        sheet.parent.mkdir(exist_ok=True)
        status, out, err = command("transforms", "show", *arguments, "--out", sheet)
        assert (status, err) == (0, "")
        lines = out.splitlines()
        assert lines[-1].startswith(f"{sheet}: ")
        return cv2.imread(str(sheet)), lines

    return run


def has(sheet, colour):
    """Whether a colour (red, green, blue) is on the sheet."""
    return bool((sheet[:, :, ::-1] == colour).all(2).any())


def test_what_a_recipe_does(show, recipe, image):
    sheet, lines = show(image, "--recipe", recipe, "-n", "5")
    assert lines[0] == "A picture 40 high and 60 wide, 3 x uint8"
    assert any(line.startswith("  resample  once") for line in lines)
    assert lines[-1].endswith("6 pictures")
    assert sheet.shape[1] > 3 * 240


def test_the_seed_and_the_index_say_what_it_looks_like(show, recipe, image):
    first, again, other = (show(image, "--recipe", recipe, "-n", "2", "--seed", seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("more", [[], ["--plan"]])
def test_without_an_image_there_is_a_landscape_with_boxes_and_mask(show, recipe, more):
    sheet, lines = show("--recipe", recipe, "-n", "3", *more)
    assert lines[0] == "A picture 240 high and 320 wide, 3 x uint8"
    for colour in ((46, 75, 255), (121, 255, 13)):
        assert np.abs(sheet[:, :, ::-1].astype(int) - colour).sum(2).min() < 60
    assert lines[-1].endswith("3 pictures" if more else "4 pictures")


def test_a_sample_of_a_dataset_looks_as_in_training(show, recipe, folder):
    first, lines = show(folder, "--recipe", recipe, "--index", "3", "-n", "2")
    assert lines[0] == "A picture 16 high and 16 wide, 3 x uint8"
    assert np.array_equal(first, show(folder, "--recipe", recipe, "--index", "-33", "-n", "2")[0])
    assert not np.array_equal(first, show(folder, "--recipe", recipe, "--index", "4", "-n", "2")[0])


def test_a_mask_of_its_own(show, recipe, image, tmp_path):
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 10:30] = 2
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    plain, masked = (
        show(image, "--recipe", recipe, "-n", "1", *more)[0] for more in ([], ["--mask", tmp_path / "mask.png"])
    )
    assert not np.array_equal(plain, masked)


COCO = {
    "images": [{"id": 1, "file_name": "photo.png", "width": 60, "height": 40}],
    "categories": [{"id": 7, "name": "thing"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 7, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0}],
}
VOC = """<annotation><filename>photo.png</filename><size><width>60</width><height>40</height></size><object>
<name>thing</name><bndbox><xmin>11</xmin><ymin>11</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>"""


@pytest.mark.parametrize(("name", "text"), [("a.json", json.dumps(COCO)), ("photo.xml", VOC)])
def test_boxes_from_annotations(show, recipe, image, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    plain, boxed = (show(image, "--recipe", recipe, "-n", "1", *more)[0] for more in ([], ["--boxes", tmp_path / name]))
    assert not np.array_equal(plain, boxed)


def test_masks_of_objects(show, recipe, image, tmp_path):
    runs = {"size": [40, 60], "counts": [410, 10, 30, 10, 30, 10, 1900]}
    (tmp_path / "a.json").write_text(
        json.dumps(COCO | {"annotations": [COCO["annotations"][0] | {"segmentation": runs}]})
    )
    (tmp_path / "b.json").write_text(json.dumps(COCO))
    given = image, "--recipe", recipe, "-n", "1"
    masked, boxed = (show(*given, "--boxes", tmp_path / name)[0] for name in ("a.json", "b.json"))
    assert not np.array_equal(masked, boxed)


def test_a_pair_is_shown_beside_each_other(show, recipe, tmp_path):
    recipe.write_text("- RandomVerticalFlip: 1")
    for name, colour in (("A", (0, 0, 255)), ("B", (255, 0, 0))):
        (tmp_path / name).mkdir()
        image = np.zeros((20, 30, 3), np.uint8)
        image[:10] = colour
        cv2.imwrite(str(tmp_path / name / "0.png"), image)
    sheet, _ = show(tmp_path / "A", "--pair", tmp_path / "B", "--recipe", recipe, "-n", "1")
    for colour in ((0, 0, 255), (255, 0, 0)):
        rows = [np.flatnonzero((half == colour).all(2).any(1)) for half in np.split(sheet[:, :500], 2, axis=1)]
        assert rows[0].mean() < rows[1].mean() - 10


def test_every_view_is_shown(show, tmp_path):
    (tmp_path / "r.yaml").write_text("- FiveCrop: 100\n- ToTensor")
    assert show("--recipe", tmp_path / "r.yaml", "-n", "2")[1][-1].endswith("11 pictures")


def test_every_transform_is_on_the_sheet(show):
    assert set(recipes(240, 320)) == set(known_transforms())
    assert set(on_batches()) == set(known_batch_transforms())
    sheet, lines = show("--all")
    assert int(lines[-1].split()[-2]) > len(known_transforms())
    assert sheet.shape[1] > 9 * 160


@pytest.mark.parametrize(("name", "steps"), recipes(240, 320).items())
def test_every_transform_is_written_down_and_read_again(name, steps):
    compose = from_recipe(steps)
    assert type(compose.transforms[-1]) is known_transforms()[name]
    assert from_recipe(json.loads(json.dumps(to_recipe(compose)))) == compose


@pytest.mark.parametrize(
    ("pixels", "more"),
    [
        (np.zeros((30, 40), np.uint8), []),
        (np.full((30, 40, 4), 100, np.uint8), ["--mode", "RGBA"]),
        (np.full((30, 40), 40_000, np.uint16), ["--mode", "unchanged"]),
    ],
)
def test_images_of_other_kinds(show, tmp_path, pixels, more):
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    (tmp_path / "r.yaml").write_text("[RandomRotation: 30, ToTensor, Normalize: {mean: 0.5, std: 0.5}]")
    for plan in ([], ["--plan"]):
        _, lines = show(tmp_path / "a.png", "--recipe", tmp_path / "r.yaml", "-n", "2", *more, *plan)
        assert lines[0].startswith("A picture 30 high and 40 wide")


def test_the_landscape_fits_its_boxes():
    record = demonstration()
    for number, (left, top, right, bottom) in enumerate(record.objects.boxes.astype(int).tolist(), 1):
        rows, columns = np.nonzero(record.mask[:, :, 0] == number)
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (left, top, right, bottom)


def test_the_list(command):
    status, out, err = command("transforms", "list")
    assert (status, err) == (0, "")
    assert "RandomHorizontalFlip(p=0.5)\n    Left and right exchanged" in out
    images, batches = out.split("\non batches, as DataLoader(batch_transform=...):\n\n")
    for part, known in ((images, known_transforms()), (batches, known_batch_transforms())):
        assert [line.split("(")[0] for line in part.splitlines()[::2]] == list(known)
        assert all(line.startswith("    ") and line.strip() for line in part.splitlines()[1::2])
    assert "MixUp(alpha=1.0, num_classes=None, p=1.0)\n    Each image becomes" in batches


@pytest.mark.parametrize("arguments", [[], ["--all", "--recipe", "r.yaml"], ["--all", "-n", "0"]])
def test_misuse(fails, arguments):
    assert "--help" in fails("transforms", "show", *arguments, status=2)


def test_no_sheet_of_what_is_wrong(fails, recipe, image, tmp_path, folder):
    sheet = tmp_path / "none.png"
    given = ["transforms", "show", "--recipe", recipe, "--out", sheet]
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((5, 5), np.uint8))
    (tmp_path / "a.json").write_text(json.dumps(COCO | {"images": [COCO["images"][0] | {"file_name": "b.png"}]}))
    assert "No such file" in fails(*given[:-2], "--recipe", tmp_path / "no.yaml", "--out", sheet)
    assert "no such file or folder" in fails(*given, tmp_path / "no.png")
    assert "small.png is 5 x 5, not 40 x 60" in fails(*given, image, "--mask", tmp_path / "small.png")
    assert f"classes: {image} has 3" in fails(*given, image, "--mask", image)
    for option, value in (("--index", 3), ("--split", "val"), ("--pair", folder)):
        line = fails(*given, image, option, value)
        assert line == f"error: {option} goes with a dataset, and {image} is a single image: leave it out"
    assert "--index must be less than the number of samples, 36, not 36" in fails(*given, folder, "--index", "36")
    assert "--boxes is for a single image" in fails(*given, folder, "--boxes", tmp_path / "a.json")
    recipe.write_text("- RandomCrop: 100")
    assert f"error: {recipe}: RandomCrop: the image has only 40 x 60 pixels" in fails(*given, image)
    recipe.write_text("- Pad: {padding: 2, fill: 300}")
    line = fails(*given, image)
    assert line.startswith(f"error: {recipe}: ")
    assert "fill must be in 0..255" in line
    recipe.write_text("- MixUp: {num_classes: 2}")
    assert fails(*given, image).startswith(f"error: {recipe}: step 1: MixUp works on batches")
    recipe.write_text("- RandomCorp: 100")
    line = fails(*given, image)
    assert line == f"error: {recipe}: step 1: no transform is called 'RandomCorp'; did you mean RandomCrop?"
    assert "no such folder" in fails(*given[:-1], tmp_path / "none" / "sheet.png")
    assert not sheet.exists()


def test_a_batch_of_the_picture_and_it_upside_down(image):
    subject = subject_of(str(image))
    for name, step in on_batches().items():
        first, second = batch_tiles(subject, step, subject.key(0), 60)
        shares = first.caption.removeprefix("label: ").split(" + ")
        assert 0.05 < float(shares[0]) < 0.95, name
        assert second.caption == f"label: {shares[1]} + {shares[0]}"
        np.testing.assert_array_equal(first.image.shape, (40, 60, 3))
    mixed = batch_tiles(subject, on_batches()["MixUp"], subject.key(0), 60)
    share = float(mixed[0].caption.removeprefix("label: ").split(" + ")[0])
    whole = share * subject.image + (1 - share) * subject.image[::-1]
    np.testing.assert_allclose(mixed[0].image, whole, atol=2.5)
