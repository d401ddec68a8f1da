"""What an archive holds, in arrays: scanned once, then saved and shared."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from feedline.errors import DataError, DecodeError
from feedline.sources import tar, webdataset
from feedline.sources.archive_classes import assign
from feedline.sources.member import Member
from feedline.sources.reader import Reader, Window
from feedline.sources.scan import SUFFIXES
from feedline.sources.unpack import read_member
from feedline.sources.zip import scan as scan_zip

VERSION = "archive index 2"
SIDES = ("json", "txt", "mask")
"""What is kept of what lies beside an image; in the index the rows of these come behind those of the images."""
_ENDINGS = SUFFIXES | {".npy"}
_NOTHING: tuple[Member | None, ...] = (None,) * len(SIDES)
_LARGEST = 2**62
_MOST_LINKS = 16
_EVERY = 2048


class Shard(NamedTuple):
    """One archive and how it is packed; ``known`` is whether its size is known beforehand."""

    reader: Reader
    zipped: bool
    known: bool = True


class Sample(NamedTuple):
    """One image; ``label`` is what a file beside it says, or None."""

    shard: int
    name: str
    member: Member
    sides: tuple[Member | None, ...]
    label: str | None


def build(shards: Sequence[Shard], folder: str) -> dict[str, NDArray[Any]]:
    """The index of the images in all shards that lie below ``folder``.

    Raises:
        DataError: no archive, no image in it, or classes that are splits.
    """
    notes: list[str] = []
    samples: list[Sample] = []
    for number, shard in enumerate(shards):
        samples += _Contents(shard, folder, notes).samples(number)
        shard.reader.close()  # of many shards not all can be open
    if not samples:
        where = ", ".join(shard.reader.name for shard in shards[:3]) + (f" below {folder}" if folder else "")
        raise DataError(f"no image in {where}: looked for names that end in {', '.join(sorted(SUFFIXES))}, .npy")
    order, labels, classes = assign([(sample.name, sample.shard, sample.label) for sample in samples], folder, notes)
    return _arrays([samples[place] for place in order], labels, classes, notes)


class _Contents:
    """The members of one shard by their names; of two of one name the later one counts, as when it is extracted."""

    def __init__(self, shard: Shard, folder: str, notes: list[str]) -> None:
        self._shard = shard
        self._folder = f"{folder}/" if folder else ""
        self._notes = notes
        self._members: dict[str, Member] = {}
        self._labels: dict[str, str | None] = {}
        self._odd: dict[str, str] = {}
        self._unread = 0
        self._collect()
        self._drop_cut()
        self._follow_links()
        if self._unread:
            notes.append(f"{shard.reader.name}: {self._unread} files of labels cannot be read and are left out")

    def _collect(self) -> None:
        reader = self._shard.reader
        window = Window(reader)
        zipped = self._shard.zipped
        members = scan_zip(reader, self._notes) if zipped else tar.scan(window, reader.name, self._notes)
        for member in _shown(members, self._shard):
            name = clean(member.name)
            if not hidden(name):
                self._members[name] = member
                self._read_label(window, name, member)

    def _read_label(self, window: Window, name: str, member: Member) -> None:
        """Read now, while the bytes are at hand."""
        extension = webdataset.split(name)[1] if _may_lie_beside(name) else ""
        if extension not in ("cls", "json") or member.link:
            return
        self._labels[name] = None
        try:
            self._labels[name] = webdataset.label_in(extension, read_member(window, member, webdataset.MOST_SIDE))
        except webdataset.LabelError as error:
            self._odd[name] = str(error)
        except DecodeError as error:
            self._unread += error.kind != "too large"

    def _drop_cut(self) -> None:
        """What reaches behind the end of a tar is no member."""
        reader = self._shard.reader
        size = reader.size
        if not self._shard.zipped:
            cut = [name for name, member in self._members.items() if member.start + member.size > size]
            for name in cut:
                del self._members[name]
            if cut:
                self._notes.append(f"{reader.name} is cut: it ends within {cut[0]!r}, which is left out")
        if reader.damage:
            self._notes.append(f"{reader.name} is damaged or cut, what lies before that is used: {reader.damage}")

    def _follow_links(self) -> None:
        """A link takes the place of what it leads to; one that leads nowhere is left out."""
        links = {name: member.link for name, member in self._members.items() if member.link}
        lost = []
        for name, target in links.items():
            target = clean(target)
            for _ in range(_MOST_LINKS):
                if target not in links:
                    break
                target = clean(links[target])
            found = self._members.get(target)
            if found is None or found.link:
                lost.append(name)
            else:
                self._members[name] = found
                self._labels[name] = self._labels.get(target)
        for name in lost:
            del self._members[name]
        lost = [name for name in lost if is_image(name)]
        if lost:
            where = f"{self._shard.reader.name}: {len(lost)} images"
            self._notes.append(f"{where} are links to nothing in the archive and are left out, such as {lost[0]!r}")

    def samples(self, number: int) -> Iterator[Sample]:
        """The images below the folder; masks and arrays beside a picture of the same key are none."""
        beside = self._beside()
        names = (name for name in self._members if is_image(name) and name.startswith(self._folder))
        images, masks = webdataset.parted(names)
        for key, found in masks.items():
            beside.setdefault(key, {})["mask"] = found[0]
        keys = [webdataset.split(name)[0] for name in images]
        self._note_several(images, keys, beside, masks)
        self._note_odd(keys, beside)
        for name, key in zip(images, keys, strict=True):
            sides, label = self._said(beside.get(key))
            yield Sample(number, name, self._members[name], sides, label)

    def _note_several(
        self, images: list[str], keys: list[str], beside: dict[str, dict[str, str]], masks: dict[str, list[str]]
    ) -> None:
        """Of keys that something lies beside, and only then are keys meant: names with dots are common."""
        firsts: dict[str, str] = {}
        several = [(firsts[key], name) for name, key in zip(images, keys, strict=True) if _again(firsts, key, name)]
        several = [pair for pair in several if webdataset.split(pair[0])[0] in beside]
        if several:
            one, other = several[0]
            self._notes.append(
                f"{self._shard.reader.name}: {len(several)} images have the key of another image, such as {other!r} "
                f"that of {one!r}: each is a sample of its own, with what lies beside them"
            )
        more = [found for found in masks.values() if len(found) > 1]
        if more:
            self._notes.append(
                f"{self._shard.reader.name}: {len(more)} keys have several masks, such as {more[0][0]!r}, which is "
                f"used, and {more[0][1]!r}, which is not"
            )

    def _note_odd(self, keys: list[str], beside: dict[str, dict[str, str]]) -> None:
        names = {beside.get(key, {}).get("json", "") for key in keys if not self._label(beside.get(key, {}))}
        odd = sorted(names & self._odd.keys())
        if odd:
            self._notes.append(
                f"{self._shard.reader.name}: {len(odd)} labels are neither a whole number nor a name and are left out, "
                f"such as {self._odd[odd[0]]} in {odd[0]!r}"
            )

    def _label(self, names: dict[str, str]) -> str | None:
        return self._labels.get(names.get("cls", "")) or self._labels.get(names.get("json", ""))

    def _said(self, names: dict[str, str] | None) -> tuple[tuple[Member | None, ...], str | None]:
        """The members beside an image that are kept, and the class that is said."""
        if names is None:
            return _NOTHING, None
        return tuple(self._members.get(names.get(side, "")) for side in SIDES), self._label(names)

    def _beside(self) -> dict[str, dict[str, str]]:
        """The names of what may belong to an image, by key and then by extension."""
        found: dict[str, dict[str, str]] = {}
        for name in self._members:
            if _may_lie_beside(name):
                key, extension = webdataset.split(name)
                if extension in webdataset.SIDES:
                    found.setdefault(key, {})[extension] = name
        return found


def _shown(members: Iterator[Member], shard: Shard) -> Iterator[Member]:
    """The members, with a bar of the bytes that were passed."""
    name = os.path.basename(shard.reader.name)
    total = shard.reader.size if shard.known else None
    with tqdm(desc=f"indexing {name}", total=total, unit="B", unit_scale=True, disable=None, leave=False) as bar:
        for count, member in enumerate(members):
            if count % _EVERY == 0 and member.start > bar.n:
                bar.update(member.start - bar.n)
            yield member


def clean(name: str) -> str:
    """The name without what means nothing in it: ``./`` and doubled slashes. It is never a path on this machine."""
    if "//" not in name and "./" not in name and name[:1] != "/":
        return name
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def hidden(name: str) -> bool:
    """Whether the file or a folder above it begins with a dot."""
    if name[:1] != "." and "/." not in name:
        return False
    return any(part.startswith(".") and part != ".." for part in name.split("/"))


def is_image(name: str) -> bool:
    return name[name.rfind(".") :].lower() in _ENDINGS


def _may_lie_beside(name: str) -> bool:
    return name[name.rfind(".") + 1 :].lower() in webdataset.SIDES


def _again(firsts: dict[str, str], key: str, name: str) -> bool:
    """Whether the key was there before; else the name is its first."""
    return firsts.setdefault(key, name) != name


def _arrays(
    samples: list[Sample], labels: NDArray[np.int64], classes: list[str], notes: list[str]
) -> dict[str, NDArray[Any]]:
    members = [(sample.shard, sample.member) for sample in samples]
    names = [sample.name for sample in samples]
    used = any(member for sample in samples for member in sample.sides)
    sides = np.full((len(samples), len(SIDES) if used else 0), -1, np.int64)
    for row, sample in enumerate(samples if used else []):
        for place, member in enumerate(sample.sides):
            if member is not None:
                sides[row, place] = len(members)
                members.append((sample.shard, member))
                names.append(clean(member.name) if SIDES[place] == "mask" else "")
    rows = [(shard, *(min(value, _LARGEST) for value in member[1:-1])) for shard, member in members]
    arrays = {"label": labels, "sides": sides, "members": np.array(rows, np.int64)}
    texts = [name.encode("utf-8", "surrogateescape") for name in names]
    arrays["names"] = np.frombuffer(b"".join(texts), np.uint8)
    arrays["ends"] = np.cumsum([len(text) for text in texts], dtype=np.int64)
    arrays["words"] = np.frombuffer(json.dumps({"classes": classes, "notes": notes}).encode(), np.uint8)
    return arrays
