import pytest
from photo import photo

from feedline.rng import Key
from feedline.transforms import (
    CenterCrop,
    Compose,
    Normalize,
    Pad,
    RandomAffine,
    RandomHorizontalFlip,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToTensor,
)
from feedline.transforms.draft import Draft
from feedline.transforms.pointwise import Colour, line

IMAGENET = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def said(*steps, size=(375, 500)):
    return str(Compose(steps).plan(size, Key(1, 2, 3)))


def test_the_usual_recipe_reads_well():
    assert said(RandomResizedCrop(224), RandomHorizontalFlip(1), ToTensor(), IMAGENET) == (
        "A picture 375 high and 500 wide, 3 x uint8\n"
        "  decode    rows 152 to 350, columns 118 to 299: 19% of it\n"
        "  resample  once to 224 x 224, bilinear\n"
        "            of rows 152 to 350, columns 118 to 299, left and right exchanged\n"
        "  float     value * (0.01712, 0.01751, 0.01743) + (-2.118, -2.036, -1.804)\n"
        "  gives     224 x 224, 3 x float32, tensor CxHxW, channels-last in memory"
    )


def test_fills_and_turns_are_told():
    words = said(CenterCrop(200), RandomRotation((30, 30), fill=128), Pad(20, (1, 2, 3)), Resize(120))
    assert "turned by 30.0 degrees counter-clockwise, 0.50 x 0.50 as large" in words
    assert "antialiased over 2.00 x 2.00 pixels" in words
    assert "filled with 128 outside of rows 88 to 288, columns 150 to 350" in words
    assert "filled with 1, 2, 3 outside of the corners (" in words


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([RandomHorizontalFlip(1)], "move      pixels as they are, to 40 x 60, left and right exchanged"),
        ([RandomVerticalFlip(1)], "to 40 x 60, top and bottom exchanged"),
        ([RandomRotation((180, 180))], "to 40 x 60, turned upside down"),
        ([RandomRotation((90, 90), expand=True)], "to 60 x 40, turned by a quarter"),
        (
            [RandomHorizontalFlip(1), RandomRotation((20, 20))],
            "left and right exchanged, turned by 20.0 degrees",
        ),
        ([RandomAffine((20, 20))], "turned by 20.0 degrees clockwise, 1.00 x 1.00 as large"),
        ([Pad(3, padding_mode="reflect")], "reflect border outside of rows 0 to 40, columns 0 to 60"),
        ([print], "then      <built-in function print>: what it does is known when it has run"),
        ([Pad(3)], "rows 0 to 40, columns 0 to 60: 100% of it"),
    ],
)
def test_single_steps(steps, words):
    assert words in said(*steps, size=(40, 60))


def test_colours_and_perspective():
    draft = Draft(40, 60)
    draft.recolour(line("brightness 1.20", 1.2))
    draft.recolour(line("contrast 0.90", 0.9, 0.05))
    draft.recolour(Colour("sepia", ((0.4, 0.5, 0.1, 0.0),) * 3))
    draft.move((1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.001, 0.0, 1.0), 40, 60, fill=9)
    draft.work("blur over 3 pixels", lambda image: image)
    words = str(draft.finish())
    assert "colours   one table: brightness 1.20, contrast 0.90\n" in words
    assert "colours   one 3x4 matrix: sepia\n" in words
    assert "in perspective\n            by the matrix 1 0 0, 0 1 0, 0.001 0 1\n" in words
    assert "stage     blur over 3 pixels" in words


@pytest.mark.parametrize("seed", range(12))
def test_lines_are_short(seed):
    steps = [
        RandomResizedCrop(100),
        RandomRotation(40, expand=True, fill=(1, 2, 3)),
        Pad(20, 255),
        RandomAffine(30, (0.1, 0.1), (0.8, 1.2), 20, fill=9),
        CenterCrop(300),
        ToTensor(),
        IMAGENET,
    ]
    words = str(Compose(steps).plan(photo(300, 4000, 1).shape[:2], Key(seed)))
    assert max(map(len, words.split("\n"))) <= 120
