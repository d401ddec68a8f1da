import numpy as np
import pytest
from drafted import KINDS, apart, as_kind, drafted, image_of, images, planned, white_of
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from feedline.errors import TransformError
from feedline.native import counting
from feedline.transforms import adjust
from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.transforms.pointwise import Colour

LUMA = np.array([0.2989, 0.587, 0.114])
CALLS = [
    (adjust.brightness, (1.4,)),
    (adjust.contrast, (0.3,)),
    (adjust.contrast, (1.8,)),
    (adjust.saturation, (0.2,)),
    (adjust.saturation, (1.7,)),
    (adjust.hue, (0.2,)),
    (adjust.invert, ()),
    (adjust.posterize, (3,)),
    (adjust.solarize, (0.7,)),
    (adjust.gamma, (0.6, 1.2)),
]
factors = st.floats(0, 3)


def colours(image):
    """Shares of white, without alpha."""
    count = image.shape[2]
    return image[:, :, : count - (count in (2, 4))].astype(np.float64) / white_of(image.dtype)


def luma(shares):
    return shares @ LUMA if shares.shape[2] == 3 else shares[:, :, 0]


def close(found, shares, levels=0.5):
    """Within half a level of what was computed without rounding (or more, where it is said), and within a millionth."""
    white = white_of(found.dtype)
    assert np.abs(colours(found) - np.clip(shares, 0, 1)).max() <= levels / white * (white > 1) + 2e-6


@given(image=images, call=st.sampled_from(CALLS))
def test_size_type_and_alpha_stay_and_the_input_too(image, call):
    before = image.copy()
    out = run(planned(image, call), image)
    assert (out.shape, out.dtype) == (image.shape, image.dtype)
    assert 0 <= out.min() <= out.max() <= white_of(image.dtype)
    if image.shape[2] in (2, 4):
        np.testing.assert_array_equal(out[:, :, -1], before[:, :, -1])
    np.testing.assert_array_equal(image, before)


@given(image=images, factor=factors)
def test_brightness_is_a_product(image, factor):
    close(drafted(image, adjust.brightness, factor), colours(image) * factor)


@given(image=images, factor=factors)
def test_contrast_moves_away_from_the_mean_luma(image, factor):
    shares = colours(image)
    close(drafted(image, adjust.contrast, factor), shares * factor + (1 - factor) * luma(shares).mean())


@given(image=images, factor=factors)
def test_saturation_moves_away_from_each_pixels_luma(image, factor):
    shares = colours(image)
    if shares.shape[2] == 1:
        np.testing.assert_array_equal(drafted(image, adjust.saturation, factor), image)
    else:  # the matrix has shares of 2**14: three halves of one may be missing
        levels = 0.5 + 1.5 * white_of(image.dtype) / 2**14
        close(
            drafted(image, adjust.saturation, factor),
            shares * factor + (1 - factor) * luma(shares)[:, :, None],
            levels,
        )


@given(image=images)
def test_invert_is_exact_for_whole_numbers_and_undoes_itself(image):
    out = drafted(image, adjust.invert)
    close(out, 1 - colours(image), 0.0)
    if image.dtype.kind != "f":
        np.testing.assert_array_equal(drafted(out, adjust.invert), image)


@given(image=images, exponent=st.floats(0, 4), gain=st.floats(0, 2))
def test_gamma_is_a_power(image, exponent, gain):
    close(drafted(image, adjust.gamma, exponent, gain), gain * colours(image) ** exponent)


@given(image=images, bits=st.integers(0, 8))
def test_posterize_keeps_the_highest_bits(image, bits):
    out, white = drafted(image, adjust.posterize, bits), white_of(image.dtype)
    if white == 1:
        expected = np.minimum(np.floor(colours(image) * 2**bits), 2**bits - 1) / 2**bits
    else:
        dropped = white.bit_length() - bits
        expected = np.rint(colours(image) * white).astype(int) // 2**dropped * 2**dropped / white
    close(out, expected, 0.0)


@given(image=images, share=st.floats(0, 1))
def test_solarize_inverts_from_the_threshold_on(image, share):
    white = white_of(image.dtype)
    threshold = float(image.flat[0]) if share < 0.3 else share * white
    shares = colours(image)
    expected = np.where(shares * white >= threshold - 1e-12, 1 - shares, shares)
    close(drafted(image, adjust.solarize, threshold), expected, 0.0)


@pytest.mark.parametrize(("kind", "above"), [("uint8", 256), ("uint16", 65536), ("float32", 1.5)])
def test_a_threshold_above_white_is_an_error_in_one_line(kind, above):
    with pytest.raises(TransformError) as raised:
        drafted(image_of(2, 2, 3, kind), adjust.solarize, above)
    assert str(raised.value) == f"solarize: threshold must be in 0..{white_of(kind)} for {kind}, not {above}"


@given(image=images, count=st.sampled_from([1, 3]))
def test_grayscale_is_luma_once_or_three_times_with_alpha_behind(image, count):
    plan = planned(image, (adjust.grayscale, (count,)))
    out = run(plan, image)
    alpha = image.shape[2] in (2, 4)
    assert out.shape[2] == plan.channels == count + alpha
    levels = 0.5 + 1.5 * white_of(image.dtype) / 2**14
    for channel in range(count):
        one = out[:, :, channel : channel + 1]
        if image.shape[2] < 3:
            np.testing.assert_array_equal(one, image[:, :, :1])
        else:
            close(one, luma(colours(image))[:, :, None], levels)
    if alpha:
        np.testing.assert_array_equal(out[:, :, -1], image[:, :, -1])


@pytest.mark.parametrize("kind", KINDS)
def test_grey_once_is_grey_three_times(kind):
    image = image_of(20, 20, 4, kind)
    once, thrice = drafted(image, adjust.grayscale, 1), drafted(image, adjust.grayscale, 3)
    np.testing.assert_array_equal(once, thrice[:, :, 2:])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shares", [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0)])
def test_black_and_white_stay_when_saturation_or_contrast_change(kind, shares):
    image = as_kind(np.array(shares) * np.ones((3, 4, 3)), kind)
    for function in (adjust.contrast, adjust.saturation):
        for factor in (0.0, 0.5, 1.5):
            levels = {"uint8": 0, "uint16": 8, "float32": 1.1e-4}[kind]  # the weights add up to 0.9999
            assert apart(drafted(image, function, factor), image) <= levels


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.6, 3.0])
@pytest.mark.parametrize(
    ("function", "enhance", "levels"),
    [
        (adjust.brightness, ImageEnhance.Brightness, 1),  # Pillow cuts off what lies behind the point
        (adjust.contrast, ImageEnhance.Contrast, 2),  # and rounds the mean luma
        (adjust.saturation, ImageEnhance.Color, 2),  # and each pixel's
    ],
)
def test_against_pillows_enhancers(function, enhance, levels, factor):
    image = image_of(30, 40, 3, "uint8")
    expected = np.asarray(enhance(Image.fromarray(image)).enhance(factor))
    assert apart(drafted(image, function, factor), expected) <= levels


def test_against_pillows_operations():
    image = image_of(30, 40, 3, "uint8")
    picture = Image.fromarray(image)
    np.testing.assert_array_equal(drafted(image, adjust.invert), np.asarray(ImageOps.invert(picture)))
    for bits in range(1, 9):
        expected = np.asarray(ImageOps.posterize(picture, bits))
        np.testing.assert_array_equal(drafted(image, adjust.posterize, bits), expected)
    for threshold in (0, 1, 100, 128, 255):
        expected = np.asarray(ImageOps.solarize(picture, threshold))
        np.testing.assert_array_equal(drafted(image, adjust.solarize, threshold), expected)
    grey = np.asarray(ImageOps.grayscale(picture))[:, :, None]
    assert apart(drafted(image, adjust.grayscale, 1), grey) <= 1


@pytest.mark.parametrize(
    "call",
    [
        (adjust.brightness, (1.0,)),
        (adjust.contrast, (1.0,)),
        (adjust.saturation, (1.0,)),
        (adjust.hue, (0.0,)),
        (adjust.gamma, (1.0, 1.0)),
    ],
)
def test_what_changes_nothing_is_no_stage(call):
    assert planned(image_of(4, 4, 3, "uint8"), call).stages == ()


@pytest.mark.parametrize("channels", [1, 2])
def test_grey_images_have_no_hue_and_no_saturation(channels):
    image = image_of(4, 4, channels, "uint8")
    assert planned(image, (adjust.hue, (0.2,)), (adjust.saturation, (0.2,)), (adjust.grayscale, (1,))).stages == ()


NORMALIZED = [*CALLS, (adjust.grayscale, (1,)), (adjust.grayscale, (3,))]


@pytest.mark.parametrize("call", NORMALIZED, ids=lambda call: f"{call[0].__name__}{call[1]}")
def test_a_normalised_image_is_an_error_in_one_line(call):
    draft = Draft(4, 4, 3, np.float32)
    draft.convert((2.0,), (-1.0,), normalized=True)
    with pytest.raises(TransformError, match=r"^[^\n]*: normalised images have no black and white: put it before"):
        call[0](draft, *call[1])


def passes(image, *calls):
    with counting() as counted:
        out = run(planned(image, *calls), image.copy())
    return counted.pixel_passes + counted.float_passes, out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_chain_of_affine_steps_is_one_pass(kind, channels):
    calls = [
        (adjust.invert, ()),
        (adjust.brightness, (0.8,)),
        (adjust.saturation, (0.5,)),
        (adjust.invert, ()),
        (adjust.grayscale, (3,)) if channels >= 3 else (adjust.brightness, (0.9,)),
        (adjust.brightness, (1.1,)),
    ]
    image = image_of(9, 8, channels, kind)
    count, folded = passes(image, *calls)
    assert count == 1
    for call in calls:
        image = run(planned(image, call), image)
    levels = {"uint8": 2, "uint16": 12, "float32": 1e-6}[kind]  # half a level a step, and shares of 2**14
    assert apart(folded, image) <= levels


def test_a_matrix_takes_no_line_with_it_where_a_grey_image_has_no_use_for_it():
    draft, image = Draft(3, 4, 1), image_of(3, 4, 1, "uint8")
    adjust.invert(draft)
    draft.recolour(Colour("any", ((0.5, 0.2, 0.1, 0.0),) * 3))
    np.testing.assert_array_equal(run(draft.finish(), image), 255 - image)


def test_a_matrix_that_leaves_the_range_is_not_multiplied():
    """A matrix whose colours leave 0..1 ends the pass, whatever follows."""
    image = image_of(9, 8, 3, "uint8")
    count, out = passes(image, (adjust.saturation, (3.0,)), (adjust.invert, ()), (adjust.saturation, (0.0,)))
    assert count == 2
    for function, parameters in ((adjust.saturation, (3.0,)), (adjust.invert, ()), (adjust.saturation, (0.0,))):
        image = drafted(image, function, *parameters)
    assert apart(out, image) <= 1


def test_what_is_kept_within_black_and_white_is_not_undone_by_folding():
    image = image_of(9, 8, 3, "uint8")
    count, out = passes(image, (adjust.brightness, (1.5,)), (adjust.saturation, (0.5,)))
    assert count == 2
    stepwise = drafted(drafted(image, adjust.brightness, 1.5), adjust.saturation, 0.5)
    np.testing.assert_array_equal(out, stepwise)


AFFINE = st.one_of(
    st.tuples(st.just(adjust.brightness), st.tuples(st.floats(0, 2))),
    st.tuples(st.just(adjust.saturation), st.tuples(st.floats(0, 2))),
    st.just((adjust.invert, ())),
    st.just((adjust.grayscale, (3,))),
)


@given(image=images, calls=st.lists(AFFINE, max_size=5))
def test_folded_is_stepwise_but_for_rounding(image, calls):
    if image.shape[2] < 3:
        calls = [call for call in calls if call[0] is not adjust.grayscale]
    folded = run(planned(image, *calls), image.copy())
    white = white_of(image.dtype)
    each = 1e-6 if white == 1 else 0.5 + 2 * white / 2**14
    error = 0.0
    for function, parameters in calls:
        image = drafted(image, function, *parameters)
        gain = max(1.0, *parameters) if parameters else 1.0
        error = error * (2 * gain - 1) + each  # a saturation of 2 takes one luma away from two colours: 3 in all
    assert apart(folded, image) <= error + each
