import numpy as np
import pytest
from drafted import image_of

from feedline.errors import TransformError
from feedline.transforms.draft import Draft
from feedline.transforms.execute import run
from feedline.transforms.stage import colours_of, on_colours, stage


@pytest.mark.parametrize(("channels", "colours"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_alpha_is_no_colour(channels, colours):
    image, seen = image_of(3, 4, channels, "uint8"), []

    def darken(part):
        seen.append((part.shape, part.flags.c_contiguous))
        return part // 2

    out = on_colours(image, darken)
    assert colours_of(channels) == colours
    assert seen == [((3, 4, colours), True)]
    np.testing.assert_array_equal(out[:, :, :colours], image[:, :, :colours] // 2)
    np.testing.assert_array_equal(out[:, :, colours:], image[:, :, colours:])


def test_it_remains_in_the_plan_by_its_name():
    draft = Draft(3, 4)
    stage(draft, "half", lambda image: image // 2)
    plan = draft.finish()
    assert "stage     half" in str(plan)
    assert (run(plan, np.full((3, 4, 3), 8, np.uint8)) == 4).all()


def test_normalised_images_are_refused_in_the_words_of_pixel_wise_steps():
    draft = Draft(3, 4, dtype=np.float32)
    draft.convert((2.0,), (0.0,), normalized=True)
    with pytest.raises(TransformError) as raised:
        stage(draft, "half", lambda image: image / 2)
    assert str(raised.value) == "half: normalised images have no black and white: put it before Normalize"
