"""Images and the objects in them in YOLO's layout: one text file an image, in shares of its size."""

from __future__ import annotations

import os
from collections.abc import Callable

from feedline.errors import DataError, DecodeError
from feedline.sources.annotated import Annotated
from feedline.sources.files import read_file
from feedline.sources.objects import objects_at
from feedline.sources.problems import warn_of
from feedline.sources.saved import saved
from feedline.sources.yolo_layout import find_layout
from feedline.sources.yolo_read import label_states, read_yolo
from feedline.types import Objects, Record

SizeOf = Callable[[bytes], tuple[int, int]]


class YoloSource(Annotated):
    """A ``data.yaml``, or a folder with ``images`` and ``labels``: ``images/a/1.jpg`` has ``labels/a/1.txt``.

    A row is an object: its class and the middle, width and height of its box; or its class and the corners of
    its outline, whose box is then the smallest around it; or, where data.yaml has ``kpt_shape``, its class, box and
    keypoints. All places are shares of the picture's size, and records have them in pixels, boxes as left, top, right,
    bottom: for that ``size_of`` is asked, for it needs the picture's header, and no source decodes anything. An
    image without a label file has no objects. An object's id is the line of its row.

    Samples are in the order of the paths, or of the list where data.yaml names one. The label of an image
    is the class of its largest box, in shares; UNLABELLED (-1) where it has none. Class names are those of data.yaml,
    else of classes.txt, else numbers.

    Rows that cannot be read are left out; these, and boxes outside of the picture or without area (kept as they are),
    are in ``problems`` with file and line, and one warning says how many.

    Args:
        path: ``data.yaml``, or a folder with it, or one with ``images`` and ``labels``.
        split: "train", "val" or "test"; needed where there are several.
        size_of: width and height of an encoded picture, from its first bytes; to be pickled, a plain function.
        allow_outside: whether data.yaml may lead out of its folder.

    Raises:
        DataError: nothing is there, no image, no such split, or a data.yaml that cannot be read or leads outside.
    """

    def __init__(
        self, path: str | os.PathLike[str], split: str | None = None, *, size_of: SizeOf, allow_outside: bool = False
    ) -> None:
        self.file, self.split, self.size_of = os.path.abspath(path), split, size_of
        layout = find_layout(self.file, split, allow_outside)
        if not layout.images:
            raise DataError(f"no image in {self.file}: looked in {', '.join(layout.places)}")
        states = label_states(layout)
        what = f"yolo 1 {self.file} {split} {allow_outside}"
        super().__init__(layout.root, saved(what, states, lambda: read_yolo(layout)))
        warn_of(self.problems, self.file)

    def __getitem__(self, index: int) -> Record:
        path = self.path(index)
        data = read_file(path, index)
        return Record(data, int(self.targets[index]), path, objects=self._objects(data, path, index))

    def _objects(self, data: bytes, path: str, index: int) -> Objects:
        first = self._index["first"]
        if first[index] == first[index + 1]:
            return objects_at(self._index, index)
        try:
            width, height = self.size_of(data)
        except DecodeError as error:
            raise error.at(path, index) from error
        return objects_at(self._index, index, width, height)

    def _title(self) -> str:
        return repr(self.file) if self.split is None else f"{self.file!r}, split={self.split!r}"
