"""The language that networks are told in: "conv 32 3x3 s2 p1, relu, pool 2, flatten, linear 10"."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from feedline.errors import ShapeError
from feedline.nn.shapes.kinds import ALSO, KINDS, Kind, Words
from feedline.nn.shapes.layer import Layer
from feedline.nn.shapes.sizes import Shape, Size

_SETTINGS = {
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "o": "output_padding",
    "m": "multiplier",
    "k": "kernel",
}
_ALSO_FLAT = ("batchnorm", "instancenorm", "dropout")
"""What may be called 1d: it does to a picture what it does to a row of numbers."""
_VALUE = r"(\d{1,9})(?:x(\d{1,9}))?"
_SETTING = re.compile(rf"({'|'.join((*_SETTINGS.values(), *_SETTINGS))})=?{_VALUE}", re.ASCII)
_SAME = re.compile(r"(?<!\S)p(?:adding)?[ =]+(same|valid)(?!\S)", re.IGNORECASE)
_APART = re.compile(rf"(?<!\S)({'|'.join((*_SETTINGS.values(), *_SETTINGS))})(?: +=? *|= +)(?=[\d?])", re.IGNORECASE)
_TIMES = re.compile(r"(?<=\d) *[x×] *(?=\d)", re.IGNORECASE)
_REPEATED = re.compile(r"(?<![\w.])(\d{1,9})\s*[x×*]\s*\(([^()]*)\)", re.ASCII)
_LONGEST = 100_000
_NUMBER = re.compile(_VALUE, re.ASCII)

NAMES = tuple(KINDS)
"""What layers are called; other usual names are understood as well."""


def parse(text: str) -> tuple[Layer, ...]:
    """The layers that a text tells, parted by commas, semicolons or ends of line; "2x(conv 64 3x3 p1, relu)" repeats.

    Raises:
        ShapeError: words that tell no layer; its number, its words, what is wrong, and what would be right.
    """
    return tuple(_layer(number, part) for number, part in enumerate(split(text), 1))


def split(text: str) -> list[str]:
    """The words of each layer, with what is repeated written out.

    Raises:
        ShapeError: more is repeated than can be meant, or nothing, or a bracket has no other or no number.
    """
    while found := _REPEATED.search(text):
        if int(found[1]) == 0:
            raise ShapeError(f"{found[0]!r} repeats nothing: leave it out, or say how many times")
        if len(text) + len(found[2]) * int(found[1]) > _LONGEST:
            raise ShapeError(f"{found[1]} times {len(found[2]):,} characters are more than is computed: repeat fewer")
        text = text[: found.start()] + ",".join([found[2]] * int(found[1])) + text[found.end() :]
    if bracket := re.search(r"[^,;\n]*[()][^,;\n]*", text):
        raise ShapeError(
            f"{bracket[0].strip()!r}: brackets repeat what is in them, a number stands before, and each is closed; "
            "right would be: 2x(conv 64 3x3 p1, relu)"
        )
    return [_joined(words) for part in re.split(r"[,;\n]", text) if (words := " ".join(part.split()))]


def _joined(words: str) -> str:
    """Each size and setting as one word: "3 x 3" as 3x3, "stride 2" as stride=2, "padding=same" as same."""
    return _APART.sub(r"\1=", _SAME.sub(r"\1", _TIMES.sub("x", words)))


def parse_shape(text: str) -> Shape:
    """(3, 224, 224) of "3x224x224" or "3,224,224"; (784,) of "784".

    Raises:
        ShapeError: it is neither three numbers nor one.
    """
    parts = re.split(r"\s*[x,×*]\s*", text.strip().lower())
    if len(parts) not in (1, 3) or not all(re.fullmatch(r"[1-9]\d{0,8}", part, re.ASCII) for part in parts):
        raise ShapeError(
            f"a shape is CxHxW, as 3x224x224 (a grey image is 1x28x28), or one number where it is flat, not {text!r}"
        )
    return tuple(map(int, parts))


def _layer(number: int, text: str) -> Layer:
    try:
        name, *words = text.lower().split()
        kind = KINDS[known_name(name)]
        try:
            return kind.build(_words(words, kind))
        except ShapeError as error:
            raise ShapeError(f"{error}; right would be: {kind.example}") from None
    except ShapeError as error:
        raise ShapeError(f"layer {number}, {text!r}: {error}") from None


def known_name(name: str) -> str:
    """What the language calls a layer that goes by this name.

    Raises:
        ShapeError: none does.
    """
    plain = re.sub(r"[-_]", "", name)
    for one in (plain, plain.removesuffix("2d"), plain.removesuffix("1d")):
        found = ALSO.get(one, one)
        if found in KINDS and (not plain.endswith("1d") or found in _ALSO_FLAT):
            return found
    if plain.endswith("1d") and ALSO.get(plain[:-2], plain[:-2]) in KINDS:
        raise ShapeError(f"{name!r} works along one axis, and pictures have two: {name[:-2].rstrip('-_')}")
    near = difflib.get_close_matches(plain, [*KINDS, *ALSO], 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(NAMES)}"
    raise ShapeError(f"no layer is called {name!r}; {hint}")


def _words(given: Sequence[str], kind: Kind) -> Words:
    sizes: list[Size | float] = []
    settings: dict[str, Size] = {}
    flags: set[str] = set()
    for word in given:
        setting = _SETTING.fullmatch(word)
        if word in kind.flags.split():
            flags.add(word)
        elif setting and setting[1][0] in kind.settings:
            name = _SETTINGS[setting[1][0]]
            if name in settings:
                raise ShapeError(f"{name} is said twice")
            settings[name] = _number(setting[2], setting[3])
        else:
            sizes.append(_plain(word, kind))
    if not kind.least <= len(sizes) <= kind.most:
        wanted = f"{kind.most or 'no'}" if kind.least == kind.most else f"{kind.least} to {kind.most}"
        raise ShapeError(f"it takes {wanted} size{'s'[kind.most == 1 :]} without a letter, not {len(sizes)}")
    return Words(tuple(sizes), settings, frozenset(flags))


def _plain(word: str, kind: Kind) -> Size | float:
    """A number that stands without a letter."""
    whole = _NUMBER.fullmatch(word)
    if whole:
        return _number(whole[1], whole[2])
    if re.fullmatch(r"\d*\.\d+", word):
        return float(word)
    letters = [f"{letter}1 ({_SETTINGS[letter].replace('_', ' ')})" for letter in kind.settings if letter != "k"]
    there_is = ", ".join([*letters, *kind.flags.split()])
    raise ShapeError(f"{word!r} is not understood" + (f"; behind the sizes may stand {there_is}" if there_is else ""))


def _number(first: str, second: str | None) -> Size:
    return int(first) if second is None else (int(first), int(second))
