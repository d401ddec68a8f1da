"""sources/warn.py."""

import os
import warnings

from feedline.sources import FolderSource
from feedline.sources.paired import PairedSource


def test_a_warning_points_to_the_line_outside_feedline(tmp_path):
    for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg", "c/x/1.jpg", "c/2.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FolderSource(tmp_path / "c")
        PairedSource.folders(tmp_path / "a", tmp_path / "b", missing="skip")
    assert [os.path.basename(warning.filename) for warning in caught] == [os.path.basename(__file__)] * 2
