import io
import json
import shutil
import tarfile

import numpy as np
import pytest
from PIL import Image

import feedline
from feedline.errors import DataError, DecodeError
from feedline.native.chunk import AVAILABLE
from feedline.prepare import pack
from feedline.prepare.export import export
from feedline.store import StoreSource


def picture(seed, size=(40, 30), form="JPEG", mode="RGB"):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)).resize(size).convert(mode)
    stream = io.BytesIO()
    small.save(stream, form)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Two classes of ten, JPEG and PNG."""
    root = tmp_path / "photos"
    for label, name in enumerate(("cats", "dogs")):
        (root / name).mkdir(parents=True)
        for number in range(10):
            form = ("JPEG", "PNG")[number % 2]
            (root / name / f"{number}.{form.lower()}").write_bytes(picture(100 * label + number, form=form))
    return root


def broken(folder):
    (folder / "cats" / "2a.jpeg").write_bytes(b"")
    (folder / "dogs" / "3a.png").write_bytes(b"no image at all")
    (folder / "dogs" / "4a.jpeg").write_bytes(picture(1)[:500])


def content(path):
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_files_go_in_as_they_are(folder, tmp_path):
    packed = pack(folder, tmp_path / "x.feed")
    stored, files = feedline.open(tmp_path / "x.feed"), feedline.open(folder)
    assert (packed.written, packed.broken, stored.classes) == (20, (), files.classes)
    for index in range(20):
        ours, theirs = stored.source[index], files.source[index]
        assert (ours.data, ours.label) == (theirs.data, theirs.label)
        assert ours.path.endswith(f"] {theirs.path[len(str(folder)) + 1 :]}")
        assert np.array_equal(stored[index][0], files[index][0])


def test_broken_files_end_it_or_are_left_out_and_named(folder, tmp_path):
    broken(folder)
    with pytest.raises(DecodeError, match=r"cats/2a.jpeg \(index 3\).*empty"):
        pack(folder, tmp_path / "x.feed")
    packed = pack(folder, tmp_path / "x.feed", on_error="skip")  # goes on with the same job
    assert [(each["path"], each["kind"]) for each in packed.broken] == [
        ("cats/2a.jpeg", "empty"),
        ("dogs/3a.png", "wrong type"),
        ("dogs/4a.jpeg", "truncated"),
    ]
    assert len(feedline.open(tmp_path / "x.feed")) == packed.written == 20
    assert StoreSource(tmp_path / "x.feed").manifest.left_out == packed.broken
    assert "dogs/4a.jpeg (index 17): truncated" in "\n".join(packed.lines())


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(folder, tmp_path):
    pack(folder, tmp_path / "x.feed")
    (tmp_path / "else").mkdir()
    shutil.copytree(folder, tmp_path / "else" / "photos")
    pack(tmp_path / "else" / "photos", tmp_path / "else" / "y.feed")
    assert content(tmp_path / "x.feed") == content(tmp_path / "else" / "y.feed")
    assert not any(str(tmp_path).encode() in data for data in content(tmp_path / "x.feed").values())


def test_splits_are_stratified_and_groups_stay_together(tmp_path):
    pack("glyphs", tmp_path / "x.feed", split={"val": 0.1, "test": 0.2}, group_by="dataset")
    parts = {name: StoreSource(tmp_path / "x.feed", name) for name in ("train", "val", "test")}
    assert sum(map(len, parts.values())) == 4000
    groups = [set(part.groups) for part in parts.values()]
    assert not groups[0] & (groups[1] | groups[2])
    assert not groups[1] & groups[2]
    assert 700 < len(parts["test"]) < 900
    with pytest.raises(DataError, match='say which one with split="train"'):
        feedline.open(tmp_path / "x.feed")


def test_a_folder_of_splits_keeps_them(folder, tmp_path):
    root = tmp_path / "split"
    for name in ("val", "train"):
        shutil.copytree(folder, root / name)
    pack(root, tmp_path / "x.feed")
    source = StoreSource(tmp_path / "x.feed", "val")
    assert (source.splits, len(source)) == (["train", "val"], 20)
    assert source.path(0).endswith("] cats/0.jpeg")


def test_the_short_side_is_made_smaller_and_small_ones_stay(folder, tmp_path):
    pack(folder, tmp_path / "x.feed", short_side=15)
    source = StoreSource(tmp_path / "x.feed")
    sizes = {(header.width, header.height, header.format) for header in map(feedline.probe, (r.data for r in source))}
    assert sizes == {(20, 15, "jpeg"), (20, 15, "png")}
    pack(folder, tmp_path / "y.feed", short_side=30)
    assert StoreSource(tmp_path / "y.feed")[0].data == feedline.open(folder).source[0].data


def test_raw_pixels_are_those_of_a_resize(folder, tmp_path):
    pack(folder, tmp_path / "x.feed", raw=(12, 16))
    stored = feedline.open(tmp_path / "x.feed")
    files = feedline.open(folder, feedline.transforms.Resize((12, 16)))
    assert all(np.array_equal(stored[index][0], files[index][0]) for index in range(20))
    assert stored.source.spec.fixed


def test_arrays_are_raw_and_grey_stays_grey(tmp_path):
    pack("glyphs", tmp_path / "x.feed")
    stored, arrays = feedline.open(tmp_path / "x.feed"), feedline.open("glyphs")
    assert all(np.array_equal(stored[index][0], arrays[index][0]) for index in range(0, 4000, 97))
    assert np.array_equal(stored.targets, arrays.targets)


def test_appended_rows_lie_behind_those_that_were_there(folder, tmp_path):
    pack(folder, tmp_path / "x.feed")
    pack(folder, tmp_path / "x.feed", append=True)
    source = StoreSource(tmp_path / "x.feed")
    assert len(source) == 40
    assert source[3].data == source[23].data
    with pytest.raises(DataError, match="is a store already"):
        pack(folder, tmp_path / "x.feed")


def test_an_unfinished_pack_of_other_files_is_not_gone_on_with(folder, tmp_path):
    broken(folder)
    with pytest.raises(DecodeError, match="--on-error skip"):
        pack(folder, tmp_path / "x.feed")
    data = bytearray((folder / "cats" / "0.jpeg").read_bytes())
    (folder / "cats" / "0.jpeg").write_bytes(data[:-40] + bytes(38) + data[-2:])
    with pytest.raises(DataError, match="unfinished job that differs in files"):
        pack(folder, tmp_path / "x.feed", on_error="skip")
    pack(folder, tmp_path / "x.feed", on_error="skip", restart=True)


def test_what_the_first_samples_did_not_have_is_not_lost(tmp_path):
    with tarfile.open(tmp_path / "some.tar", "w") as archive:
        for number in range(200):
            mask = [(f"{number:03}.mask.png", picture(number, form="PNG", mode="L"))] if number == 2 else []
            for name, data in [(f"{number:03}.png", picture(number, form="PNG")), *mask]:
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    with pytest.raises(DataError, match=r"002.png has mask, and none of the samples .*--also mask"):
        pack(tmp_path / "some.tar", tmp_path / "x.feed")
    pack(tmp_path / "some.tar", tmp_path / "x.feed", also=["mask"], restart=True)
    assert StoreSource(tmp_path / "x.feed")[2].mask == feedline.open(tmp_path / "some.tar").source[2].mask is not None


def test_one_picture_in_colour_among_grey_ones_is_not_made_grey_in_silence(tmp_path):
    (tmp_path / "x").mkdir()
    for number in range(150):
        (tmp_path / "x" / f"{number:03}.png").write_bytes(
            picture(number, form="PNG", mode="L" if number != 1 else "RGB")
        )
    with pytest.raises(DataError, match=r"001.png has colours"):
        pack(tmp_path / "x", tmp_path / "y.feed", raw=(8, 8))
    pack(tmp_path / "x", tmp_path / "y.feed", raw=(8, 8), mode="L", restart=True)


def test_boxes_masks_and_all_else_of_coco_come_back(tmp_path):
    images, annotations = [], []
    for number in range(3):
        name = f"{number}.jpg"
        stored = Image.new("RGB", (60, 40), (number * 50, 80, 20))
        exif = Image.Exif()
        exif[0x0112] = (1, 6, 8)[number]
        stored.save(tmp_path / name, exif=exif)
        images.append({"id": number, "file_name": name, "width": 60, "height": 40})
        runs = {"size": [40, 60], "counts": [100, 500, 1800]}
        common = {"image_id": number, "category_id": 1, "bbox": [5, 6, 20, 10], "iscrowd": number % 2}
        mask = runs if number % 2 else [[5, 6, 25, 6, 25, 16]]
        annotations.append({"id": 9 + number, "segmentation": mask, "area": 200, **common})
    said = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}]}
    (tmp_path / "coco.json").write_text(json.dumps(said))
    pack(tmp_path / "coco.json", tmp_path / "x.feed")
    ours, theirs = feedline.open(tmp_path / "x.feed"), feedline.open(tmp_path / "coco.json")
    for index in range(3):
        one, other = ours.sample(index), theirs.sample(index)
        assert np.array_equal(one.objects.boxes, other.objects.boxes)
        assert set(one.extra) == set(other.extra)
        assert one.extra["size"] == other.extra["size"]
        assert str(one.extra.get("rle")) == str(other.extra.get("rle"))
    export(tmp_path / "x.feed", tmp_path / "x.tar", "tar", progress=False)
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert json.load(archive.extractfile("1.json"))["extra"]["size"] == [60, 40]


def test_a_store_within_its_data_is_refused(folder):
    with pytest.raises(DataError, match="lies in the data"):
        pack(folder, folder / "x.feed")


def test_appended_classes_are_told_apart_by_name(folder, tmp_path):
    pack(folder, tmp_path / "x.feed")
    shutil.rmtree(folder / "cats")
    (folder / "emus").mkdir()
    (folder / "emus" / "1.png").write_bytes(picture(7, form="PNG"))
    pack(folder, tmp_path / "x.feed", append=True)
    source = StoreSource(tmp_path / "x.feed")
    assert source.classes == ["cats", "dogs", "emus"]
    assert np.bincount(source.targets).tolist() == [10, 20, 1]


def test_a_store_is_packed_again_with_all_that_it_knows(folder, tmp_path):
    broken(folder)
    options = {"restart_markers": True} if AVAILABLE else {}
    pack(folder, tmp_path / "x.feed", on_error="skip", hash=True, stats=True, split={"val": 0.2}, **options)
    pack(tmp_path / "x.feed", tmp_path / "y.feed")
    for split in ("train", "val"):
        one, two = (StoreSource(tmp_path / name, split) for name in ("x.feed", "y.feed"))
        assert [one[index].data for index in range(len(one))] == [two[index].data for index in range(len(two))]
        assert [one.kept(index) for index in range(len(one))] == [two.kept(index) for index in range(len(two))]
        assert [one.origin(index) for index in range(len(one))] == [two.origin(index) for index in range(len(two))]
    assert one.manifest.left_out == two.manifest.left_out != ()


def test_pairs_and_parts_of_datasets_go_in_and_no_place_on_this_machine(folder, tmp_path):
    pack(folder / "cats", tmp_path / "x.feed", how={"pair": folder / "cats"})
    assert StoreSource(tmp_path / "x.feed")[3].partner == StoreSource(tmp_path / "x.feed")[3].data
    part = feedline.Subset(feedline.open(folder), [12, 3])
    pack(part, tmp_path / "y.feed")
    source = StoreSource(tmp_path / "y.feed")
    assert [source.origin(index)[0] for index in range(2)] == ["dogs/2.jpeg", "cats/3.png"]
    assert not any(
        str(tmp_path).encode()[1:] in data
        for path in ("x", "y")
        for data in content(tmp_path / f"{path}.feed").values()
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "L"}, "files go in as they are"),
        ({"raw": (8, 8), "mode": "unchanged"}, "are of one mode"),
        ({"raw": (10**6, 10**6)}, "raw pixels are at most"),
        ({"split": {"all": 0.1}}, "nor 'all'"),
        ({"split": {"a-b": 0.1}}, "by letters"),
        ({"also": ["masks"]}, "also says"),
    ],
)
def test_options_that_do_not_fit_are_said_first(folder, tmp_path, options, says):
    with pytest.raises(ValueError, match=says):
        pack(folder, tmp_path / "x.feed", **options)
    assert not (tmp_path / "x.feed").exists()


def test_pictures_that_no_file_is_written_of_are_broken_ones(tmp_path):
    (tmp_path / "x").mkdir()
    for number, mode in enumerate(["LA", "L", "F"]):
        small = Image.fromarray(np.linspace(0, 1, 4000, dtype=np.float32).reshape(40, 100))
        (small if mode == "F" else small.convert("L").convert(mode)).save(tmp_path / "x" / f"{number}.tif")
    packed = pack(tmp_path / "x", tmp_path / "y.feed", short_side=20, on_error="skip", hash=True)
    assert [each["path"] for each in packed.broken] == ["2.tif"]
    assert {record.data[1:4] for record in StoreSource(tmp_path / "y.feed")} == {b"PNG"}


def test_hash_and_stats_are_columns(folder, tmp_path):
    pack(folder, tmp_path / "x.feed", hash=True, stats=True)
    rows = StoreSource(tmp_path / "x.feed")._rows(0)
    image = feedline.open(folder)[4][0] / 255
    assert rows.value("mean", 4) == pytest.approx(image.mean((0, 1)).tolist(), abs=1e-6)
    assert len({rows.value("phash", row) for row in range(20)}) == 20


def test_no_times_and_no_places_are_in_the_manifest(folder, tmp_path):
    pack(folder, tmp_path / "x.feed")
    said = json.loads((tmp_path / "x.feed" / "manifest.json").read_text())
    assert set(said) == {
        "format", "version", "rows", "classes", "columns", "recipe", "normalize", "versions", "left_out", "shards",
        "crc32c",
    }  # fmt: skip
