"""pairs.py: two pictures under one geometry, whatever they are."""

import pickle

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from imagebytes import encode
from memory import Memory
from photo import photo
from PIL import Image

import feedline
from feedline import DataError, DataLoader, DecodeError, PairDataset, TransformError, open_pairs
from feedline.rng import Key
from feedline.sides import Side
from feedline.sources import ArraySource
from feedline.sources.side_by_side import SideBySide
from feedline.transforms import (
    CenterCrop,
    ColorJitter,
    Compose,
    FiveCrop,
    GaussianNoise,
    JPEGCompression,
    Normalize,
    OneOf,
    Pad,
    RandAugment,
    RandomAffine,
    RandomApply,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomInvert,
    RandomPerspective,
    RandomResizedCrop,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToTensor,
)

FLOATS = [ToTensor(), Normalize(0.5, 0.5)]
GEOMETRY = {
    "pix2pix": [Resize((286, 286)), RandomCrop(256), RandomHorizontalFlip()],
    "resize": [Resize(40)],
    "centre": [CenterCrop((50, 90))],
    "crop": [RandomCrop((50, 70), padding=8, padding_mode="reflect")],
    "resized": [RandomResizedCrop((32, 48), interpolation="bicubic")],
    "flips": [RandomHorizontalFlip(), RandomVerticalFlip()],
    "pads": [Pad(5, padding_mode="edge"), Pad((3, 7), fill=90), RandomCrop(60, pad_if_needed=True)],
    "turned": [RandomRotation(180, expand=True, fill=30), Resize((64, 64))],
    "affine": [RandomAffine(30, (0.2, 0.1), (0.6, 1.4), (-10, 10, -5, 5), interpolation="bicubic")],
    "perspective": [RandomPerspective(0.6, 1.0)],
    "chain": [RandomAffine(10), RandomPerspective(0.3), RandomResizedCrop(40), RandomVerticalFlip(), RandomRotation(9)],
    "choices": [OneOf([RandomCrop(40), Resize((40, 40))]), RandomApply([RandomRotation(45)], 0.5)],
}


def write(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, image)
    else:
        order = [2, 1, 0, 3][: image.shape[2]] if image.shape[2] > 2 else [0]
        assert cv2.imwrite(str(path), image[:, :, order])
    return path


def folders(root, a, b, suffix=".png"):
    for name, images in (("A", a), ("B", b)):
        for number, image in enumerate(images):
            write(root / name / f"{number}{suffix}", image)
    return root


@pytest.fixture(scope="module")
def identical(tmp_path_factory):
    """Pairs of two equal pictures of an odd size: files of their own, side by side, and derived."""
    root = tmp_path_factory.mktemp("identical")
    grey = photo(61, 83, 1)
    folders(root / "files", [photo(61, 83)], [photo(61, 83)])
    write(root / "sides" / "0.png", np.concatenate([photo(61, 83), photo(61, 83)], 1))
    write(root / "greys" / "0.png", grey)
    return [open_pairs(root / "files"), open_pairs(root / "sides"), open_pairs(root / "greys", derive="gray")]


@pytest.mark.parametrize("name", GEOMETRY)
@settings(max_examples=12)
@given(seed=st.integers(0, 2**63 - 1), epoch=st.integers(0, 200))
def test_identical_pictures_stay_identical(identical, name, seed, epoch):
    for pairs in identical:
        key = Key(seed, epoch)
        for steps in (GEOMETRY[name], [*GEOMETRY[name], *FLOATS]):
            one, other = pairs.with_transform(Compose(steps)).get(0, key)
            assert one.shape == other.shape
            assert np.array_equal(np.asarray(one), np.asarray(other))
            assert np.asarray(one).std() > 0


@pytest.mark.parametrize("name", GEOMETRY)
def test_channels_and_bits_change_no_geometry(tmp_path, name):
    grey = photo(61, 83, 1)
    black = {"pads": [Pad((3, 7)), RandomCrop(60, pad_if_needed=True)], "turned": [RandomRotation(180, expand=True)]}
    steps = Compose([*black.get(name, GEOMETRY[name]), *FLOATS])  # other fills are in the unit of each picture
    root = folders(tmp_path, [grey], [np.repeat(grey, 4, 2).astype(np.uint16) * 257])
    pairs = open_pairs(root, steps)
    assert pairs.target == Side(4, "uint16", "unchanged", 65535.0)
    for epoch in range(8):
        one, other = pairs.get(0, Key(3, epoch))
        assert (one.shape[0], other.shape[0]) == (1, 4)
        assert (one - other).abs().max() < 3 / 255


def test_16_bit_pairs_are_floats_of_all_their_levels(tmp_path):
    a = photo(40, 50, 1, "uint16")
    pairs = open_pairs(folders(tmp_path, [a], [65535 - a]), Compose(FLOATS))
    assert pairs.input == pairs.target == Side(1, "uint16", "unchanged", 65535.0)
    one, other = pairs[0]
    assert (one.dtype, one.shape) == (torch.float32, (1, 40, 50))
    assert np.allclose(one[0], a[:, :, 0] / 65535 * 2 - 1, atol=1e-6)
    assert torch.allclose(one, -other, atol=1e-6)


def test_four_channels_to_three(tmp_path):
    a, b = photo(40, 50, 4), photo(40, 50, 3, seed=1)
    pairs = open_pairs(folders(tmp_path, [a], [b]))
    assert (pairs.input.channels, pairs.target.channels) == (4, 3)
    record = pairs.record(0)
    assert np.array_equal(record.data, a)
    assert np.array_equal(record.partner, b)


@pytest.mark.parametrize("dtype", ["float32", "uint16", "uint8"])
def test_five_channels_of_arrays(tmp_path, dtype):
    a, b = photo(40, 50, 5, dtype), photo(40, 50, 2, dtype)
    steps = Compose([RandomCrop(32), RandomHorizontalFlip(), *FLOATS])
    pairs = open_pairs(folders(tmp_path, [a] * 3, [b] * 3, ".npy"), steps)
    assert (pairs.input.channels, pairs.input.dtype, pairs.target.channels) == (5, dtype, 2)
    inputs, targets = next(iter(DataLoader(pairs, 3, seed=1)))
    assert (inputs.shape, targets.shape) == ((3, 5, 32, 32), (3, 2, 32, 32))
    assert -1 <= inputs.min() < 0 < inputs.max() <= 1


def test_turned_photographs_are_upright_in_both_halves(tmp_path):
    halves = [Image.fromarray(photo(40, 60, seed=seed)) for seed in (0, 1)]
    for folder, half in zip("AB", halves, strict=True):
        (tmp_path / "two" / folder).mkdir(parents=True)
        (tmp_path / "two" / folder / "0.jpg").write_bytes(encode(half, "JPEG", orientation=6, quality=95))
    record = open_pairs(tmp_path / "two").record(0)
    assert record.data.shape == record.partner.shape == (60, 40, 3)
    for made, half in zip((record.data, record.partner), halves, strict=True):
        assert np.abs(made.astype(int) - np.rot90(half, -1)).mean() < 3
    whole = np.concatenate([np.asarray(half) for half in halves], 1)  # upright, and stored lying on its side
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(whole)))
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "0.jpg").write_bytes(encode(stored, "JPEG", orientation=6, quality=95))
    record = open_pairs(tmp_path / "one").record(0)
    assert np.abs(record.data.astype(int) - halves[0]).mean() < 3
    assert np.abs(record.partner.astype(int) - halves[1]).mean() < 3


@pytest.mark.parametrize(("channels", "mode", "count"), [((1, 3), "RGB", 3), ((3, 4), "RGBA", 4), ((1, 4), "RGBA", 4)])
def test_greys_and_colours_mixed_are_made_alike(tmp_path, channels, mode, count):
    mixed = [photo(20, 30, each) for each in channels]
    pairs = open_pairs(folders(tmp_path, mixed, [photo(20, 30, 1)] * 2), Compose(FLOATS))
    assert pairs.input == Side(count, "uint8", mode, 255.0)
    assert pairs.target == Side(1, "uint8", "unchanged", 255.0)
    assert {pairs[index][0].shape[0] for index in range(2)} == {count}


def test_modes_are_as_said(tmp_path):
    root = folders(tmp_path, [photo(20, 30), photo(20, 30, 1, "uint16")], [photo(20, 30, 4)] * 2)
    pairs = open_pairs(root, modes=("L", "RGB"))
    assert [pairs.record(1).data.shape[2], pairs.record(1).partner.shape[2]] == [1, 3]
    assert open_pairs(root, modes=("L", "RGB"), direction="BtoA").record(1).data.shape[2] == 1
    write(tmp_path / "s" / "0.png", photo(20, 60))
    sides = open_pairs(tmp_path / "s", modes=("L", None)).record(0)
    assert [sides.data.shape, sides.partner.shape] == [(20, 30, 1), (20, 30, 3)]
    assert open_pairs(root / "B", derive="edges", modes=("RGB", "RGB")).record(0).data.shape[2] == 3
    assert open_pairs(root / "B", derive="gray").with_mode("L").target == Side(1, "uint8", "L", 255.0)
    with pytest.raises(ValueError, match='modes must be two of None, "unchanged"'):
        open_pairs(root, modes=("CMYK", None))


def test_the_direction_says_what_is_the_input(tmp_path):
    a, b = photo(20, 30), photo(20, 30, seed=1)
    folders(tmp_path / "two", [a], [b])
    write(tmp_path / "one" / "0.png", np.concatenate([a, b], 1))
    write(tmp_path / "made" / "0.png", b)
    for data, how in (("two", {}), ("one", {}), ("made", {"derive": "gray"})):
        forth, back = (open_pairs(tmp_path / data, direction=to, **how).record(0) for to in ("AtoB", "BtoA"))
        assert np.array_equal(forth.data, back.partner)
        assert np.array_equal(forth.partner, back.data)
        assert np.array_equal(forth.partner, b)
        assert forth.path == back.path


@pytest.mark.parametrize("colours", ["input", "target", "both"])
def test_colours_go_where_they_are_said_to(tmp_path, colours):
    images = [photo(40, 50)]
    steps = Compose([RandomCrop(32), ColorJitter(0.6), RandomInvert(1.0), RandomHorizontalFlip()])
    geometry = Compose([RandomCrop(32), ColorJitter(0), RandomInvert(0.0), RandomHorizontalFlip()])
    pairs = open_pairs(folders(tmp_path, images, images), steps, colours=colours)
    plain = pairs.with_transform(geometry)
    for epoch in range(5):
        made, kept = pairs.get(0, Key(0, epoch)), plain.get(0, Key(0, epoch))
        same = [np.array_equal(one, other) for one, other in zip(made, kept, strict=True)]
        assert same == [colours == "target", colours == "input"]
        assert np.array_equal(*made) == (colours == "both")
    with pytest.raises(ValueError, match="colours must be one of input, target, both, not 'all'"):
        open_pairs(tmp_path, colours="all")


@pytest.mark.parametrize(
    "step",
    [
        ColorJitter(0.5, 0.5, 0.5, 0.2),
        JPEGCompression(50),
        GaussianNoise(),
        RandAugment(),
        RandomErasing(1.0, value=(1, 2, 3)),
    ],
)
def test_a_side_without_colours_may_be_of_any_kind(tmp_path, step):
    (tmp_path / "A").mkdir()
    np.save(tmp_path / "A" / "0.npy", photo(40, 50))
    write(tmp_path / "B" / "0.npy", photo(40, 50, 5, "uint16"))
    pairs = open_pairs(tmp_path, Compose([step, *FLOATS]))
    assert [each.shape[0] for each in pairs.get(0, Key(0, 1))] == [3, 5]
    both = open_pairs(tmp_path, pairs.transform, colours="both")
    with pytest.raises(TransformError, match=r"colours have 1 to 4 channels|takes uint8 images|has 5 channels"):
        [both.get(0, Key(0, epoch)) for epoch in range(20)]


def masks(root, names=("images", "masks")):
    """Images whose left half is class 20 of a palette, and the rest 0; lines of class 7 between."""
    for number in range(2):
        image, mask = photo(40, 50), np.zeros((40, 50), np.uint8)
        mask[:, :25], mask[:, 25:27] = 20, 7
        write(root / names[0] / f"{number}.png", np.where(mask[:, :, None] == 20, 255, image // 4).astype(np.uint8))
        drawn = Image.fromarray(mask).convert("P")
        drawn.putdata(mask.ravel().tolist())
        drawn.putpalette(list(range(255, -1, -1)) * 3)
        drawn.save((root / names[1]).mkdir(exist_ok=True) or root / names[1] / f"{number}.png")
    return root


def test_masks_are_targets_whose_numbers_are_never_mixed(tmp_path):
    geometry = [RandomAffine(20, scale=(0.7, 1.3), fill=0), RandomResizedCrop(32, (0.6, 1.0)), ColorJitter(0.1)]
    pairs = open_pairs(masks(tmp_path), Compose([*geometry, *FLOATS]))
    assert pairs.target == Side(1, "uint8", "unchanged", 20.0)
    turned = open_pairs(tmp_path, Compose([*geometry, *FLOATS]), direction="BtoA")
    assert turned.input == pairs.target
    for epoch in range(10):
        image, mask = pairs.get(1, Key(0, epoch))
        assert (mask.shape, mask.dtype) == ((1, 32, 32), torch.float32)
        levels = [number / 20 * 2 - 1 for number in (0, 7, 20)]
        assert all(min(abs(value - level) for level in levels) < 1e-6 for value in mask.unique().tolist())
        bright = image.mean(0) > 0.5
        assert ((mask[0] > 0.5) != bright).float().mean() < 0.1
        assert torch.equal(turned.get(1, Key(0, epoch))[0], mask)
    plain = open_pairs(tmp_path, Compose(geometry))[0][1]
    assert set(np.unique(plain)) <= {0, 7, 20}
    assert set(np.unique(open_pairs(tmp_path).record(0).partner)) == {0, 7, 20}


def test_masks_are_told_from_pictures(tmp_path):
    root = masks(tmp_path)
    with pytest.raises(ValueError, match="masks have numbers and no colours"):
        open_pairs(root, modes=(None, "RGB"))
    write(root / "masks" / "1.png", photo(40, 50))
    with pytest.raises(DataError, match="no mask: a mask of 3 channels of uint8, and it must have one whole number"):
        open_pairs(root)


@pytest.mark.parametrize("half", ["A", "B"])
def test_a_broken_half_is_named(tmp_path, half):
    root = folders(tmp_path, [photo(20, 30)] * 3, [photo(20, 30)] * 3)
    broken = root / half / "1.png"
    broken.write_bytes(broken.read_bytes()[:200])
    pairs = open_pairs(root, Compose(FLOATS))
    for part, index in ((pairs, 1), (feedline.Subset(pairs, [2, 1]), 1)):
        with pytest.raises(DecodeError) as caught:
            part.get(1, Key())
        assert (caught.value.path, caught.value.index) == (str(broken), index)
    assert [(each.path, each.index, each.kind) for each in feedline.check(pairs)] == [(str(broken), 1, "truncated")]
    assert len(list(DataLoader(pairs, 1, on_error="skip", seed=0))) == 2


def test_a_half_that_was_changed_under_way_is_named(tmp_path):
    root = folders(tmp_path, [photo(20, 30)] * 2, [photo(20, 30)] * 2)
    pairs = open_pairs(root)
    changed = write(root / "B" / "1.png", photo(20, 30, 1))
    with pytest.raises(
        DecodeError, match=r"B/1.png \(index 1\): it is 1 x uint8, and its side of the pairs is 3"
    ) as it:
        pairs[1]
    assert it.value.path == str(changed)
    write(changed, photo(20, 32))
    with pytest.raises(DataError, match=r"A/1.png \(index 1\) is 30x20 pixels, and .*B/1.png is 32x20: a pair must"):
        pairs[1]


STEPS = Compose([Resize((36, 46)), RandomCrop(32), RandomHorizontalFlip(), ColorJitter(0.2), *FLOATS])


def test_the_same_batches_for_any_number_of_workers(tmp_path):
    root = folders(tmp_path, [photo(40, 50, 1, seed=n) for n in range(7)], [photo(40, 50, seed=n) for n in range(7)])
    pairs = open_pairs(root, STEPS)
    assert pairs.thread_safe
    made = []
    for how in ({}, {"num_workers": 2}, {"num_workers": 3, "worker_type": "process"}):
        loader = DataLoader(pairs, 3, shuffle=True, seed=0, **how)
        made.append([batch for _ in range(2) for batch in loader])
    assert [(one.shape, other.shape) for one, other in made[0][:1]] == [((3, 1, 32, 32), (3, 3, 32, 32))]
    for others in made[1:]:
        for batch, other in zip(made[0], others, strict=True):
            assert all(map(torch.equal, batch, other))
    assert not torch.equal(made[0][0][0], made[0][3][0])


def test_pairs_are_split_and_pickled(tmp_path):
    root = folders(tmp_path, [photo(20, 30, seed=n) for n in range(10)], [photo(20, 30, seed=n) for n in range(10)])
    pairs = open_pairs(root, Compose(FLOATS))
    train, val = feedline.split(pairs, 0.3, 1)
    assert (len(train), len(val)) == (7, 3)
    assert not set(train.paths) & set(val.paths)
    assert torch.equal(val[0][1], pairs[int(val.indices[0])][1])
    assert val.with_transform(None).record(0).data.shape == (20, 30, 3)
    assert len(next(iter(DataLoader(train, 4, shuffle=True, seed=0, num_workers=2)))[1]) == 4
    assert len(pickle.dumps(pairs)) < 3000
    twin = pickle.loads(pickle.dumps(pairs))
    assert torch.equal(twin[4][0], pairs[4][0])
    assert (twin.input, len(twin), twin.classes, twin.groups) == (pairs.input, 10, [], None)
    assert str(pairs.paths[3]).endswith("A/3.png")


def test_steps_that_pairs_cannot_go_through():
    pairs = open_pairs("glyphs", derive="edges")
    steps = [(FiveCrop(8), "makes 5 pictures of one"), (Normalize("dataset"), "has no numbers for pairs")]
    steps += [(lambda image: image, "is foreign"), (RandomApply([lambda image: image]), "is foreign")]
    for step, words in steps:
        with pytest.raises(TransformError, match=words):
            pairs.with_transform(Compose([step]))


class Plain:
    """A foreign step that says that it moves nothing."""

    moves = False

    def __init__(self, make):
        self.make = make

    def __call__(self, image):
        return self.make(image)


def test_a_foreign_step_that_moves_nothing_is_taken():
    pairs = open_pairs("glyphs", derive="gray")
    one, other = pairs.with_transform(Compose([Plain(lambda image: 255 - image), RandomCrop(20)]))[0]
    assert np.array_equal(255 - one, other)
    with pytest.raises(TransformError, match=r"leaves places alone, and input and target are now \(27, 28\)"):
        pairs.with_transform(Plain(lambda image: image[1:]))[0]


def test_derived_pairs_are_made_before_they_are_moved(tmp_path):
    images = np.stack([photo(31, 45, seed=seed) for seed in range(3)])
    np.savez(tmp_path / "x.npz", images=images, labels=[0, 1, 1])
    pairs = PairDataset(ArraySource(tmp_path / "x.npz"), Compose([RandomCrop(24), *FLOATS]), derive="downscale2")
    record = pairs.record(2)
    assert np.array_equal(record.partner, images[2])
    moved = Compose([RandomCrop(24), *FLOATS])(record.data, Key(0, 4, 2))
    assert torch.equal(pairs.get(2, Key(0, 4))[0], moved)
    assert (pairs.classes, pairs.targets.tolist()) == (["0", "1"], [0, 1, 1])
    assert pairs.class_to_idx == {"0": 0, "1": 1}


def test_a_source_that_tells_of_two_halves_is_taken():
    both = np.concatenate([photo(20, 30), photo(20, 30, seed=1)], 1)
    pairs = PairDataset(SideBySide(Memory([both], [0]), "BtoA"))
    assert np.array_equal(pairs[0][1], both[:, :30])
    with pytest.raises(DataError, match="its samples have no partner and no mask: say where"):
        PairDataset(Memory([both], [0]))
    with pytest.raises(ValueError, match='scale must be "exact"'):
        pairs.with_scale("fast")
