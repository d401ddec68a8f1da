"""sources/webdataset.py: keys, extensions and what files beside an image say."""

import pytest

from feedline.errors import DecodeError
from feedline.sources.webdataset import LabelError, label_in, parted, read_json, read_text, split


@pytest.mark.parametrize(
    ("name", "key", "extension"),
    [
        ("0001.jpg", "0001", "jpg"),
        ("a/b/0001.JPG", "a/b/0001", "jpg"),
        ("a.b/0001.left.Seg.png", "a.b/0001", "left.seg.png"),
        ("a/README", "a/README", ""),
    ],
)
def test_key_and_extension(name, key, extension):
    assert split(name) == (key, extension)


@pytest.mark.parametrize(
    ("extension", "data", "label"),
    [
        ("cls", b"3", "3"),
        ("cls", b" tabby cat\n", "tabby cat"),
        ("cls", b"\n", None),
        ("json", b'{"label": 3}', "3"),
        ("json", b'{"label": "cat"}', "cat"),
        ("json", b'{"label": null}', None),
        ("json", b'{"class": 3}', None),
        ("json", b"[3]", None),
    ],
)
def test_the_class_that_is_said(extension, data, label):
    assert label_in(extension, data) == label


@pytest.mark.parametrize("label", ["true", "[1, 2]", "1.0", "{}", "[]"])
def test_a_label_that_is_no_class(label):
    with pytest.raises(LabelError) as caught:
        label_in("json", f'{{"label": {label}}}'.encode())
    assert str(caught.value) == label


@pytest.mark.parametrize(
    ("names", "images", "masks"),
    [
        (["1.jpg", "1.seg.png"], ["1.jpg"], {"1": ["1.seg.png"]}),
        (["1.Mask.PNG", "1.seg.npy", "a/1.jpg", "1.png"], ["a/1.jpg", "1.png"], {"1": ["1.seg.npy", "1.Mask.PNG"]}),
        (["1.seg.png", "2.seg.npy"], ["1.seg.png", "2.seg.npy"], {}),
        (["1.npy", "1.seg.npy", "2.npy", "2.jpg"], ["1.npy", "1.seg.npy", "2.jpg"], {}),
        (["1.left.jpg", "1.right.jpg", "1.x.seg.png"], ["1.left.jpg", "1.right.jpg", "1.x.seg.png"], {}),
    ],
)
def test_images_and_their_masks(names, images, masks):
    assert parted(names) == (images, masks)


def test_a_class_without_end_is_refused():
    for extension, data in [("cls", b"x" * 1001), ("json", b'{"label": "' + b"x" * 1001 + b'"}')]:
        with pytest.raises(DecodeError, match="at most 1000 letters, not 1,001"):
            label_in(extension, data)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe\xfd", b"[" * 10**6, b"1" * 10**5], ids=lambda data: data[:4])
def test_json_that_is_none(data):
    with pytest.raises(DecodeError, match=r"\.json beside it cannot be read"):
        read_json(data)


def test_text_is_utf8_as_far_as_it_can_be():
    assert read_text("caf\u00e9".encode()) == "caf\u00e9"
    assert read_text(b"a\xffb") == "a\ufffdb"
