"""sources/match.py."""

import numpy as np

from feedline.sources import ArraySource, FolderSource
from feedline.sources.match import matched, relative_key


def test_the_key_of_a_file_is_its_path_in_the_folder_without_suffix(tmp_path):
    (tmp_path / "c.d" / "deep").mkdir(parents=True)
    (tmp_path / "c.d" / "deep" / "1.x.jpg").write_bytes(b"")
    assert relative_key(FolderSource(tmp_path), 0) == "c.d/deep/1.x"


def test_partners_keep_the_order_of_the_first(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((4, 2, 2), np.uint8), labels=[0, 0, 0, 1])
    a, b = ArraySource(tmp_path / "a.npz"), ArraySource(tmp_path / "a.npz")
    keys = {id(a): "pqrs", id(b): "srrq"}
    match = matched(a, b, lambda source, index: keys[id(source)][index])
    assert (match.a.tolist(), match.b.tolist()) == ([1, 2, 3], [3, 1, 0])
    assert [(found.path, found.index) for found in match.missing] == [(a.path(0), 0)]
    assert [(found.path, found.index, found.kind) for found in match.doubled] == [(b.path(2), 2, "doubled name")]
