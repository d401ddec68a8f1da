"""Who may import whom, read from the source."""

import ast
import re
from pathlib import Path

import pytest

import feedline

ROOT = Path(feedline.__file__).parent
LAYERS = [
    {"errors", "native", "types", "rng", "timing", "_atomic", "_cache", "_opencv", "_optional", "_version"},
    {"sources", "codecs", "transforms", "samplers", "nn"},
    {"store"},
    {"turning", "deriving"},
    {"records"},
    {"planned", "filling", "measuring"},
    {"following", "sides"},
    {"dataset", "pairing"},
    {"decoded_pairs"},
    {"pairs"},
    {"subsets"},
    {"checking", "_guess", "_measure", "_pair_folders", "_split"},
    {"_open"},
    {"_open_pairs"},
    {"loader"},
    {"prepare", "train"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
ONLY_FROM = {
    "loader": {"types", "rng", "errors", "samplers", "timing", "_atomic"},
    "samplers": {"types", "rng", "errors"},
}
NEVER = {("train", "nn")}
ONLY_IN = {"ignite": {"train"}, "matplotlib": {"prepare", "train"}}
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path != ROOT / "__init__.py"]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def room_of(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(tree, package):
    """Dotted names of all that is imported anywhere below; ``package`` is what a relative import starts from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def package_of(path):
    return ["feedline", *path.relative_to(ROOT).parts[:-1]]


def wrongs(room, names):
    """The names that a module of this room may not import."""
    for name in names:
        parts = name.split(".")
        if parts[0] != "feedline":
            if room not in ONLY_IN.get(parts[0], {room}):
                yield name
            continue
        target = parts[1] if len(parts) > 1 else ""
        if target == room:
            continue
        lowest = LEVEL[room] == 0 == LEVEL.get(target)
        lower = target in LEVEL and LEVEL[target] < LEVEL[room]
        allowed = target in ONLY_FROM.get(room, LEVEL)
        if not (lowest or lower) or not allowed or (room, target) in NEVER:
            yield name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downward(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert room_of(path) in LEVEL, "a new room: say in LAYERS where it belongs"
    assert list(wrongs(room_of(path), imported(tree, package_of(path)))) == []
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    late = {name for node in functions for name in imported(node, package_of(path))}
    assert [name for name in late if name.split(".")[0] == "feedline"] == [], "imports belong at the top"


def test_contributing_tells_the_same_layers_from_below_to_above():
    page = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.search(r"^    errors, .*?\n\n", page, re.DOTALL | re.MULTILINE).group().splitlines()
    told = " ".join(line[:54].strip() for line in lines if line.strip())
    layers = [set(re.findall(r"\w+", layer)) for layer in told.split(" < ")]
    hidden = {"_atomic", "_cache", "_opencv", "_optional", "_version"}
    assert layers == [LAYERS[0] - hidden, *LAYERS[1:]]


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("sources", "from feedline.codecs import decode"),
        ("sources", "from ..codecs import decode"),
        ("codecs", "import feedline.dataset"),
        ("loader", "from feedline import dataset"),
        ("samplers", "from feedline.transforms import Compose"),
        ("train", "from feedline.nn import build"),
        ("checking", "from feedline.train import run"),
        ("checking", "from feedline._open import open"),
        ("dataset", "import feedline"),
        ("cli", "import matplotlib.pyplot"),
        ("prepare", "import ignite.engine"),
        ("prepare", "from feedline.train import run"),
        ("errors", "from feedline.transforms import Resize"),
    ],
)
def test_what_is_forbidden_is_found(room, line):
    assert len(list(wrongs(room, imported(ast.parse(line), ["feedline", room])))) == 1


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("types", "from feedline.rng import Key"),
        ("loader", "from feedline.loader.fetch import Fetch"),
        ("loader", "from .fetch import Fetch"),
        ("train", "import ignite.engine"),
        ("prepare", "from matplotlib.figure import Figure"),
        ("cli", "from feedline.nn import build"),
    ],
)
def test_what_is_allowed_passes(room, line):
    assert list(wrongs(room, imported(ast.parse(line), ["feedline", room]))) == []
