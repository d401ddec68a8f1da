"""sources/voc.py on real folders in VOC's layout; the pictures are bytes, for a source decodes nothing."""

import os
import pickle

import numpy as np
import pytest
from contracts.source import SourceContract

from feedline.errors import DataError, DecodeError
from feedline.sources.voc import VocSource


def thing(name, xmin, ymin, xmax, ymax, more=""):
    corners = f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
    return f"<object><name>{name}</name><pose>Left</pose>{more}<bndbox>{corners}</bndbox></object>"


def annotation(filename, *things, size="<size><width>100</width><height>80</height><depth>3</depth></size>"):
    return f"<annotation><filename>{filename}</filename>{size}{''.join(things)}</annotation>"


HARD = "<truncated>1</truncated><difficult>1</difficult><part><bndbox><xmin>9</xmin></bndbox></part>"
SET = {
    "2007_01": [thing("person", 1, 1, 100, 80), thing("dog", 11, 21, 40, 60, HARD)],
    "2007_02": [],
    "2007_03": [thing("dog", 48.5, 8.25, 90, 20)],
    "2008_00": [thing("cat", 1, 1, 2, 2), thing("person", 1, 1, 10, 10)],
}


def make(root, annotations=SET, splits=()):
    for folder in ("Annotations", "JPEGImages", "SegmentationClass", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    for name, things in annotations.items():
        text = annotation(f"{name}.jpg", *things) if isinstance(things, list) else things
        (root / "Annotations" / f"{name}.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
        (root / "JPEGImages" / f"{name}.jpg").write_bytes(name.encode())
    for name, text in dict(splits).items():
        (root / "ImageSets" / "Main" / f"{name}.txt").write_text(text)
    return root


class TestContract(SourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return VocSource(make(tmp_path / "VOC2007"))

    @pytest.fixture
    def contents(self):
        return [(name.encode(), label) for name, label in zip(SET, [2, -1, 1, 2], strict=True)]


def test_boxes_count_pixels_from_1_and_become_edges(tmp_path):
    source = VocSource(make(tmp_path))
    objects = source[0].objects
    assert objects.boxes.tolist() == [[0, 0, 100, 80], [10, 20, 40, 60]], "1, 1, W, H is the whole picture"
    assert objects.boxes.dtype == np.float32
    assert source[2].objects.boxes.tolist() == [[47.5, 7.25, 90, 20]]
    assert source.classes == ["cat", "dog", "person"]
    assert objects.labels.tolist() == [2, 1]
    assert source.problems == []


def test_files_that_count_from_0(tmp_path):
    source = VocSource(make(tmp_path), one_based=False)
    assert source[0].objects.boxes.tolist() == [[1, 1, 100, 80], [11, 21, 40, 60]]


def test_flags_and_masks(tmp_path):
    make(tmp_path)
    (tmp_path / "SegmentationClass" / "2007_03.png").write_bytes(b"mask")
    source = VocSource(tmp_path)
    record = source[0]
    assert record.extra["difficult"].tolist() == [False, True]
    assert record.extra["truncated"].tolist() == [False, True]
    assert record.mask is None
    assert source[2].mask == b"mask"
    (tmp_path / "SegmentationClass" / "2007_03.png").unlink()
    with pytest.raises(DecodeError, match=r"SegmentationClass/2007_03\.png \(index 2\)"):
        source[2]


def test_the_annotations_folder_will_do(tmp_path):
    source = VocSource(make(tmp_path) / "Annotations")
    assert source.root == str(tmp_path)
    assert len(source) == 4


def test_a_folder_of_annotations_beside_images(tmp_path):
    (tmp_path / "a.xml").write_text(annotation("a.png", thing("x", 1, 1, 2, 2)))
    (tmp_path / "a.png").write_bytes(b"a")
    source = VocSource(tmp_path)
    assert source[0].data == b"a"
    assert source.path(0) == str(tmp_path / "a.png")


def test_splits_give_samples_and_their_order(tmp_path):
    make(tmp_path, splits={"train": "2008_00\n\n2007_01\n", "dog_train": "2007_03  1\n2007_02 -1\r\n", "no": "\n"})
    assert [VocSource(tmp_path, "train")[n].data for n in range(2)] == [b"2008_00", b"2007_01"]
    assert [VocSource(tmp_path, "dog_train")[n].data for n in range(2)] == [b"2007_03", b"2007_02"]
    for split, word in [("val", "cannot read the list"), ("no", "one a line"), ("../x", "must be the name")]:
        with pytest.raises(DataError, match=word):
            VocSource(tmp_path, split)


def test_a_split_cannot_lead_out(tmp_path):
    with pytest.raises(DataError, match="must list names"):
        VocSource(make(tmp_path, splits={"train": "../../x\n"}), "train")


def test_the_name_of_the_annotation_counts_and_not_what_it_says(tmp_path):
    """Tools copy annotations and leave ``filename`` as it was."""
    make(tmp_path, {"a": annotation("b.jpg"), "b": annotation("C:\\x\\b.jpg"), "c": annotation("d.png")})
    (tmp_path / "JPEGImages" / "c.jpg").rename(tmp_path / "JPEGImages" / "d.png")
    source = VocSource(tmp_path)
    assert [source[n].data for n in range(3)] == [b"a", b"b", b"c"]


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><annotation><filename>&b;</filename></annotation>'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<annotation>", "damaged annotation"),
        ("", "damaged annotation"),
        (BOMB, "damaged annotation"),
        (BOMB.encode("utf-16"), "damaged annotation"),
        (BOMB.encode("utf-16-le"), "damaged annotation"),
        (annotation("a.jpg", thing("", 1, 1, 2, 2)), "damaged annotation"),
        (annotation("a.jpg", thing("x", "one", 1, 2, 2)), "damaged annotation"),
        (annotation("a.jpg", "<object><name>x</name></object>"), "damaged annotation"),
        (annotation("a.jpg", size="<size><width>inf</width></size>"), "damaged annotation"),
        ('<?xml version="1.0" encoding="nothing"?><annotation/>', "damaged annotation"),
        (annotation("a.jpg", thing("x", 30, 1, 2, 2)), "wrong box"),
        (annotation("a.jpg", thing("x", "nan", 1, 2, 2)), "wrong box"),
        (annotation("a.jpg", thing("x", 0, 1, 2, 2)), "outside box"),
        (annotation("a.jpg", thing("x", 1, 1, 101, 2)), "outside box"),
        (annotation("a.jpg", thing("x", 3, 1, 2, 2)), "empty box"),
        (annotation("a.jpg", thing("x", 1, 1, 2, 2), thing("x", 1, 1, 2, 2)), "doubled box"),
    ],
)
def test_what_is_wrong_is_reported_and_harms_nothing_else(tmp_path, text, kind):
    with pytest.warns(UserWarning, match=f": 1 {kind}"):
        source = VocSource(make(tmp_path, {**SET, "a": text}))
    (finding,) = source.problems
    assert finding.kind == kind
    assert finding.path == str(tmp_path / "Annotations" / "a.xml")
    assert finding.index == (None if kind == "damaged annotation" else 4)
    assert len(source) == 4 + (finding.index is not None)
    assert source[0].objects.boxes.tolist()[0] == [0, 0, 100, 80]


def test_what_has_no_partner_is_reported(tmp_path):
    make(tmp_path, splits={"train": "2007_01\nnone\n"})
    (tmp_path / "JPEGImages" / "2007_02.jpg").unlink()
    (tmp_path / "JPEGImages" / "alone.jpg").write_bytes(b"x")
    with pytest.warns(UserWarning, match="1 missing image, 1 no annotation"):
        source = VocSource(tmp_path)
    assert len(source) == 3
    assert {os.path.basename(finding.path) for finding in source.problems} == {"2007_02.xml", "alone.jpg"}
    with pytest.warns(UserWarning, match=r"none\.xml: the sample is left out: No such file"):
        assert len(VocSource(tmp_path, "train")) == 1


def test_a_size_that_is_not_given_is_not_checked(tmp_path):
    assert VocSource(make(tmp_path, {"a": annotation("a.jpg", thing("x", 1, 1, 500, 2), size="")})).problems == []


def test_the_size_that_is_stated_is_handed_on(tmp_path):
    source = VocSource(make(tmp_path, {"a": [], "b": annotation("b.jpg", size="")}))
    assert source[0].extra["size"] == (100, 80)
    assert "size" not in source[1].extra


def test_the_index_is_saved_until_an_annotation_or_a_mask_changes(tmp_path, cache):
    make(tmp_path)
    VocSource(tmp_path)
    (saved,) = (cache / "index").iterdir()
    before = saved.stat().st_mtime_ns
    assert VocSource(tmp_path)[0].mask is None
    assert saved.stat().st_mtime_ns == before
    (tmp_path / "SegmentationClass" / "2007_01.png").write_bytes(b"mask")
    assert VocSource(tmp_path)[0].mask == b"mask"
    (tmp_path / "Annotations" / "2007_01.xml").write_text(annotation("2007_01.jpg"))
    assert len(VocSource(tmp_path)[0].objects) == 0


def test_the_pickle_does_not_grow_with_the_images(tmp_path):
    source = VocSource(make(tmp_path, {f"{n:03}": [thing("x", 1, 1, n + 2, 9)] for n in range(90)}))
    assert len(pickle.dumps(source)) < 1000


def test_what_is_no_voc_folder(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        VocSource(tmp_path / "none")
    with pytest.raises(DataError, match="no annotation in"):
        VocSource(tmp_path)
    (tmp_path / "a.xml").write_text("<annotation/>")
    with pytest.raises(DataError, match="no annotated image"):
        VocSource(tmp_path)


def test_a_missing_image_is_named_when_it_is_read(tmp_path):
    source = VocSource(make(tmp_path))
    (tmp_path / "JPEGImages" / "2007_02.jpg").unlink()
    with pytest.raises(DecodeError, match=r"2007_02\.jpg \(index 1\)") as raised:
        source[1]
    assert raised.value.kind == "unreadable"
