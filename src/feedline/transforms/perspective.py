"""What looks at the picture from another place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedline.errors import TransformError
from feedline.native import Filter
from feedline.rng import Key
from feedline.transforms.base import Transform, require_fill, require_filter, require_share
from feedline.transforms.draft import Draft, Fill
from feedline.transforms.matrix import Matrix, Point, after, inverse


@dataclass(frozen=True)
class RandomPerspective(Transform):
    """Each corner moved towards the middle by a random number of whole pixels, with probability ``p``.

    Args:
        distortion_scale: how far a corner may move, as a share of half the height and half the width, in 0..1.
        p: how often.
        interpolation: "nearest", "bilinear" or "bicubic".
        fill: the value of pixels from outside the image, in its unit, one number or one a channel.
    """

    distortion_scale: float = 0.5
    p: float = 0.5
    interpolation: Filter = "bilinear"
    fill: Fill = 0

    def __post_init__(self) -> None:
        require_share(self, "distortion_scale")
        require_share(self)
        require_filter(self)
        require_fill(self)

    def add(self, draft: Draft, key: Key, operation: int) -> None:
        chance, *shares = key.uniform(operation, 9)
        height, width = draft.height, draft.width
        if chance >= self.p or min(height, width) < 2:
            return
        ends = self._ends(height, width, shares)
        if _bulges(ends):
            matrix = from_points(_starts(height, width), ends)
            draft.move(matrix, height, width, fill=self.fill, filter=self.interpolation)

    def _ends(self, height: int, width: int, shares: Sequence[float]) -> list[Point]:
        """Where the corners go: top left, top right, bottom right, bottom left; as torchvision draws them."""
        across = int(self.distortion_scale * (width // 2)) + 1
        down = int(self.distortion_scale * (height // 2)) + 1
        moved = [int(share * most) for share, most in zip(shares, (across, down) * 4, strict=True)]
        return [
            (moved[0], moved[1]),
            (width - 1 - moved[2], moved[3]),
            (width - 1 - moved[4], height - 1 - moved[5]),
            (moved[6], height - 1 - moved[7]),
        ]


def from_points(starts: Sequence[Point], ends: Sequence[Point]) -> Matrix:
    """The perspective that takes four points, in order around a convex figure, to four others.

    Raises:
        TransformError: three of either lie on a line, so that there is none.
    """
    try:
        matrix = after(_from_square(ends), inverse(_from_square(starts)))
    except ZeroDivisionError:
        raise TransformError(f"no perspective takes {list(starts)} to {list(ends)}: three lie on a line") from None
    x, y = starts[0]
    depth = matrix[6] * x + matrix[7] * y + matrix[8]
    a, b, c, d, e, f, g, h, i = (number / depth for number in matrix)
    return a, b, c, d, e, f, g, h, i


def _from_square(points: Sequence[Point]) -> Matrix:
    """What takes (0, 0), (1, 0), (1, 1) and (0, 1) to four points (Heckbert: "Fundamentals of texture mapping", 1989).

    In scalars: a library that solves equations may round otherwise on another machine.
    """
    (x, y), (right, near), (far, below), (left, down) = points
    u, v = right - far, near - below
    s, t = left - far, down - below
    across, along = x - right + far - left, y - near + below - down
    area = u * t - s * v
    g, h = (across * t - s * along) / area, (u * along - across * v) / area
    return right - x + g * right, left - x + h * left, x, near - y + g * near, down - y + h * down, y, g, h, 1.0


def _starts(height: int, width: int) -> list[Point]:
    """The numbers of the corner pixels, taken for places whose corner is at 0, as torchvision does."""
    return [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]


def _bulges(points: Sequence[Point]) -> bool:
    """Whether four points, clockwise on the screen, are the corners of a convex figure with an area.

    Others are the picture of no plane: with a distortion near 1, torchvision's corners may be such.
    """
    for place in range(4):
        (x, y), (u, v), (s, t) = (points[(place + step) % 4] for step in range(3))
        if (u - x) * (t - v) - (v - y) * (s - u) <= 0:
            return False
    return True
