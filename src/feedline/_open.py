"""A path, a name, a URL or an object to a dataset: the only list of what opens what."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from feedline._guess import source_of_folder, source_of_name, source_of_url, upright_size
from feedline.checking.check import check as check_all
from feedline.dataset import ImageDataset
from feedline.errors import SUSPICIOUS, DataError
from feedline.planned import Scale
from feedline.sources import ArraySource, HuggingFaceSource, PairedSource, SideBySide
from feedline.sources.huggingface import is_huggingface
from feedline.sources.url_reader import is_url
from feedline.types import Mode, Source

EMBEDDED = Path(__file__).parent / "embedded"
_SHOWN = 10


def _glyphs() -> ArraySource:
    """The embedded letters; faces belong together by the first word of their family's name."""
    faces = json.loads((EMBEDDED / "glyphs.fonts.json").read_text(encoding="utf-8"))
    letters = "ABCDEFGHIJ"
    families = [face["family"].split()[0] for face in faces for _ in letters]
    return ArraySource(EMBEDDED / "glyphs.npz", classes=list(letters), groups=families)


_NAMES: dict[str, Callable[[], Source]] = {"glyphs": _glyphs}


def open(
    data: Any,
    transform: Callable[[Any], Any] | None = None,
    mode: Mode | None = None,
    *,
    check: bool = False,
    pair: Any = None,
    mask: Any = None,
    missing: Literal["raise", "skip"] = "raise",
    side_by_side: Literal["AtoB", "BtoA"] | None = None,
    scale: Scale = "exact",
    **how: Any,
) -> ImageDataset:
    """The images of ``data`` as a map-style dataset of (image, label).

    A loader gets these two. Boxes, masks, partners and whatever else is known of a sample are in ``dataset.record(i)``,
    and in ``dataset.sample(i)`` as the transforms move them; of a table with target columns and no labels the label is
    a float32 array of those.

    | what ``data`` is | what opens it, and takes ``how`` |
    | --- | --- |
    | a folder of class folders or of images, or of splits with ``split="train"`` | FolderSource |
    | .tar, .zip, .tar.gz and the like; "a-{000..003}.tar" | ArchiveSource |
    | a URL: of an archive, a table, or else a folder | ArchiveSource, TableSource, UrlFolderSource |
    | .npy, .npz | ArraySource |
    | .h5, .hdf5 | HDF5Source |
    | .csv, .tsv, .jsonl, .parquet | TableSource |
    | .json | CocoSource |
    | a store: a folder that pack or prepare wrote, or its URL, NAME.feed | StoreSource |
    | a folder with Annotations/ | VocSource |
    | data.yaml, or a folder with it or with images/ and labels/ | YoloSource |
    | MNIST's and CIFAR's files and folders | MnistSource, CifarSource |
    | an object of Hugging Face ``datasets`` | HuggingFaceSource |
    | any source | itself |
    | "glyphs" | the embedded letters A to J (write "./glyphs" for a folder of that name) |

    Args:
        data: see above.
        transform: what shall happen to each image; without one it stays an HxWxC array.
        mode: "RGB", "L", "RGBA" or "unchanged"; by default "RGB" for encoded files and "unchanged" for arrays.
        check: decodes everything first and raises where something is broken; see :func:`feedline.check`.
        pair: where the partners of the images are, by equal names; ``dataset.record(index).partner`` is one.
        mask: where the masks of the images are, by equal names.
        missing: "skip" leaves out images that have no partner or mask, or one of another size, and doubled names.
        side_by_side: "AtoB" or "BtoA" for images that hold two beside each other, A on the left.
        scale: "fast" decodes a JPEG that ``transform`` shrinks at less than its size: see :class:`ImageDataset`.
        how: what the source takes: see there.

    Raises:
        DataError: nothing is there, or nothing that feedline opens, or not in the layout that it needs; with ``check``
            what is broken, all of it in ``problems``.
        TypeError: a word that the source does not take.
        ValueError: an unknown mode or scale.
    """
    source = _source(data, how)
    others: list[tuple[Any, Literal["partner", "mask"]]] = [(pair, "partner"), (mask, "mask")]
    for other, as_ in others:
        if other is not None:
            second = _source(other, _same_split(other, how))
            source = PairedSource(source, second, as_, missing=missing, size_of=upright_size)
    if side_by_side is not None:
        source = SideBySide(source, side_by_side, size_of=upright_size)
    own: Mode = "unchanged" if _holds_arrays(source) else "RGB"
    dataset = ImageDataset(source, transform, own if mode is None else mode, scale)
    if check:
        _require_whole(dataset)
    return dataset


def _holds_arrays(source: Source) -> bool:
    return not source.has_files and source.spec.channels is not None


def _source(data: Any, how: dict[str, Any]) -> Source:
    if is_huggingface(data):
        return HuggingFaceSource(data, **how)
    if isinstance(data, Source):
        if how:
            raise TypeError(f"{type(data).__name__} is open already: it does not take {', '.join(how)}")
        return data
    if isinstance(data, list | tuple):
        return source_of_name(data, how)
    if not isinstance(data, str | bytes | os.PathLike) or not data:
        raise TypeError(f"open needs a path, a URL, a source or a dataset of Hugging Face, not {data!r:.80}")
    path = os.fsdecode(data)
    if is_url(path):
        return source_of_url(path, how)
    if path in _NAMES:
        return _NAMES[path](**how)
    if os.path.isdir(path):
        return source_of_folder(path, how)
    if not os.path.exists(path) and "{" not in path:
        raise DataError(f"no such file or folder: {os.path.abspath(path)} (embedded sets: {', '.join(_NAMES)})")
    return source_of_name(path, how)


def _same_split(other: Any, how: dict[str, Any]) -> dict[str, Any]:
    """Of a folder of splits the same one."""
    split = how.get("split")
    has_it = isinstance(other, str | os.PathLike) and split and os.path.isdir(os.path.join(other, split))
    return {"split": split} if has_it else {}


def _require_whole(dataset: ImageDataset) -> None:
    found = check_all(dataset)
    problems = [problem for problem in found if problem.kind not in SUSPICIOUS]
    for problem in found:
        if problem.kind in SUSPICIOUS:
            warnings.warn(f"{problem.path} (index {problem.index}): {problem.cause}", stacklevel=3)
    if not problems:
        return
    lines = [f"  {each.path} (index {each.index}): {each.kind}: {each.cause}" for each in problems[:_SHOWN]]
    more = [f"  ... and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    raise DataError(
        "\n".join(
            [
                f"{len(problems)} of {len(dataset)} samples are broken: mend or remove them, or open without check and "
                "leave them out with DataLoader(..., on_error='skip')",
                *lines,
                *more,
            ]
        ),
        problems=problems,
    )
