"""A plan, drawn: what it takes of the source, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedline.transforms.draw import draw, line, width_of, write
from feedline.transforms.execute import run, run_mask
from feedline.transforms.matrix import bounds, corners, inverse
from feedline.transforms.objects import follow
from feedline.transforms.plan import Plan
from feedline.transforms.showable import showable
from feedline.types import Image, Objects

_ORANGE, _PAPER, _GREY = (255, 140, 0), 255, (120, 120, 120)
_HEAD, _GAP = 22, 14
_DIMMED = 0.35
_RIM = 0.03
_POINTS = 33
_HORIZON = 0.02
"""The least depth that is drawn, as a share of that of the middle."""
_BEYOND = 0.5
"""How far around the source the sheet goes to show an outline that leaves it, in shares of the source's side."""


def draw_plan(
    plan: Plan,
    image: Image,
    *,
    objects: Objects | None = None,
    mask: Image | None = None,
    classes: Sequence[str] = (),
    steps: Iterable[Any] = (),
    side: int = 320,
) -> Image:
    """On the left the source, on the right what comes out, as HxWx3 uint8.

    What need not be decoded is dimmed. The outline of the output lies over the source in orange; the dot is at its
    upper left corner, and the thick line along its upper edge: a flip or a turn is seen by where they are.

    Args:
        plan: made for this picture.
        image: HxWxC, the whole picture.
        objects, mask: of the picture; they are drawn on both sides.
        classes: names of the objects' labels.
        steps: those of the plan, so that Normalize can be undone for showing.
        side: pixels of the longer side of each half.
    """
    source, _ = showable(image)
    result, word = showable(run(plan, image), steps)
    moved = None if objects is None else follow(plan, objects)[0]
    moved_mask = None if mask is None else run_mask(plan, mask)
    shrink = side / max(_extent(plan)[2] - _extent(plan)[0], _extent(plan)[3] - _extent(plan)[1])
    left = _on_paper(plan, draw(source, objects, mask, classes, max(1, round(max(plan.source) * shrink))))
    right = draw(result, moved, moved_mask, classes, side)
    height, width = plan.source
    _, _, tall, wide = plan.region
    share = 100 * tall * wide / (height * width)
    out = f"out: {plan.size[0]} x {plan.size[1]}" + (f", {word}" if word else "")
    return _beside(_headed(left, f"{height} x {width}, {share:.0f} % decoded"), _headed(right, out))


def _on_paper(plan: Plan, drawn: Image) -> Image:
    """The source on paper that is large enough for the outline, which is drawn over it."""
    height, width = plan.source
    scale = np.array([drawn.shape[1] / width, drawn.shape[0] / height])
    top, left, bottom, right = _extent(plan)
    wide, tall = np.ceil(np.array([right - left, bottom - top]) * scale).astype(int).tolist()
    across, down = np.rint(np.array([-left, -top]) * scale).astype(int).tolist()
    paper = np.full((max(tall, down + drawn.shape[0]), max(wide, across + drawn.shape[1]), 3), _PAPER, np.uint8)
    paper[down : down + drawn.shape[0], across : across + drawn.shape[1]] = _dimmed(plan, drawn)
    _draw_outline(plan, paper, scale, (across, down))
    return paper


def _extent(plan: Plan) -> tuple[float, float, float, float]:
    """Top, left, bottom and right, in pixels of the source, of source and outline."""
    height, width = plan.source
    top, left, bottom, right = bounds((*corners(height, width), *plan.outline))
    down, across = _BEYOND * height, _BEYOND * width
    rim = _RIM * max(height, width) * (min(top, left) < 0 or bottom > height or right > width)
    return (
        max(top, -down) - rim,
        max(left, -across) - rim,
        min(bottom, height + down) + rim,
        min(right, width + across) + rim,
    )


def _dimmed(plan: Plan, drawn: Image) -> Image:
    """The source, what is not decoded of it nearly grey."""
    height, width = plan.source
    top, left, tall, wide = plan.region
    rows, columns = np.arange(drawn.shape[0]), np.arange(drawn.shape[1])
    down, across = drawn.shape[0] / height, drawn.shape[1] / width
    inside = ((rows >= round(top * down)) & (rows < round((top + tall) * down)))[:, None] & (
        (columns >= round(left * across)) & (columns < round((left + wide) * across))
    )
    faint = _DIMMED * drawn.mean(2, keepdims=True) + (1 - _DIMMED) * 90
    return np.where(inside[:, :, None], drawn, faint.astype(np.uint8))


def _draw_outline(plan: Plan, paper: Image, scale: NDArray[np.float64], origin: tuple[int, int]) -> None:
    """The sides of the output, as far as they lie in front of the eye, and where its upper left corner is."""
    height, width = paper.shape[:2]
    least, most = -3.0, np.array([width, height]) + 3.0
    for place, side in reversed(list(enumerate(_sides(plan)))):  # the upper edge and its dot over the others
        points = side * scale + origin
        if ((points > least) & (points < most)).all():
            points = np.clip(points, 1.5, [width - 1.5, height - 1.5])
        if len(points) > 1:
            line(paper, points, _ORANGE, closed=False, thickness=2 if place else 4)
        if place == 0 and len(side) == _POINTS:
            angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            line(paper, points[0] + 3 * np.stack([np.cos(angles), np.sin(angles)], 1), _ORANGE, thickness=4)


def _sides(plan: Plan) -> list[NDArray[np.float64]]:
    """Points along the upper, right, lower and left edge of the output, in the coordinates of the source."""
    frame = np.array(corners(*plan.size))
    back = np.array(inverse(plan.matrix)).reshape(3, 3)
    shares = np.linspace(0, 1, _POINTS)[:, None]
    sides = [start + shares * (end - start) for start, end in zip(frame, np.roll(frame, -1, 0), strict=True)]
    seen = [np.column_stack([side, np.ones(_POINTS)]) @ back.T for side in sides]
    height, width = plan.size
    middle = float(back[2] @ (width / 2, height / 2, 1))
    return [side[ahead, :2] / side[ahead, 2:] for side in seen for ahead in [side[:, 2] / middle > _HORIZON]]


def _headed(image: Image, text: str) -> Image:
    width = max(image.shape[1], width_of(text) + 4)
    whole = np.full((image.shape[0] + _HEAD, width, 3), _PAPER, np.uint8)
    whole[_HEAD:, : image.shape[1]] = image
    write(whole, text, 2, _HEAD - 7, _GREY)
    return whole


def _beside(left: Image, right: Image) -> Image:
    height = max(left.shape[0], right.shape[0])
    whole = np.full((height, left.shape[1] + _GAP + right.shape[1], 3), _PAPER, np.uint8)
    whole[: left.shape[0], : left.shape[1]] = left
    whole[: right.shape[0], left.shape[1] + _GAP :] = right
    return whole
