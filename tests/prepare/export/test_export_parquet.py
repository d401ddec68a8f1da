"""A store as Parquet, read by those it is for."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow.parquet
from exported import picture, row, store

from feedline.prepare.export import export, parquet

READ = """
import datasets, json, numpy, sys
found = datasets.load_dataset("parquet", data_files={"train": sys.argv[1]}, split="train")
images = [numpy.asarray(image).tolist() for image in found["image"]]
print(json.dumps([found.features["label"].names, list(found["label"]), images]))
"""


def test_hugging_face_datasets_reads_it(tmp_path):
    path = store(tmp_path / "x.feed", {"train": [row(number) for number in range(5)]})
    export(path, tmp_path / "x.parquet", "parquet", progress=False)
    environment = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ, tmp_path / "x.parquet"], env=environment, capture_output=True, check=True
    )
    names, labels, images = json.loads(done.stdout)
    assert (names, labels) == (["ant", "bee"], [0, 1, 0, 1, 0])
    assert all(np.array_equal(image, picture(number)) for number, image in enumerate(images))


def test_row_groups_are_of_the_stated_size(tmp_path, monkeypatch):
    rows = [row(number, path=f"{number}.jpg") for number in range(8)]
    monkeypatch.setattr(parquet, "ROW_GROUP", len(rows[0].image.data) + 1)
    export(store(tmp_path / "x.feed", {"train": rows}), tmp_path / "x.parquet", "parquet", progress=False)
    file = pyarrow.parquet.ParquetFile(tmp_path / "x.parquet")
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [2] * 4
    assert file.read()["image"][3].as_py() == {"bytes": rows[3].image.data, "path": "3.png"}
