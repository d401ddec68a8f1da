"""sources/match.py."""

import shutil
from pathlib import Path

import numpy as np

from feedline.sources import ArchiveSource, ArraySource, FolderSource
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


def write(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def test_a_top_folder_of_all_is_left_out_where_nothing_matches(tmp_path):
    """As of archives of A/ and B/, of which one has a name twice."""
    write(tmp_path, "a/A/0.png", "a/A/1.png", "a/A/0.jpg", "b/B/0.png", "b/B/1.png")
    a, b = (
        ArchiveSource(shutil.make_archive(str(tmp_path / name), "tar", tmp_path / name, name.upper())) for name in "ab"
    )
    match = matched(a, b, relative_key)
    pairs = [(a.path(one)[-7:], b.path(other)[-7:]) for one, other in zip(match.a, match.b, strict=True)]
    assert {(one[-5:], other[-5:]) for one, other in pairs} == {("0.jpg", "0.png"), ("1.png", "1.png")}
    assert (sorted(match.single), match.missing, len(match.doubled)) == ([False, True], [], 1)
    folder = FolderSource(tmp_path / "b/B", labels=False)
    assert len(matched(b, folder, relative_key).a) == 2


def test_a_top_folder_stays_where_it_makes_no_pair_or_one_is_there(tmp_path):
    a, b = (FolderSource(write(tmp_path / name, f"{name}/{number}.png")) for number, name in enumerate("ab"))
    assert [found.cause.rpartition(" ")[2] for found in matched(a, b, relative_key).missing] == ["'a/0'", "'b/1'"]
    write(tmp_path, "a/a/1.png", "b/c/0.png", "b/a/0.png")
    a, b = (FolderSource(tmp_path / name) for name in "ab")
    assert len(matched(a, b, relative_key).a) == 1


def test_names_that_differ_by_an_ending_are_told_of(tmp_path):
    a = FolderSource(write(tmp_path / "a", "0_A.png", "1-a.png", "2.png", "3A.png", "4.png", "LA.png"))
    b = FolderSource(write(tmp_path / "b", "0_B.png", "1-b.png", "2_b.png", "3B.png", "5_B.png", "LB.png"))
    causes = {Path(found.path).stem: found.cause for found in matched(a, b, relative_key).missing}
    hinted = {name for name, cause in causes.items() if "partners need equal names, so leave the endings of" in cause}
    assert hinted == {"0_A", "0_B", "1-a", "1-b", "2", "2_b", "3A", "3B"}
    assert causes["0_A"].startswith(f"nothing in {b!r} has the key '0_A', but '0_B': partners")
