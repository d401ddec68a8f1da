"""samplers/kept.py."""

import pickle

from feedline.samplers.kept import Kept


def test_a_value_is_made_once_for_a_key_and_anew_for_another():
    made = []

    def value(key):
        return kept.get(key, lambda: made.append(key) or len(made))

    kept = Kept()
    assert [value("a"), value("a"), value("b"), value("b"), value("a")] == [1, 1, 2, 2, 3]
    assert made == ["a", "b", "a"]


def test_none_is_a_key_and_a_value():
    kept = Kept()
    assert kept.get(None, lambda: None) is None
    assert kept.get(None, lambda: 1) is None


def test_pickling_keeps_nothing():
    kept = Kept()
    kept.get(0, lambda: "x" * 10_000)
    data = pickle.dumps(kept)
    assert len(data) < 100
    assert pickle.loads(data).get(0, lambda: "new") == "new"
