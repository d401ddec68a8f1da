"""sources/table.py on real tables; the pictures are bytes, for a source decodes nothing."""

import contextlib
import json
import os
import pickle
import tracemalloc
import warnings

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources.table import TableSource

FILES = ["1.jpg", "a/2.png", "a b/größe, 3.jpg", "4.jpg", "5.jpg"]
LABELS = ["dog", "cat", "", "owl", "cat"]
NUMBERS = [1, 0, -1, 2, 0]


def fill(root, files=FILES):
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def table(root, text, name="table.csv"):
    root.mkdir(exist_ok=True)
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root / name


def csv(rows, header="path,label"):
    return "\n".join([header, *rows]) + "\n"


def quoted(files=FILES, labels=LABELS):
    return [f'"{name}",{label}' for name, label in zip(files, labels, strict=True)]


def paths(source):
    return [os.path.relpath(source.path(index), source.root) for index in range(len(source))]


class TestCsvContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return TableSource(table(fill(tmp_path / "set"), csv(quoted())))

    @pytest.fixture
    def contents(self):
        return [(name.encode(), number) for name, number in zip(FILES, NUMBERS, strict=True)]


class TestBoxesContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        rows = ["1.jpg,0,0,9,9,dog", "4.jpg,1,1,3,3,cat", "1.jpg,1,1,5,5,cat", "5.jpg,,,,,", "a/2.png,0,0,1,1,owl"]
        return TableSource(table(fill(tmp_path / "set"), csv(rows, "file_name,xmin,ymin,xmax,ymax,class")))

    @pytest.fixture
    def contents(self):
        return [(b"1.jpg", 1), (b"4.jpg", 0), (b"5.jpg", -1), (b"a/2.png", 2)]


class TestParquetBytesContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        columns = {"image": [name.encode() for name in FILES], "label": pa.array(LABELS).dictionary_encode()}
        pq.write_table(pa.table(columns), tmp_path / "set.parquet", row_group_size=2)
        return TableSource(tmp_path / "set.parquet")

    @pytest.fixture
    def contents(self):
        return [(name.encode(), number) for name, number in zip(FILES, NUMBERS, strict=True)]


def test_json_lines_and_parquet_and_tsv_of_paths(tmp_path):
    fill(tmp_path)
    rows = [{"file_name": name, "label": label or None} for name, label in zip(FILES, LABELS, strict=True)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "set.parquet")
    for file in (
        table(tmp_path, lines, "metadata.jsonl"),
        table(tmp_path, b"\xef\xbb\xbf" + lines.encode().replace(b"\n", b"\r\n\r\n"), "windows.json"),
        table(tmp_path, csv([row.replace('",', '"\t') for row in quoted()], "path\tlabel"), "set.tsv"),
        tmp_path / "set.parquet",
    ):
        source = TableSource(file)
        assert source.classes == ["cat", "dog", "owl"]
        assert source.targets.tolist() == NUMBERS
        assert [source[index].data.decode() for index in range(5)] == FILES
        assert source.has_files


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + csv(quoted()).encode(),
        csv(quoted()).replace("\n", "\r\n"),
        csv(quoted()).replace("\n", "\n\n") + "\n\n",
        csv(quoted())[:-1],
        csv([f'"{name}";{label}' for name, label in zip(FILES, LABELS, strict=True)], "path;label"),
        csv([f'"{name}"|{label}|"two\nlines"' for name, label in zip(FILES, LABELS, strict=True)], "path|label|note"),
        csv([f'"  {row[1:]} ' for row in quoted()], " path , label"),
        csv(
            [f"{number},./{row}" if row[0] != '"' else f'{number},"./{row[1:]}' for number, row in enumerate(quoted())],
            ",path,label",
        ),
        csv([row.replace("a/", "a\\") for row in quoted()]),
        csv(quoted(labels=["dog", "cat", "NaN", "owl", "cat"])),
    ],
    ids=["BOM", "CRLF", "empty lines", "no end", "semicolons", "bars, lines", "spaces", "index", "backslash", "NaN"],
)
def test_what_real_files_look_like(tmp_path, text):
    source = TableSource(table(fill(tmp_path), text))
    assert source.classes == ["cat", "dog", "owl"]
    assert source.targets.tolist() == NUMBERS
    assert [source[index].data.decode() for index in range(5)] == FILES
    assert source.problems == []


def test_the_repr_shows_what_was_guessed(tmp_path):
    source = TableSource(table(tmp_path, "Image_Path;CLASS;x1;y1;x2;y2\na;b;1;2;3;4\n"))
    assert repr(source) == (
        f"TableSource('{tmp_path}/table.csv', image='Image_Path', label='CLASS', "
        "boxes=['x1', 'y1', 'x2', 'y2'], box_format='xyxy', separator=';')"
    )


def test_another_encoding(tmp_path):
    file = table(fill(tmp_path, ["ü.jpg"]), "path,label\nü.jpg,ä\n".encode("cp1252"))
    with pytest.raises(DataError, match="encoding"):
        TableSource(file)
    source = TableSource(file, encoding="cp1252")
    assert source[0].data == "ü.jpg".encode()
    assert source.classes == ["ä"]


@pytest.mark.parametrize(
    ("words", "numbers", "classes"),
    [
        (["01", "1", "10"], [0, 1, 2], ["01", "1", "10"]),
        (["1", "0", "2"], [1, 0, 2], ["0", "1", "2"]),
        (["1.0", "", "2.0"], [1, -1, 2], ["0", "1", "2"]),
        (["2", "-1", "nan"], [2, -1, -1], ["0", "1", "2"]),
        (["b", "1", "ä"], [1, 0, 2], ["1", "b", "ä"]),
        (["NA", "None", "null"], [0, 1, 2], ["NA", "None", "null"]),
        (["True", "False", "True"], [1, 0, 1], ["False", "True"]),
        (["", "", ""], [-1, -1, -1], []),
    ],
)
def test_labels_of_a_csv(tmp_path, words, numbers, classes):
    source = TableSource(table(tmp_path, csv([f"{n}.jpg,{word}" for n, word in enumerate(words)])))
    assert source.targets.tolist() == numbers
    assert source.classes == classes


@pytest.mark.parametrize(
    ("labels", "numbers", "classes"),
    [
        ([1, 0, 2], [1, 0, 2], ["0", "1", "2"]),
        ([1, None, 2], [1, -1, 2], ["0", "1", "2"]),
        ([1.0, None, float("nan")], [1, -1, -1], ["0", "1"]),
        (["01", None, "1"], [0, -1, 1], ["01", "1"]),
        ([True, False, True], [1, 0, 1], ["0", "1"]),
        (["2020-01-01", "2021-01-01", "x"], [0, 1, 2], ["2020-01-01", "2021-01-01", "x"]),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_labels_with_types(tmp_path, labels, numbers, classes, form):
    columns = {"path": ["a", "b", "c"], "label": labels}
    if form == "parquet":
        pq.write_table(pa.table(columns), tmp_path / "set.parquet")
    else:
        rows = zip(columns["path"], columns["label"], strict=True)
        table(tmp_path, "".join(json.dumps({"path": a, "label": b}) + "\n" for a, b in rows), "set.jsonl")
    source = TableSource(tmp_path / f"set.{form}")
    assert source.targets.tolist() == numbers
    assert source.classes == classes


@pytest.mark.parametrize(
    ("words", "classes", "numbers"),
    [
        (["b", "a", ""], ["x", "b", "a"], [1, 2, -1]),
        (["1", "0", "-1"], ["x", "b"], [1, 0, -1]),
        (["1", "0", "0"], ["1", "0"], [0, 1, 1]),
        (["0.5", "1.5", "0.5"], ["0.5", "1.5"], [0, 1, 0]),
    ],
)
def test_given_classes(tmp_path, words, classes, numbers):
    source = TableSource(table(tmp_path, csv([f"{n}.jpg,{word}" for n, word in enumerate(words)])), classes=classes)
    assert source.targets.tolist() == numbers
    assert source.classes == classes


def test_the_names_of_hugging_face(tmp_path):
    about = {"info": {"features": {"label": {"names": ["no", "yes"], "_type": "ClassLabel"}}}}
    data = pa.table({"image": ["a", "b"], "label": [1, 0]}).replace_schema_metadata({"huggingface": json.dumps(about)})
    pq.write_table(data, tmp_path / "set.parquet")
    assert TableSource(tmp_path / "set.parquet").classes == ["no", "yes"]


@pytest.mark.parametrize(
    ("text", "options", "word"),
    [
        (csv(["a.jpg,0.5", "b.jpg,1.5"]), {}, r"line 2: column 'label' has '0.5', which is no class"),
        (csv(["a.jpg,1", "b.jpg,-2"]), {}, r"line 3: .*must be from 0"),
        (csv(["a.jpg,1", "b.jpg,99999999"]), {}, r"line 3: .*must be from 0"),
        (csv(["a.jpg,x", "b.jpg,y"]), {"classes": ["x"]}, r"line 3: .*'y', which is no class"),
        (csv(["a.jpg,1", "b.jpg,2"]), {"classes": ["x", "y"]}, r"line 3: .*from 0 to 1"),
        (csv(["a.jpg,1"]), {"image": "file"}, r"no column 'file' in .*: it has 'path', 'label'"),
        (csv(["a.jpg,1"], "what,label"), {}, r"no column of images in .*: it has 'what', 'label'"),
        (csv(["a.jpg,1"], "path,path"), {}, r"two columns called 'path'"),
        (csv(["a.jpg,1", "b.jpg,1,2"]), {}, r"line 3: 3 values for 2 columns"),
        (csv(["a.jpg,1", "", "b.jpg"]), {}, r"line 4: 1 values for 2 columns"),
        (csv(["a.jpg,1", 'b.jpg,"2', "c.jpg,1"]), {}, r"behind line 2: .*quote"),
        (csv([]), {}, "no row"),
        ("", {}, "is empty"),
        ('[{"path": "a"}]', {}, "a JSON list"),
        (b"\x1f\x8b\x08", {}, "compressed"),
        (b"path\0,label\n", {}, "binary"),
        ('{"path": "a"}\n{"path": 5}\n', {}, "different kinds"),
        ('{"path": "a"}\n\n[]\n', {}, "line 3: expected one JSON object a line"),
        ('{"path": "a"}\n{"path"\n', {}, "line 2: expected one JSON object a line"),
        ('{"path": 1}\n', {}, "must hold paths"),
        ("PAR1nothing", {}, "as Parquet"),
        (csv(["a.jpg,x"], "path,age"), {"targets": "age"}, r"line 2: column 'age' must hold numbers, not 'x'"),
        (csv(["a.jpg,1", "b.jpg,2,5"], "path,age"), {"targets": "age"}, "line 3"),
        (csv(['a.jpg,"[1,2,3]"'], "path,bbox"), {"box_format": "xywh"}, r"line 2: .*lists of four numbers"),
        (csv(['a.jpg,"[1,2,3,4]"'], "path,bbox"), {}, "box_format="),
        (csv(["a.jpg,1"]), {"boxes": ["path", "label"]}, "4 columns"),
        (csv(["a.jpg,1"]), {"boxes": (), "box_format": "yx"}, "box_format must be"),
        (csv([",1"]), {}, "line 2: a path must not be empty"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, options, word):
    with pytest.raises(DataError, match=word):
        TableSource(table(tmp_path, text), **options)


def test_two_columns_of_one_name_in_parquet(tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["path", "path"]), tmp_path / "set.parquet")
    with pytest.raises(DataError, match="two columns called 'path'"):
        TableSource(tmp_path / "set.parquet")


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        TableSource(tmp_path / "none.csv")


OUTSIDE = [
    "../x.jpg",
    "/etc/passwd",
    "a/../../x.jpg",
    "..\\x.jpg",
    "C:\\data\\x.jpg",
    "\\\\host\\x.jpg",
    "s3://a/b.jpg",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_file_outside_the_root(tmp_path, name):
    with pytest.raises(DataError, match=r"table\.csv, line 3") as raised:
        TableSource(table(tmp_path / "set", csv(["a.jpg,1", f'"{name}",1'])))
    assert ("another system" if ":" in name or "host" in name else "leads out of") in str(raised.value)


def test_roots(tmp_path):
    fill(tmp_path)
    file = table(tmp_path / "tables", csv(["1.jpg,1", f"{tmp_path}/4.jpg,0"]))
    assert TableSource(file, tmp_path)[1].data == b"4.jpg"
    with pytest.raises(DataError, match="allow_outside"):
        TableSource(file)
    source = TableSource(table(tmp_path / "tables", csv(["../1.jpg,1"])), allow_outside=True)
    assert source[0].data == b"1.jpg"


def test_targets_are_numbers_to_be_learnt(tmp_path):
    text = csv(["1.jpg,0.5,3,dog", "4.jpg,,1e3,cat"], "path,age,height,label")
    source = TableSource(table(fill(tmp_path), text), targets=["height", "age"])
    assert source[0].extra["targets"].tolist() == [3, 0.5]
    assert source[0].extra["targets"].dtype == np.float32
    assert np.isnan(source[1].extra["targets"][1])
    assert source.targets.tolist() == [1, 0]
    source = TableSource(table(tmp_path, csv(["1.jpg,0.5"], "path,target")), targets="target")
    assert source.targets.tolist() == [-1]
    assert source.classes == []


@pytest.mark.parametrize(
    ("header", "row", "options"),
    [
        ("path,xmin,ymin,xmax,ymax", "1,2,4,6", {}),
        ("path,XMin,XMax,YMin,YMax", "1,4,2,6", {}),
        ("path,left,top,right,bottom", "1,2,4,6", {}),
        ("path,x0,y0,x1,y1", "1,2,4,6", {}),
        ("path,x,y,w,h", "1,2,3,4", {"boxes": ["x", "y", "w", "h"], "box_format": "xywh"}),
        ("path,x,y,w,h", "2.5,4,3,4", {"boxes": ["x", "y", "w", "h"], "box_format": "cxcywh"}),
        ("path,bbox", '"[1, 2, 3.0, 4]"', {"box_format": "xywh"}),
        ("path,bbox", "1 2 4 6", {"box_format": "xyxy"}),
    ],
)
def test_boxes_of_a_csv(tmp_path, header, row, options):
    rows = [f"1.jpg,{row}", "4.jpg" + "," * header.count(",")]
    source = TableSource(table(fill(tmp_path), csv(rows, header)), **options)
    assert source[0].objects.boxes.tolist() == [[1, 2, 4, 6]]
    assert source[0].objects.labels.tolist() == [-1]
    assert len(source[1].objects) == 0
    assert source.problems == []


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.int32(), 4), pa.large_list(pa.float32())])
def test_boxes_of_a_parquet(tmp_path, kind):
    data = pa.table({"path": ["1.jpg", "4.jpg"], "bbox": pa.array([[1, 2, 3, 4], None], kind)})
    pq.write_table(data, fill(tmp_path) / "set.parquet")
    source = TableSource(tmp_path / "set.parquet", box_format="xywh")
    assert source[0].objects.boxes.tolist() == [[1, 2, 4, 6]]
    assert len(source[1].objects) == 0


def test_rows_of_one_path_are_one_sample(tmp_path):
    rows = ["1.jpg,0,0,9,9,dog", "4.jpg,1,1,3,3,cat", "", "1.jpg,1,1,5,5,cat"]
    source = TableSource(table(fill(tmp_path), csv(rows, "path,xmin,ymin,xmax,ymax,label")))
    assert paths(source) == ["1.jpg", "4.jpg"]
    objects = source[0].objects
    assert objects.boxes.tolist() == [[0, 0, 9, 9], [1, 1, 5, 5]]
    assert objects.labels.tolist() == [1, 0]
    assert objects.ids.tolist() == [2, 5], "the lines"
    assert source[0].label == 1


@pytest.mark.parametrize(
    ("row", "kind", "kept"),
    [
        ("1.jpg,5,0,4,9,x,0,0", "wrong box", 0),
        ("1.jpg,,0,4,9,x,0,0", "wrong box", 0),
        ("1.jpg,inf,0,4,9,x,0,0", "wrong box", 0),
        ("1.jpg,-5,0,4,9,x,0,0", "outside box", 1),
        ("1.jpg,0,0,41,9,x,40,30", "outside box", 1),
        ("1.jpg,4,0,4,9,x,0,0", "empty box", 1),
        ("4.jpg,1,1,3,3,cat,0,0", "doubled box", 1),
    ],
)
def test_wrong_boxes_are_reported(tmp_path, row, kind, kept):
    rows = ["4.jpg,1,1,3,3,cat,40,30", "", row]
    with pytest.warns(UserWarning, match=f"1 {kind}"):
        source = TableSource(table(fill(tmp_path), csv(rows, "path,xmin,ymin,xmax,ymax,label,width,height")))
    (finding,) = source.problems
    assert finding.path == f"{tmp_path}/table.csv, line 4"
    assert finding.kind == kind
    assert sum(len(source[index].objects) for index in range(len(source))) == 1 + kept


def test_boxes_in_shares_are_reported(tmp_path):
    with pytest.warns(UserWarning, match="shares"):
        TableSource(table(tmp_path, csv(["1.jpg,.1,.1,.5,1"], "path,xmin,ymin,xmax,ymax")))


def test_doubled_paths_without_boxes_are_reported_and_kept(tmp_path):
    with pytest.warns(UserWarning, match=r"line 4: '1\.jpg' is there already, in line 2"):
        source = TableSource(table(fill(tmp_path), csv(["1.jpg,a", "4.jpg,b", "1.jpg,b"])))
    assert source.targets.tolist() == [0, 1, 1]


def test_a_missing_file_is_named_with_its_line(tmp_path):
    source = TableSource(table(fill(tmp_path), csv(['"1.jpg",a', "", '"none.jpg",b', "4.jpg,a"])))
    with pytest.raises(DecodeError, match=r"none\.jpg \(index 1\): No such file.*table\.csv, line 4") as raised:
        source[1]
    assert raised.value.kind == "unreadable"
    assert [(finding.index, finding.kind) for finding in source.missing()] == [(1, "missing file")]
    assert source[2].data == b"4.jpg"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(DecodeError, match="not a regular file"):
        TableSource(table(tmp_path, csv(["pipe.jpg,a"])))[0]


def test_structs_of_bytes_and_paths(tmp_path):
    rows = [
        {"bytes": b"one", "path": "x"},
        {"bytes": None, "path": "4.jpg"},
        {"bytes": None, "path": "../4.jpg"},
        {"bytes": None, "path": None},
        None,
    ]
    pq.write_table(pa.table({"image": rows}), fill(tmp_path) / "set.parquet")
    source = TableSource(tmp_path / "set.parquet")
    assert not source.has_files
    assert len(source) == 5
    assert [source[index].data for index in range(2)] == [b"one", b"4.jpg"]
    for index, word in [(2, "leads out of"), (3, "no image in the row .*row 3"), (4, "no image in the row .*row 4")]:
        with pytest.raises(DecodeError, match=word):
            source[index]


def test_a_parquet_that_changes_or_goes_is_named(tmp_path):
    def write(letter):
        columns = {"image": [f"{letter}{n}".encode() for n in range(8)]}
        pq.write_table(pa.table(columns), tmp_path / "set.parquet", row_group_size=2)

    write("a")
    source = TableSource(tmp_path / "set.parquet")
    assert source[0].data == b"a0"
    late = pickle.loads(pickle.dumps(source))
    os.truncate(tmp_path / "set.parquet", 50)
    for one in (source, late):
        with pytest.raises(DecodeError, match=r"set\.parquet\[7\] \(index 7\): cannot read the row"):
            one[7]
    write("b")
    with pytest.raises(DecodeError, match="changed since"):
        late[0]
    assert TableSource(tmp_path / "set.parquet")[0].data == b"b0"
    os.unlink(tmp_path / "set.parquet")
    with pytest.raises(DecodeError, match="No such file"):
        pickle.loads(pickle.dumps(late))[0]


def test_the_index_is_saved_until_the_table_changes(tmp_path, cache):
    file = table(fill(tmp_path), csv(["1.jpg,a"]))
    TableSource(file)
    (saved,) = (cache / "index").iterdir()
    before = saved.stat().st_mtime_ns
    TableSource(file)
    assert saved.stat().st_mtime_ns == before
    assert len(TableSource(table(tmp_path, csv(["1.jpg,a", "4.jpg,b"])))) == 2
    assert TableSource(file, label="path").classes == ["1.jpg", "4.jpg"], "other columns, another index"


def test_a_table_of_the_same_size_and_time_in_its_place_is_read(tmp_path):
    file = table(fill(tmp_path), csv(["1.jpg,a", "4.jpg,b"]))
    os.utime(file, ns=(1, 1))
    assert TableSource(file).targets.tolist() == [0, 1]
    os.replace(file, tmp_path / "old")
    os.utime(table(tmp_path, csv(["1.jpg,b", "4.jpg,a"])), ns=(1, 1))
    assert TableSource(file).targets.tolist() == [1, 0]


def test_a_large_table_stays_compact(tmp_path):
    count = 50_000
    file = table(tmp_path, csv([f"images/{n:07}.jpg,class{n % 50}" for n in range(count)]))
    TableSource(table(tmp_path, csv(["a.jpg,b"]), "small.csv"))
    tracemalloc.start()
    source = TableSource(file)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < count * 5, "mapped, and no object a row"
    assert len(pickle.dumps(source)) < 3000
    assert source.path(count - 1).endswith("images/0049999.jpg")


def test_damage_is_always_named(tmp_path):
    """Bytes are changed, left out and put in; whatever comes of it, it is an error of ours or a sample."""
    rng = np.random.default_rng(0)
    pq.write_table(pa.table({"image": [b"abc"] * 20, "label": ["x"] * 20}), tmp_path / "s.parquet", row_group_size=7)
    wholes = [
        (tmp_path / "s.parquet").read_bytes(),
        csv(['a,x,1,2,3,4,"two\nlines"', '"b",y,,,,,'], "path,label,xmin,ymin,xmax,ymax,note").encode(),
        b'{"path":"a","label":1,"bbox":[1,2,3,4]}\n{"path":"b","label":null,"bbox":null}\n',
    ]
    refused = 0
    for turn in range(150):
        data = bytearray(wholes[turn % 3])
        for _ in range(rng.integers(1, 4)):
            place = rng.integers(len(data))
            data[place : place + rng.integers(3)] = [b'"', b",", b"\n", b"\0", b"\xff", b"..", b"1e999"][
                rng.integers(7)
            ]
        (tmp_path / "t").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                source = TableSource(tmp_path / "t", box_format="xyxy")
            except DataError:
                refused += 1
                continue
        for index in range(len(source)):
            with contextlib.suppress(DecodeError):
                source[index]
    assert 20 < refused < 150
