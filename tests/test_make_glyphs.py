"""scripts/make_glyphs.py on small real fonts, and the glyphs that come with the package."""

import hashlib
import io
import json
import random
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "make_glyphs.py"
EMBEDDED = ROOT / "src" / "feedline" / "embedded"
LETTERS = "ABCDEFGHIJ"
OFL = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
APACHE = "Licensed under the Apache License, Version 2.0"


def skyline(seed):
    """A closed outline of six columns, the heights drawn at random, the tallest always 1000."""
    rng = random.Random(seed)
    heights = [rng.randrange(100, 1000) for _ in range(6)]
    heights[rng.randrange(6)] = 1000
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for column, height in enumerate(heights):
        pen.lineTo((column * 150, height))
        pen.lineTo((column * 150 + 150, height))
    pen.lineTo((900, 0))
    pen.closePath()
    return pen.glyph()


def build_font(path, family, style="Regular", licence=None, shape=None, letters=LETTERS, same=False):
    """A real TrueType font of the letters; `shape` seeds the outlines, `same` gives all one."""
    shape = shape or path.stem
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *letters])
    builder.setupCharacterMap({ord(letter): letter for letter in letters})
    outlines = {letter: skyline(shape if same else shape + letter) for letter in letters}
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph(), **outlines})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *letters], (1000, 0)))
    builder.setupHorizontalHeader(ascent=1000, descent=-200)
    names = {"copyright": f"Copyright 2024 {path.stem}\x04", "familyName": family}
    names["styleName"] = style
    if licence:
        names["licenseDescription"] = licence  # name id 13
    builder.setupNameTable(names)
    builder.setupOS2()
    builder.setupPost()
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)


def run(*args):
    command = [sys.executable, str(SCRIPT), *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)


def make(fonts, out, *args):
    done = run(fonts, "--out", out, *args)
    assert done.returncode == 0, done.stderr
    return done


def read_credits(out):
    return json.loads((out / "glyphs.fonts.json").read_text(encoding="utf-8"))


def read_members(path):
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        return members, {m.name: archive.extractfile(m).read() for m in members if m.isfile()}


def decodes(data):
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            return image.mode == "L" and image.size == (28, 28)
    except (OSError, SyntaxError, ValueError):
        return False


@pytest.fixture(scope="module")
def fonts(tmp_path_factory):
    """Five usable faces, three of them licensed, and one file for each reason to skip."""
    folder = tmp_path_factory.mktemp("fonts")
    build_font(folder / "zulu.ttf", "Zulu Sans", "Bold", licence=OFL)
    build_font(folder / "deep" / "alpha.TTF", "Älpha Serif", licence=APACHE)
    build_font(folder / "nameless-12.ttf", ".\x7f", "\x7f", licence=OFL)
    build_font(folder / "closed.ttf", "Closed Sans")
    build_font(folder / "dotted.ttf", ".Dotted\x7f UI", " ")
    build_font(folder / "twin.ttf", "Zulu Twin", licence=OFL, shape="zulu")
    build_font(folder / "short.ttf", "Short", licence=OFL, letters="ABC")
    build_font(folder / "boxes.ttf", "Boxes", licence=OFL, same=True)
    (folder / "fake.ttf").write_bytes(b"this is not a font")
    (folder / "notes.txt").write_text("nor is this, by its name\n")
    return folder


@pytest.fixture(scope="module")
def small(fonts, tmp_path_factory):
    out = tmp_path_factory.mktemp("small")
    return out, make(fonts, out, "--embedded")


@pytest.fixture(scope="module")
def whole(fonts, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    make(fonts, out, "--name", "set")
    return out, json.loads((out / "set.manifest.json").read_text(encoding="utf-8"))


def test_small_set_arrays(small):
    out, done = small
    with np.load(out / "glyphs.npz") as arrays:
        assert set(arrays.files) == {"images", "labels", "font"}
        images, labels, font = arrays["images"], arrays["labels"], arrays["font"]
    assert (images.shape, images.dtype) == ((30, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((30,), np.uint8)
    assert (font.shape, font.dtype) == ((30,), np.uint16)
    assert labels.tolist() == list(range(10)) * 3
    assert font.tolist() == [0] * 10 + [1] * 10 + [2] * 10
    assert len(np.unique(images.reshape(30, -1), axis=0)) == 30
    assert not images[:, 0].any()
    assert not images[:, :, 0].any()
    assert images.reshape(30, -1).max(axis=1).tolist() == [255] * 30
    skipped = "{'unreadable': 1, 'without A-J': 1, 'not letters': 1}"
    assert f"4 faces, 3 of them distinct; skipped: {skipped}" in done.stdout


def test_drawn_shape_is_the_outline(small):
    """The skyline's columns stand on the baseline and reach their own heights."""
    out, _ = small
    number = next(c["font"] for c in read_credits(out) if c["family"] == "Zulu Sans")
    with np.load(out / "glyphs.npz") as arrays:
        images = arrays["images"][number * 10 : number * 10 + 10]
    for letter, image in zip(LETTERS, images, strict=True):
        points = skyline("zulu" + letter).coordinates
        for column in range(6):
            height = points[1 + 2 * column][1]
            middle = round(14 - 11.7 + 23.4 * (column + 0.5) / 6)
            assert (image[:, middle] > 127).sum() == pytest.approx(height * 0.026, abs=2)


def test_small_set_credits(small):
    out, _ = small
    credits = read_credits(out)
    keys = ["font", "family", "style", "licence", "copyright"]
    assert [list(entry) for entry in credits] == [keys] * 3
    assert [tuple(entry.values()) for entry in credits] == [
        (0, "nameless-12", "Regular", "OFL-1.1", "Copyright 2024 nameless-12"),
        (1, "Zulu Sans", "Bold", "OFL-1.1", "Copyright 2024 zulu"),
        (2, "Älpha Serif", "Regular", "Apache-2.0", "Copyright 2024 alpha"),
    ]
    lines = (out / "glyphs.fonts.json").read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[-1], len(lines)) == ("[", "]", 5)
    assert "Älpha" in lines[3]


def test_small_set_is_thinned_by_most_and_by_family(tmp_path):
    for number in range(4):
        build_font(tmp_path / "in" / f"a{number}.ttf", "Alpha", f"W{number}", licence=OFL)
        build_font(tmp_path / "in" / f"b{number}.ttf", f"Beta {number}", licence=OFL)
    make(tmp_path / "in", tmp_path / "family", "--embedded", "--per-family", 2)
    families = [entry["family"] for entry in read_credits(tmp_path / "family")]
    assert families == ["Alpha", "Alpha", "Beta 0", "Beta 1", "Beta 2", "Beta 3"]
    make(tmp_path / "in", tmp_path / "most", "--embedded", "--per-family", 2, "--most", 3)
    families = [entry["family"] for entry in read_credits(tmp_path / "most")]
    assert families == ["Alpha", "Beta 0", "Beta 2"]


@pytest.mark.parametrize("mode", [["--embedded"], []], ids=["embedded", "archive"])
def test_same_fonts_same_bytes(fonts, tmp_path, mode):
    results = []
    for name in ("first", "second"):
        make(fonts, tmp_path / name, *mode)
        results.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert len(results[0]) == 2
    assert results[0] == results[1]


def test_archive_layout(whole):
    out, manifest = whole
    path = out / "set.tar.gz"
    members, files = read_members(path)
    assert manifest["archive"] == "set.tar.gz"
    assert manifest["bytes"] == path.stat().st_size
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest["files"] == len(files) == 5 * 10 + 7
    folders = [member.name for member in members if member.isdir()]
    assert folders == ["set", *(f"set/{letter}" for letter in LETTERS)]
    per_class = {c: sum(name.startswith(f"set/{c}/") for name in files) for c in LETTERS}
    assert manifest["per_class"] == per_class
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, 0, "", "")}


def test_archive_has_exactly_the_seven_broken_files_of_the_manifest(whole):
    out, manifest = whole
    _, files = read_members(out / "set.tar.gz")
    failing = {name for name, data in files.items() if not decodes(data)}
    assert len(failing) == len(manifest["broken"]) == 7
    assert failing == {f"set/{entry['file']}" for entry in manifest["broken"]}
    assert len({entry["what"] for entry in manifest["broken"]}) == 6  # "empty" is there twice


def test_archive_takes_every_licence_and_names_each_face(whole):
    _, manifest = whole
    named = {(f["family"], f["style"], f["licence"]) for f in manifest["faces"]}
    assert named == {
        (".Dotted UI", "Regular", ""),
        ("Closed Sans", "Regular", ""),
        ("nameless-12", "Regular", "OFL-1.1"),
        ("Zulu Sans", "Bold", "OFL-1.1"),
        ("Älpha Serif", "Regular", "Apache-2.0"),
    }
    assert manifest["skipped_fonts"] == {"unreadable": 1, "without A-J": 1, "not letters": 1}


def test_archive_shows_the_pictures_of_the_small_set(small, whole):
    (small_out, _), (whole_out, manifest) = small, whole
    _, files = read_members(whole_out / "set.tar.gz")
    file_of = {face["family"]: face["file"] for face in manifest["faces"]}
    with np.load(small_out / "glyphs.npz") as arrays:
        images = arrays["images"]
    for entry in read_credits(small_out):
        for position, letter in enumerate(LETTERS):
            with Image.open(io.BytesIO(files[f"set/{letter}/{file_of[entry['family']]}"])) as png:
                assert np.array_equal(np.asarray(png), images[entry["font"] * 10 + position])


def test_long_names_fit_a_file_system_and_equal_names_stay_apart(tmp_path):
    for number in range(2):
        build_font(tmp_path / "in" / f"{number}.ttf", "字" * 100)
    make(tmp_path / "in", tmp_path / "out", "--name", "set")
    _, files = read_members(tmp_path / "out" / "set.tar.gz")
    assert len(files) == 2 * 10 + 7
    assert max(len(Path(name).name) for name in files) <= 255


def failing_line(done):
    """The one line an error leaves after argparse's usage."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith("usage: make_glyphs.py")
    assert [line for line in lines if "error:" in line] == lines[-1:]
    return lines[-1]


def test_error_without_fonts_argument():
    assert failing_line(run()).endswith("the following arguments are required: FONTS")


def test_error_where_fonts_is_missing_or_a_file(tmp_path):
    missing = tmp_path / "missing"
    assert failing_line(run(missing)).endswith(f"error: FONTS: {missing} is not a folder")
    assert failing_line(run(SCRIPT)).endswith(f"error: FONTS: {SCRIPT} is not a folder")


@pytest.mark.parametrize("mode", [["--embedded"], []], ids=["embedded", "archive"])
def test_error_where_no_font_is_usable(tmp_path, mode):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    assert "holds no usable .ttf or .otf" in failing_line(run(folder, "--out", out, *mode))
    (folder / "fake.ttf").write_bytes(b"this is not a font")
    assert "'unreadable': 1" in failing_line(run(folder, "--out", out, *mode))
    assert not out.exists()


def test_error_where_no_font_states_a_licence(tmp_path):
    build_font(tmp_path / "in" / "closed.ttf", "Closed Sans")
    done = run(tmp_path / "in", "--embedded", "--out", tmp_path / "out")
    assert failing_line(done).endswith("states the OFL or the Apache licence")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--most", "--per-family"])
def test_error_where_a_count_is_not_positive(fonts, option):
    assert "invalid positive value: '0'" in failing_line(run(fonts, "--embedded", option, 0))


def test_help_names_the_script_and_the_extra():
    done = run("--help")
    assert done.returncode == 0
    assert "python scripts/make_glyphs.py FONTS --embedded" in done.stdout
    assert "pip install 'feedline[fonts]'" in done.stdout


def test_embedded_arrays():
    with np.load(EMBEDDED / "glyphs.npz") as arrays:
        images, labels, font = arrays["images"], arrays["labels"], arrays["font"]
    assert (images.shape, images.dtype) == ((4000, 28, 28), np.uint8)
    assert labels.dtype == np.uint8
    assert np.array_equal(labels, np.tile(np.arange(10), 400))
    assert font.dtype == np.uint16
    assert np.array_equal(font, np.repeat(np.arange(400), 10))


def test_embedded_credits():
    credits = read_credits(EMBEDDED)
    assert [entry["font"] for entry in credits] == list(range(400))
    for entry in credits:
        assert entry["family"].strip(". ")
        assert entry["family"].isprintable()
        assert entry["style"].strip(". ")
        assert entry["style"].isprintable()
        assert entry["licence"] in {"OFL-1.1", "Apache-2.0"}
        assert (EMBEDDED / f"{entry['licence']}.txt").is_file()


def test_embedded_licences_are_whole():
    ofl = " ".join((EMBEDDED / "OFL-1.1.txt").read_text(encoding="utf-8").split())
    for part in ("PREAMBLE", "DEFINITIONS", "PERMISSION & CONDITIONS", "5) The Font Software"):
        assert part in ofl
    assert ofl.endswith("OTHER DEALINGS IN THE FONT SOFTWARE.")
    apache = " ".join((EMBEDDED / "Apache-2.0.txt").read_text(encoding="utf-8").split())
    assert apache.startswith("Apache License Version 2.0, January 2004")
    assert "END OF TERMS AND CONDITIONS" in apache


def test_embedded_stays_under_a_megabyte():
    sizes = [path.stat().st_size for path in EMBEDDED.rglob("*") if path.is_file()]
    assert len(sizes) >= 5
    assert sum(sizes) < 1_000_000
