"""Which column of a table holds what: said by the caller, or guessed from the usual names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from feedline.errors import DataError

IMAGE: tuple[str, ...] = (
    "image",
    "img",
    "path",
    "imagepath",
    "imgpath",
    "filepath",
    "file",
    "filename",
    "imagefile",
    "imagefilename",
)
IMAGE += ("imgfile", "imgfilename", "imagename", "imgname", "relativepath", "relpath", "picture", "photo")
LABEL: tuple[str, ...] = (
    "label",
    "class",
    "target",
    "category",
    "classname",
    "labelname",
    "categoryname",
    "classlabel",
)
LABEL += ("classid", "labelid", "categoryid", "labels", "classes", "species", "y")
CORNERS = (
    ("xmin", "left", "x1", "bboxxmin", "bboxx1", "xtl", "x0"),
    ("ymin", "top", "y1", "bboxymin", "bboxy1", "ytl", "y0"),
    ("xmax", "right", "x2", "bboxxmax", "bboxx2", "xbr", "x1"),
    ("ymax", "bottom", "y2", "bboxymax", "bboxy2", "ybr", "y1"),
)
BOX = ("bbox", "box", "boundingbox")
SIZE = (("width", "imagewidth", "imgwidth"), ("height", "imageheight", "imgheight"))
FORMATS = ("xyxy", "xywh", "cxcywh")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns; ``boxes`` has none, one (lists of four) or four, in the order that ``box_format`` says.

    ``sizes`` are those of the picture's width and height, where there are any.
    """

    image: str
    label: str | None
    targets: tuple[str, ...]
    boxes: tuple[str, ...]
    box_format: str
    sizes: tuple[str, ...]

    @property
    def text(self) -> str:
        parts = [f"image={self.image!r}"]
        parts += [f"label={self.label!r}"] if self.label is not None else []
        parts += [f"targets={list(self.targets)}"] if self.targets else []
        parts += [f"boxes={list(self.boxes)}, box_format={self.box_format!r}"] if self.boxes else []
        return ", ".join(parts)


def choose_columns(
    file: str,
    names: Sequence[str],
    image: str | None,
    label: str | None,
    targets: Sequence[str],
    boxes: Sequence[str] | None,
    box_format: str | None,
) -> Columns:
    """The columns of a table with these ``names``: those given, else those guessed. Raises DataError."""
    given = [name for name in (image, label, *targets, *(boxes or ())) if name is not None]
    unknown = [name for name in given if name not in names]
    if unknown:
        raise DataError(f"no column {unknown[0]!r} in {file}: it has {_quoted(names)}")
    image = image or _guess(names, IMAGE)
    if image is None:
        raise DataError(
            f"no column of images in {file}: it has {_quoted(names)}; say which, as image={names[0]!r}, "
            f"or call it one of {', '.join(IMAGE)}"
        )
    free = [name for name in names if name != image and name not in targets]
    chosen = _boxes(free) if boxes is None else tuple(boxes)
    free = [name for name in free if name not in chosen]
    sizes = tuple(found for usual in SIZE if (found := _guess(free, usual)) is not None) if chosen else ()
    label = label if label is not None else _guess(free, LABEL)
    form = _format(file, chosen, box_format)
    return Columns(image, label, tuple(targets), chosen, form, sizes if len(sizes) == 2 else ())


def _boxes(names: Sequence[str]) -> tuple[str, ...]:
    """Four columns of corners, of which no two are the same, or one of lists."""
    for spelling in zip(*CORNERS, strict=True):
        found = [_guess(names, (name,)) for name in spelling]
        corners = tuple(name for name in found if name is not None)
        if len(corners) == 4:
            return corners
    single = _guess(names, BOX)
    return () if single is None else (single,)


def _format(file: str, boxes: tuple[str, ...], form: str | None) -> str:
    if form is not None and form not in FORMATS:
        raise DataError(f"box_format must be one of {', '.join(FORMATS)}, not {form!r}")
    if len(boxes) not in (0, 1, 4):
        raise DataError(f"boxes must name 4 columns of {file}, or 1 of lists, not {len(boxes)}")
    if len(boxes) == 1 and form is None:
        raise DataError(
            f"column {boxes[0]!r} of {file} holds boxes, and nothing says in which order: give box_format='xywh' "
            "(left, top, width, height), 'xyxy' (left, top, right, bottom) or 'cxcywh', or boxes=() to leave them out"
        )
    return form or "xyxy"


def _guess(names: Sequence[str], usual: Sequence[str]) -> str | None:
    keys = {_key(name): name for name in reversed(names)}
    return next((keys[key] for key in usual if key in keys), None)


def _key(name: str) -> str:
    return re.sub(r"[\s_\-.]", "", name).casefold()


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names[:40]) + (", ..." if len(names) > 40 else "")
