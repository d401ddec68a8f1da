"""Images and the objects in them from a COCO file: instances with boxes, outlines, masks and keypoints."""

from __future__ import annotations

import os
from collections.abc import Iterator

from feedline.errors import DataError
from feedline.sources.annotated import Annotated
from feedline.sources.coco_read import CocoReader
from feedline.sources.files import read_file
from feedline.sources.objects import objects_at
from feedline.sources.problems import warn_of
from feedline.sources.rle import Rle
from feedline.sources.saved import saved, state_of
from feedline.sources.texts import text_at
from feedline.types import Record


class CocoSource(Annotated):
    """The images of a COCO ``instances`` or ``person_keypoints`` file, in its order, each with its objects.

    ``record.objects`` has boxes as float32 left, top, right, bottom in pixels (COCO's x, y, width, height count from 0
    at the picture's left upper edge and need no shift), the annotations' ids, ``iscrowd``, and keypoints and outlines
    where there are any. A mask that is stored as run lengths is ``record.extra["rle"][k]`` for the k-th object, an
    ``Rle`` whose ``mask()`` makes the pixels. ``extra["size"]`` is the width and height that the file states. Classes
    are the categories in the order of their ids, which may have gaps. Captions are passed over, and an image without
    annotations has zero objects.

    The label of an image is the class of its largest box, UNLABELLED (-1) where it has none.

    What is wrong in the file (doubled or unknown ids, boxes outside of the image or without area, masks of another
    size) is in ``problems``; one warning says how much that is. Boxes are never changed: those that lie outside
    of their image are kept as they are. Objects that cannot be placed at all are left out, and reported.

    The file is read once; later openings take the index from the cache, until the file is changed or replaced.

    Args:
        annotations: the JSON file.
        root: the folder that ``file_name`` is relative to; else the usual places are tried for the first image.
        allow_outside: whether a ``file_name`` may lead out of ``root``.

    Raises:
        DataError: no such file, not COCO's layout, no image, or a file name that leads out of ``root``.
    """

    def __init__(
        self,
        annotations: str | os.PathLike[str],
        root: str | os.PathLike[str] | None = None,
        *,
        allow_outside: bool = False,
    ) -> None:
        self.file = os.path.abspath(annotations)
        if not os.path.isfile(self.file):
            raise DataError(f"no such file: {self.file}")
        where = None if root is None else os.path.abspath(root)
        what = f"coco 1 {self.file} {where} {allow_outside}"
        base = where or os.path.dirname(self.file)
        index = saved(what, state_of(self.file), lambda: CocoReader(self.file, base, allow_outside).read())
        if where is None:
            where = _usual_root(self.file, text_at(index["names"], index["name_places"], 0))
        super().__init__(where, index)
        self.keypoint_names: list[str] = self._about["keypoints"]
        warn_of(self.problems, self.file)

    def __getitem__(self, index: int) -> Record:
        path = self.path(index)
        data = read_file(path, index)
        runs = dict(self._runs(index))
        return Record(
            data,
            int(self.targets[index]),
            path,
            objects=objects_at(self._index, index),
            extra={**self._size(index), **({"rle": runs} if runs else {})},
        )

    def _runs(self, index: int) -> Iterator[tuple[int, Rle]]:
        if "runs" not in self._index:
            return
        first, runs = self._index["run_first"], self._index["runs"]
        begin, end = self._index["first"][index : index + 2].tolist()
        for number in range(begin, end):
            counts = runs[first[number] : first[number + 1]]
            if len(counts):
                yield number - begin, Rle(int(counts[0]), int(counts[1]), counts[2:].copy())

    def _title(self) -> str:
        return repr(self.file)


def _usual_root(file: str, name: str) -> str:
    """The first usual place that has the image ``name``; else the folder of the file."""
    folder = os.path.dirname(file)
    above = os.path.dirname(folder)
    split = os.path.splitext(os.path.basename(file))[0].rpartition("_")[2]
    places = [folder, os.path.join(folder, "images"), os.path.join(folder, split)]
    places += [above, os.path.join(above, split), os.path.join(above, "images"), os.path.join(above, "images", split)]
    return next((place for place in places if os.path.isfile(os.path.join(place, name))), folder)
