"""Images and the objects in them in the layout of Pascal VOC: one XML file an image."""

from __future__ import annotations

import os

from feedline.errors import DataError
from feedline.sources.annotated import Annotated
from feedline.sources.files import read_file
from feedline.sources.objects import DIFFICULT, TRUNCATED, objects_at
from feedline.sources.problems import warn_of
from feedline.sources.saved import saved
from feedline.sources.voc_read import MASKS, Layout, read_voc
from feedline.types import Record


class VocSource(Annotated):
    """``Annotations/NAME.xml`` with ``JPEGImages/NAME.jpg`` and, where it is there, ``SegmentationClass/NAME.png``.

    VOC counts whole pixels from 1, and its xmax and ymax are the last pixels inside; boxes here are edges, and 0 is
    the picture's left upper edge. So the box is xmin - 1, ymin - 1, xmax, ymax: a box of 1, 1, W, H is the
    whole picture. Coordinates with decimals are treated alike. Many tools write VOC files that count from 0:
    ``one_based=False`` takes their numbers as edges, as they are.

    Samples are in the order of the split's list, else of the names; classes in the order of their names.
    ``record.extra`` has ``difficult`` and ``truncated``, N bool each, and as ``size`` the width and height that the
    annotation states; ``record.mask`` is the encoded class mask. The label of an image is the class of its largest
    box, UNLABELLED (-1) where it has none.

    Damaged annotations, those without an image and images without one are left out; these, and boxes outside of the
    image or without area (kept as they are), are in ``problems``, and one warning says how many.

    Args:
        root: the folder that holds ``Annotations``, or that folder itself, or one of XML files beside images.
        split: the name of a list in ``ImageSets/Main``, such as "train"; else all annotations.
        one_based: whether coordinates count from 1.

    Raises:
        DataError: no such folder, no annotation in it, or no such list.
    """

    def __init__(self, root: str | os.PathLike[str], split: str | None = None, *, one_based: bool = True) -> None:
        layout = Layout(os.path.abspath(root))
        names = layout.split_names(split)
        what = f"voc 1 {layout.annotations} {split} {one_based}"
        self.split = split
        super().__init__(
            layout.root, saved(what, layout.state(names), lambda: read_voc(layout, names, one_based, split is None))
        )
        if not len(self):
            raise DataError(f"no annotated image in {layout.annotations}: {self.problems[0].cause}")
        warn_of(self.problems, layout.annotations)

    def __getitem__(self, index: int) -> Record:
        path = self.path(index)
        masked = bool(self._index["masked"][index])
        flags = self._index["flags"][self._index["first"][index] : self._index["first"][index + 1]]
        return Record(
            read_file(path, index),
            int(self.targets[index]),
            path,
            objects=objects_at(self._index, index),
            mask=read_file(self._mask_path(path), index) if masked else None,
            extra={**self._size(index), "difficult": (flags & DIFFICULT) > 0, "truncated": (flags & TRUNCATED) > 0},
        )

    def _mask_path(self, path: str) -> str:
        return os.path.join(self.root, MASKS, os.path.splitext(os.path.basename(path))[0] + ".png")

    def _title(self) -> str:
        return repr(self.root) if self.split is None else f"{self.root!r}, split={self.split!r}"
