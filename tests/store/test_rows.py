import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from feedline.store import Columns, Part, Row
from feedline.store.columns import schema_of
from feedline.store.rows import record_batch

arrow = pytest.importorskip("pyarrow")

parts = some.builds(Part, some.binary(max_size=9), some.text(max_size=5))
all_of_it = some.builds(
    Row,
    parts,
    some.integers(0, 2**31 - 1),
    some.just(3),
    some.sampled_from(["png", "jpeg"]),
    label=some.integers(-1, 2**40),
    group=some.none() | some.text(max_size=4),
    source=some.text(max_size=4),
    mask=some.none() | parts,
)


def file_of(batch):
    """The bytes of an Arrow file that holds it."""
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


@given(some.lists(all_of_it, min_size=1, max_size=9))
def test_columns_are_those_that_pyarrow_makes_of_the_same_values(rows):
    columns = Columns(mask=True)
    batch = record_batch(rows, "train", columns, schema_of(columns, ()))
    batch.validate(full=True)
    told = batch.to_pylist()
    assert [each["image"] for each in told] == [{"bytes": row.image.data, "path": row.image.path} for row in rows]
    for name in ("label", "group", "source", "width", "height", "format"):
        assert [each[name] for each in told] == [getattr(row, name) for row in rows]
    assert [each["mask"] and each["mask"]["bytes"] for each in told] == [row.mask and row.mask.data for row in rows]
    ours = batch.drop_columns(["mask"])
    theirs = [arrow.array(ours.column(named.name).to_pylist(), named.type) for named in ours.schema]
    assert file_of(ours) == file_of(arrow.record_batch(theirs, schema=ours.schema))


def test_raw_pixels_are_those_of_the_rows():
    pixels = [bytes(np.arange(6, dtype=np.uint8) + number) for number in range(3)]
    columns = Columns((1, 2, 3))
    rows = [Row(Part(data, f"{number}"), 2, 1, "raw") for number, data in enumerate(pixels)]
    batch = record_batch(rows, "all", columns, schema_of(columns, ()))
    assert [bytes(each) for each in batch.column("pixels").to_pylist()] == pixels


WRITES = """
import sys
from feedline.store import Columns, Part, Row
from feedline.store.columns import schema_of
from feedline.store.rows import record_batch
record_batch([Row(Part(b"x", "x.png"), 1, 1, "png")], "all", Columns(), schema_of(Columns(), ()))
sys.exit("pandas was imported" if "pandas" in sys.modules else 0)
"""


def test_plain_rows_are_made_without_pandas():
    pytest.importorskip("pandas")
    done = subprocess.run([sys.executable, "-c", WRITES], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
