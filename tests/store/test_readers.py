"""Shards read by the libraries that they are meant for, without feedline."""

import json
import os
import subprocess
import sys

import duckdb
import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest
from exported import picture, row, store

HUGGING_FACE = """
import json, sys
import datasets, numpy

found = datasets.load_dataset("arrow", data_files={"train": sys.argv[1] + "/train-*.arrow"}, split="train")
label = found.features["label"]
told = {"classes": label.names, "labels": list(found["label"]), "columns": found.column_names}
images = [name for name, kind in found.features.items() if isinstance(kind, datasets.Image)]
for name in images:
    told[name] = [image and numpy.asarray(image).tolist() for image in found[name]]
if "pixels" in found.features:
    told["pixels"] = found["pixels"][:]
print(json.dumps(told))
"""


@pytest.fixture(params=["encoded", "raw", "encoded, all columns", "raw, all columns"])
def made(request, tmp_path):
    """A store of 12 samples in two shards of train, and some of val."""
    raw, full = request.param.startswith("raw"), "all" in request.param
    rows = [row(number, raw=raw, full=full) for number in range(15)]
    shape = (6, 5, 3) if raw else None
    return store(tmp_path / "x.feed", {"train": rows[:12], "val": rows[12:]}, shape=shape, full=full, shard_bytes=2000)


def shards(path):
    found = sorted(path.glob("train-*.arrow"))
    assert len(found) > 1
    return found


def table(path):
    """All shards of train, mapped."""
    return pa.concat_tables([pa.ipc.open_file(pa.memory_map(str(shard))).read_all() for shard in shards(path)])


def holds_images(values):
    """Whether these are images 0 to 11 of ours, as pixels or as PNG in a struct of bytes."""
    expected = [picture(number) for number in range(12)]
    if isinstance(values[0], dict):
        return [value["bytes"] for value in values] == [row(number).image.data for number in range(12)]
    return all(
        np.array_equal(np.reshape(value, (6, 5, 3)), pixels) for value, pixels in zip(values, expected, strict=True)
    )


def test_hugging_face_datasets_opens_the_shards_and_decodes_their_images(made, tmp_path):
    environment = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", HUGGING_FACE, made], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert (told["classes"], told["labels"]) == (["ant", "bee"], [0, 1] * 6)
    assert told["columns"] == table(made).column_names
    name = "pixels" if "pixels" in told else "image"
    assert holds_images([np.array(image, np.uint8) for image in told[name]])
    if "mask" in told:
        assert np.array_equal(told["mask"][3], picture(3, channels=1)[..., 0])
        assert [image is None for image in told["partner"]] == [True, False] * 6


def test_polars_reads_and_scans(made):
    name = "pixels" if "pixels" in table(made).column_names else "image"
    found = polars.concat([polars.read_ipc(shard) for shard in shards(made)])
    assert found.columns == table(made).column_names
    assert holds_images(found[name].to_list())
    scanned = polars.scan_ipc(made / "train-*.arrow").group_by("label").agg(polars.len()).sort("label")
    assert scanned.collect().rows() == [(0, 6), (1, 6)]


def test_pandas_reads(made):
    found = pandas.concat([pandas.read_feather(shard) for shard in shards(made)])
    assert found["label"].tolist() == [0, 1] * 6
    assert holds_images(list(found["pixels" if "pixels" in found else "image"]))
    mapped = table(made).to_pandas()
    assert list(mapped.columns) == list(found.columns)
    assert mapped["path"].tolist()[3] == "glyphs/003.png" if "path" in mapped else mapped["image"][3]["path"]
    if "phash" in mapped:
        assert mapped["phash"].tolist() == [2**64 - 1 - number for number in range(12)]


def test_duckdb_asks_the_table(made):
    rows = table(made)
    connection = duckdb.connect()
    connection.register("rows", rows)
    asked = connection.sql(
        "SELECT label, count(*), min(width), any_value(format) FROM rows GROUP BY label ORDER BY label"
    )
    form = "raw" if "pixels" in rows.column_names else "png"
    assert asked.fetchall() == [(0, 6, 5, form), (1, 6, 5, form)]
    name = "pixels" if "pixels" in rows.column_names else "image"
    assert holds_images([value for (value,) in connection.sql(f"SELECT {name} FROM rows").fetchall()])
    if "objects" in rows.column_names:
        assert connection.sql("SELECT sum(len(objects)) FROM rows").fetchall() == [(8,)]
