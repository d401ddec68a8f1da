"""mix.py: what is mixed, by how much, and what is refused."""

import copy
import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from feedline.errors import TransformError
from feedline.rng import Key
from feedline.transforms.mix import CutMix, MixUp, blended, cut_box, pasted

CLASSES = 7
BOTH = pytest.mark.parametrize("kind", [MixUp, CutMix])
DTYPES = pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float16, torch.float32, torch.float64])


def batch(count=5, channels=3, height=12, width=9, dtype=torch.float32):
    numbers = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, channels, height, width), generator=numbers).to(dtype)
    return images, torch.arange(count) % CLASSES


def equal(one, other):
    return all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(one, other, strict=True))


def keys():
    return (Key(4, 1, number) for number in itertools.count())


@DTYPES
def test_mixup_mixes_each_image_and_label_with_those_before_it(dtype):
    images, labels = batch(dtype=dtype)
    mixed, shares = MixUp(num_classes=CLASSES)(images, labels, key=Key(2, 3, 4))
    share = shares[1, 1].item()
    assert 0.01 < share < 0.99
    assert shares.dtype is torch.float32
    assert mixed.dtype is dtype
    expected = share * images.double() + (1 - share) * images.double()[[4, 0, 1, 2, 3]]
    near = {torch.float16: 0.3, torch.float32: 1e-4, torch.float64: 1e-4}.get(dtype, 0.5001)
    assert (mixed.double() - expected).abs().max() <= near
    for number in range(5):
        row = torch.zeros(CLASSES)
        row[labels[number]], row[labels[number - 1]] = share, 1 - share
        assert torch.allclose(shares[number], row)


def test_integers_are_rounded_and_not_cut_off():
    values = torch.tensor([[10], [11]], dtype=torch.uint8)
    assert blended(values, 0.4).tolist() == [[11], [10]]
    assert blended(values, 0.6).tolist() == [[10], [11]]


@DTYPES
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_cutmix_replaces_one_box_and_mixes_labels_by_its_area(dtype, layout, said, channels):
    channels_first = torch.arange(5).view(5, 1, 1, 1).expand(5, channels, 12, 9).to(dtype)
    images = channels_first if layout == "NCHW" else channels_first.permute(0, 2, 3, 1).contiguous()
    mix = CutMix(num_classes=CLASSES, layout=layout if said else "auto")
    mixed, shares = mix(images, torch.arange(5), key=Key(2, 3, 5))
    assert mixed.dtype is dtype
    assert mixed.shape == images.shape
    planes = (mixed if layout == "NCHW" else mixed.permute(0, 3, 1, 2)).to(torch.int64)
    for number in range(5):
        assert all(torch.equal(plane, planes[number, 0]) for plane in planes[number])
        taken = planes[number, 0] == (number - 1) % 5
        assert torch.equal(taken, planes[0, 0] == 4)
        assert torch.equal(planes[number, 0][~taken], torch.full((int((~taken).sum()),), number))
        rows, columns = (taken.any(dim=axis).nonzero().ravel() for axis in (1, 0))
        assert int(taken.sum()) == len(rows) * len(columns) > 0
        assert shares[number, (number - 1) % 5].item() == pytest.approx(int(taken.sum()) / (12 * 9))
        assert shares[number, number].item() == pytest.approx(1 - int(taken.sum()) / (12 * 9))


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 0.999), st.floats(0, 0.999))
def test_the_box_is_the_papers(height, width, share, down, across):
    """Algorithm A1, written as it stands there: sides, corners clipped, then rounded."""
    r_x, r_y = across * width, down * height
    r_w, r_h = width * math.sqrt(1 - share), height * math.sqrt(1 - share)
    x1, x2 = round(max(r_x - r_w / 2, 0)), round(min(r_x + r_w / 2, width))
    y1, y2 = round(max(r_y - r_h / 2, 0)), round(min(r_y + r_h / 2, height))
    found = cut_box(height, width, share, down, across)
    assert found == (y1, x1, y2, x2)
    assert 0 <= found[0] <= found[2] <= height
    assert 0 <= found[1] <= found[3] <= width
    if share == 1:
        assert found[0] == found[2]


@pytest.mark.parametrize(
    ("share", "down", "across", "box"),
    [
        (0.75, 0.5, 0.5, (25, 50, 75, 150)),  # sides are a half of the image's
        (0.75, 0.0, 0.0, (0, 0, 25, 50)),
        (0.75, 0.99, 0.99, (74, 148, 100, 200)),
        (0.0, 0.5, 0.5, (0, 0, 100, 200)),
        (1.0, 0.25, 0.25, (25, 50, 25, 50)),
    ],
)
def test_boxes(share, down, across, box):
    assert cut_box(100, 200, share, down, across) == box


def test_the_centre_of_the_box_is_anywhere():
    """Every pixel is cut sometimes, and the corners less often than the middle."""
    images = torch.zeros(2, 1, 8, 8)
    images[1] = 1
    cut = sum(CutMix(layout="NCHW")(images, torch.eye(2), key=key)[0][0, 0] for key in itertools.islice(keys(), 400))
    assert cut.min() > 40
    assert cut[0, 0] < cut[4, 4]
    assert cut[7, 7] < cut[4, 4]


def test_pasting_leaves_the_rest():
    values = torch.arange(8).view(2, 4)
    assert pasted(values, (slice(None), slice(1, 3))).tolist() == [[0, 5, 6, 3], [4, 1, 2, 7]]


@BOTH
def test_it_takes_two_arguments_or_one_pair_and_gives_back_its_kind(kind):
    class Pair(NamedTuple):
        images: torch.Tensor
        labels: torch.Tensor

    images, labels = batch()
    mix, key = kind(num_classes=CLASSES), Key(1, 1, 1)
    expected = mix(images, labels, key=key)
    assert type(expected) is tuple
    for given_ in ((images, labels), [images, labels], Pair(images, labels)):
        found = mix(given_, key=key)
        assert type(found) is type(given_)
        assert equal(found, expected)


@BOTH
def test_it_is_a_function_of_its_key_and_draws_from_no_generator(kind):
    images, labels = batch()
    mix, state = kind(num_classes=CLASSES), torch.get_rng_state()
    found = [mix(images, labels, key=Key(*numbers)) for numbers in itertools.product((0, 5), (0, 1), (0, 7))]
    assert torch.equal(torch.get_rng_state(), state)
    assert equal(mix(images, labels), found[0])
    assert equal(copy.deepcopy(mix)(images.clone(), labels.clone(), key=Key(5, 1, 7)), found[-1])
    assert len({mixed.numpy().tobytes() for mixed, _ in found}) == len(found)


@BOTH
@DTYPES
def test_the_batch_that_is_given_is_not_changed(kind, dtype):
    images, labels = batch(dtype=dtype)
    soft = torch.eye(CLASSES)[labels]
    before = images.clone(), labels.clone(), soft.clone()
    for targets in (labels, soft):
        mixed, shares = kind(num_classes=CLASSES)(images, targets, key=Key(2, 3, 4))
        assert not torch.equal(mixed, images)
        mixed.zero_()
        shares.zero_()
    assert equal((images, labels, soft), before)


@BOTH
def test_the_order_of_memory_stays(kind):
    images, labels = batch()
    images = images.contiguous(memory_format=torch.channels_last)
    mixed, _ = kind(num_classes=CLASSES)(images, labels, key=Key(2, 3, 4))
    assert mixed.stride() == images.stride()
    assert torch.equal(mixed, kind(num_classes=CLASSES)(images.contiguous(), labels, key=Key(2, 3, 4))[0])


@BOTH
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_the_number_of_threads_changes_no_bit(kind, dtype):
    images, labels = batch(8, 3, 65, 67, dtype)
    images = images if dtype is torch.uint8 else images / 255
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            found.append(kind(num_classes=CLASSES, alpha=3)(images, labels, key=Key(0, 0, 9)))
    finally:
        torch.set_num_threads(threads)
    assert equal(found[0], found[1])
    assert equal(found[0], found[2])


@BOTH
@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int32, torch.int64])
def test_labels_of_every_integer_type(kind, dtype):
    images, labels = batch()
    found = kind(num_classes=CLASSES)(images, labels.to(dtype), key=Key(2, 3, 4))
    assert equal(found, kind(num_classes=CLASSES)(images, labels, key=Key(2, 3, 4)))


@BOTH
def test_numbers_of_numpy_are_numbers(kind):
    mix = kind(alpha=np.float32(0.5), num_classes=np.int64(CLASSES), p=np.float64(1))
    assert equal(mix(*batch()), kind(alpha=0.5, num_classes=CLASSES)(*batch()))


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_one_hot_labels_are_mixed_as_classes_are(kind, dtype):
    images, labels = batch()
    found = kind()(images, torch.eye(CLASSES, dtype=dtype)[labels], key=Key(2, 3, 4))
    expected = kind(num_classes=CLASSES)(images, labels, key=Key(2, 3, 4))
    assert torch.equal(found[0], expected[0])
    assert torch.allclose(found[1].float(), expected[1])
    assert found[1].dtype is (torch.float64 if dtype is torch.float64 else torch.float32)


@BOTH
@pytest.mark.parametrize("count", [0, 1])
def test_what_has_no_partner_is_not_mixed(kind, count):
    images, labels = batch(count)
    mixed, shares = kind(num_classes=CLASSES)(images, labels, key=Key(2, 3, 4))
    assert torch.equal(mixed, images)
    assert torch.equal(shares, torch.eye(CLASSES)[labels])


@BOTH
def test_p_is_how_often_it_mixes(kind):
    images, labels = batch(2, 1, 6, 6)
    hard = torch.eye(CLASSES)[labels]
    mix = kind(num_classes=CLASSES, p=0.3, alpha=100)
    left = 0
    for key in itertools.islice(keys(), 500):
        mixed, shares = mix(images, labels, key=key)
        left += torch.equal(shares, hard)
        assert torch.equal(shares, hard) == torch.equal(mixed, images)
    assert 350 - 50 < left < 350 + 50
    assert equal(kind(num_classes=CLASSES, p=0)(images, labels), (images, hard))


@BOTH
def test_shares_are_from_zero_to_one_and_add_up(kind):
    images, labels = batch(3, 1, 5, 6)
    for key in itertools.islice(keys(), 50):
        _, shares = kind(num_classes=CLASSES, alpha=0.05)(images, labels, key=key)
        assert shares.min() >= 0
        assert torch.allclose(shares.sum(dim=1), torch.ones(3))


IMAGES, LABELS = batch()


@BOTH
@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({"alpha": 0}, "alpha must be a number above 0; given {}(alpha=0,"),
        ({"alpha": math.inf}, "alpha must be a number above 0; given {}(alpha=inf,"),
        ({"alpha": math.nan}, "alpha must be a number above 0; given {}(alpha=nan,"),
        ({"alpha": "1"}, "alpha must be a number above 0; given {}(alpha='1',"),
        ({"num_classes": 0}, "num_classes must be a whole number above 0, or None; given {}(alpha=1.0, num_classes=0,"),
        ({"num_classes": 2.0}, "num_classes must be a whole number above 0, or None"),
        ({"num_classes": True}, "num_classes must be a whole number above 0, or None"),
        ({"p": 1.5}, "p must be from 0 to 1; given {}(alpha=1.0, num_classes=None, p=1.5"),
    ],
)
def test_parameters_that_break_a_rule(kind, parameters, rule):
    with pytest.raises(TransformError) as error:
        kind(**parameters)
    assert str(error.value).startswith(f"{kind.__name__}: " + rule.format(kind.__name__))
    assert "\n" not in str(error.value)


def test_a_layout_that_is_none():
    with pytest.raises(TransformError, match=r"CutMix: layout must be 'auto', 'NCHW' or 'NHWC'; given .*'HWCN'"):
        CutMix(layout="HWCN")


@BOTH
@pytest.mark.parametrize(
    ("given_", "rule"),
    [
        ((IMAGES,), "takes a batch of (images, labels), not a Tensor"),
        ((IMAGES, LABELS, LABELS), "takes a batch of (images, labels), not 3 items"),
        (({"image": IMAGES},), "takes a batch of (images, labels), not a dict"),
        ((IMAGES.numpy(), LABELS), "images must be a tensor, not a ndarray"),
        ((IMAGES, LABELS.tolist()), "labels must be a tensor, not a list"),
        ((IMAGES[0], LABELS), "images must be NxCxHxW or NxHxWxC, not of shape (3, 12, 9)"),
        ((IMAGES.to(torch.int64), LABELS), "images must be float, uint8 or uint16, not torch.int64"),
        ((IMAGES, LABELS[:4]), "labels must be N or N x num_classes for N images, not (4,) for 5 images"),
        ((IMAGES, LABELS[:, None, None]), "labels must be N or N x num_classes for N images, not (5, 1, 1) for"),
        ((IMAGES, LABELS + 3), "labels must be from 0 to 6 (num_classes=7): 7"),
        ((IMAGES, LABELS - 1), "labels must be from 0 to 6 (num_classes=7): -1"),
        ((IMAGES, LABELS.float()), "labels of one dimension must be whole numbers, not torch.float32"),
        ((IMAGES, LABELS == 1), "labels of one dimension must be whole numbers, not torch.bool"),
        ((IMAGES, torch.eye(5)), "labels have 5 columns, num_classes is 7"),
    ],
)
def test_batches_that_break_a_rule(kind, given_, rule):
    with pytest.raises(TransformError) as error:
        kind(num_classes=CLASSES)(*given_)
    assert str(error.value).startswith(f"{kind.__name__}: {rule}")
    assert "\n" not in str(error.value)


@BOTH
def test_classes_need_their_number(kind):
    with pytest.raises(TransformError, match=f"{kind.__name__}: labels that are numbers of classes need num_classes"):
        kind()(IMAGES, LABELS)


@pytest.mark.parametrize("shape", [(5, 2, 8, 2), (5, 13, 8, 9), (5, 3, 4, 4)])
def test_cutmix_does_not_guess_where_the_channels_are(shape):
    images = torch.zeros(shape)
    with pytest.raises(TransformError, match=r"CutMix: images of shape .* say layout='NCHW' or 'NHWC'"):
        CutMix(num_classes=CLASSES)(images, LABELS)
    for layout in ("NCHW", "NHWC"):
        assert CutMix(num_classes=CLASSES, layout=layout)(images, LABELS)[0].shape == shape
    assert MixUp(num_classes=CLASSES)(images, LABELS)[0].shape == shape
