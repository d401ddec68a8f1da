"""The walk through a tree of images: names and kinds from the listings alone, no look at a file of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from feedline.errors import DataError

_READ = ".jpg .jpeg .jpe .jfif .png .bmp .gif .webp .tif .tiff"
_RAW = ".dng .nef .cr2 .cr3 .crw .arw .orf .rw2 .raf .pef .srw .x3f .mrw"
_RECOGNISED = ".ppm .pgm .pbm .pnm .avif .heic .heif .jp2 .j2k .jxl .pcx .qoi .sgi .tga"
SUFFIXES = frozenset(f"{_READ} {_RAW} {_RECOGNISED}".split())
"""File names that count as images, in any case. What such a file really is, its content decides; one that is recognised
and not read is a broken sample, and not left out in silence."""

State = tuple[int, int]
"""Time of change in nanoseconds and inode of a folder."""

NEVER: State = (-1, -1)
"""The state of a folder of which no later state can be told apart: never that of a folder on the disk."""

_SETTLED = 2_000_000_000  # nanoseconds: no file system's clock is coarser


class Walk:
    """One pass through a tree, or several through parts of it.

    Symbolic links are followed where what they lead to lies in ``inside``. Names that begin with a dot, pipes and
    devices are passed over.

    Attributes:
        states: each folder that was listed, by the path it was reached by, and its state before it was listed.
        left_out: how many links to images and folders were not followed.

    Args:
        inside: the folder that links may not leave, resolved; None for links to anywhere.
        found: told the number of images of each folder that was listed.
    """

    def __init__(self, inside: str | None, found: Callable[[int], object]) -> None:
        self.states: dict[str, State] = {}
        self.left_out = 0
        self._inside = inside
        self._found = found

    def listed(self, folder: str, real: str) -> tuple[list[str], dict[str, str]]:
        """The names of the images in the folder, sorted, and of the folders in it, with where each really lies.

        Args:
            folder: the path it was reached by.
            real: the same path, with its links resolved.

        Raises:
            DataError: the folder cannot be listed, or is gone.
        """
        try:
            self.states[folder] = _settled_state(folder)
            with os.scandir(folder) as entries:
                found = list(entries)
            files = [entry.name for entry in found if entry.is_file(follow_symlinks=False)]
        except OSError as error:
            raise DataError(f"cannot list the folder {folder}: {error.strerror}") from error
        images, folders = _images(files), {}
        if len(files) < len(found):
            others = [entry for entry in found if not entry.name.startswith(".")]
            folders = {name: os.path.join(real, name) for name in _folders(others)}
            self._follow([entry for entry in others if entry.is_symlink()], images, folders)
        if not images and not folders:
            images = _arrays(files)
        images.sort()
        self._found(len(images))
        return images, folders

    def below(self, top: str, folder: str, real: str) -> Iterator[tuple[str, list[str]]]:
        """(path from ``top``, names) of every folder with images at and below ``top/folder``, by their paths' order.

        A link that leads back to a folder above it is not entered again.
        """
        found: list[tuple[str, list[str]]] = []
        due = [(folder, real, frozenset({real}))]
        while due:
            folder, real, above = due.pop()
            images, folders = self.listed(os.path.join(top, folder), real)
            if images:
                found.append((folder, images))
            due += [
                (os.path.join(folder, name), target, above | {target})
                for name, target in folders.items()
                if target not in above
            ]
        return iter(sorted(found))

    def _follow(self, links: list[os.DirEntry[str]], images: list[str], folders: dict[str, str]) -> None:
        """Adds the links to images and to folders, as far as links may go."""
        for link in links:
            real = os.path.realpath(link.path)
            is_folder = os.path.isdir(real)
            if not is_folder and not (is_image(link.name) and _may_be_read(real)):
                continue
            if self._inside is not None and not Path(real).is_relative_to(self._inside):
                self.left_out += 1
            elif is_folder:
                folders[link.name] = real
            else:
                images.append(link.name)


def state(folder: str) -> State:
    """What changes when a name in the folder comes, goes or becomes another file; raises OSError."""
    status = os.stat(folder)
    return status.st_mtime_ns, status.st_ino % 2**63


def _settled_state(folder: str) -> State:
    """The state, or ``NEVER`` of a folder that changed just now: it may change again without another time of change."""
    now = time.time_ns()
    found = state(folder)
    return found if now - found[0] > _SETTLED else NEVER


def _folders(entries: list[os.DirEntry[str]]) -> list[str]:
    return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _images(names: list[str]) -> list[str]:
    """Those that count as images. Of a folder whose names all end alike it is enough to see one."""
    text = "/" + "/".join(names) + "/"
    end = names[0][names[0].rfind(".") :] if names else ""
    if end.lower() in SUFFIXES and text.count(end + "/") == len(names) and "/." not in text:
        return names
    return [name for name in names if is_image(name)]


def _arrays(names: list[str]) -> list[str]:
    """The arrays of a folder in which there is nothing else: a picture each, and not beside an array of labels."""
    seen = [name for name in names if not name.startswith(".")]
    pictures = all(name.lower().endswith(".npy") and not name.lower().endswith("labels.npy") for name in seen)
    return seen if pictures else []


def is_image(name: str) -> bool:
    return name[name.rfind(".") :].lower() in SUFFIXES and not name.startswith(".")


def _may_be_read(real: str) -> bool:
    """Whether it is a file or missing, and no pipe or device, which would be waited for without end."""
    return os.path.isfile(real) or not os.path.exists(real)
