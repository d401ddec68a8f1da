"""docs/store.md: its programs run as they stand there, and what it lists is what is written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from exported import ALL, CLASSES, row, store

from feedline.prepare.export import FORMATS
from feedline.store import Columns
from feedline.store.columns import schema_of

PAGE = (Path(__file__).parents[2] / "docs/store.md").read_text(encoding="utf-8")
READS, CHECKS = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
SAYS = {READS: "samples; the first is of class ant", CHECKS: "all that is no image is as it was written"}


def run(program, folder):
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def made(tmp_path):
    rows = [row(number, full=True) for number in range(15)]
    return store(tmp_path / "OUT.feed", {"train": rows[:10], "val": rows[10:]}, full=True, shard_bytes=4000)


@pytest.mark.parametrize("program", [READS, CHECKS], ids=["reads", "checks"])
def test_the_programs_run_as_they_stand_there(program, made):
    assert "feedline" not in program
    done = run(program, made.parent)
    assert done.returncode == 0, done.stderr
    assert SAYS[program] in done.stdout


def test_the_program_gives_labels_and_an_image(made):
    first, second = run(READS, made.parent).stdout.splitlines()
    assert first == "15 samples; the first is of class ant"
    assert second == f"glyphs/002.png {len(row(2).image.data)} bytes of png"


def test_the_programs_find_what_was_damaged(made):
    shard = made / "train-00000.arrow"
    good = shard.read_bytes()
    shard.write_bytes(good.replace(row(2).image.data, row(2).image.data[:-1] + b"!"))
    assert "the image was damaged" in run(READS, made.parent).stderr
    assert run(CHECKS, made.parent).returncode == 0
    for place in (good.index(b"glyphs/002.png"), len(good) - 20):
        shard.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert "train-00000.arrow was damaged" in run(CHECKS, made.parent).stderr
    manifest = made / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"ant"', '"any"'))
    assert "the manifest was damaged" in run(READS, made.parent).stderr


def test_reading_takes_about_20_lines():
    assert len([line for line in READS.splitlines() if line]) <= 20


def told(heading):
    """The words in the first column of the tables of a part of the page, in their order."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def test_the_page_tells_every_field_of_the_manifest(made):
    manifest = json.loads((made / "manifest.json").read_bytes())
    assert told("The manifest") == [*manifest, *manifest["shards"][0]]
    assert all(f"`{name}`" in PAGE for name in manifest["columns"])


def test_the_page_tells_every_column():
    encoded = schema_of(Columns(**ALL), CLASSES).names
    raw = schema_of(Columns(shape=(6, 5, 3), **ALL), CLASSES)
    columns = told("The columns")
    assert sorted(columns) == sorted({*encoded, *raw.names})
    kinds = dict(re.findall(r"^\| `(\w+)` \| ([a-z]\w+)", PAGE, flags=re.MULTILINE))
    assert {name: str(schema_of(Columns(**ALL), CLASSES).field(name).type).partition("<")[0] for name in encoded} == {
        **dict.fromkeys(("mask", "partner"), "struct"),
        **dict.fromkeys(("width", "height"), "int32"),
        **dict.fromkeys(("mask_crc32c", "partner_crc32c"), "uint32"),
        **dict.fromkeys(("mean", "std"), "list"),
        **{name: kinds[name] for name in encoded if name in kinds},
    }


def test_the_page_tells_every_format_of_export():
    assert told("Out of it again") == list(FORMATS)
