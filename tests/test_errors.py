"""errors.py: the tree, the words, and the way through pickle."""

import copy
import pickle

import pytest

from feedline import errors
from feedline.errors import CheckpointError, DataError, DecodeError, FeedlineError, RunError, ShapeError, TransformError


@pytest.mark.parametrize("error", [DataError, DecodeError, TransformError, ShapeError, CheckpointError, RunError])
def test_all_are_feedline_errors_and_named_in_the_tree(error):
    assert issubclass(error, FeedlineError)
    assert f"── {error.__name__}" in errors.__doc__


def test_the_tree_is_complete():
    found = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    names = {"DataError", "DecodeError", "TransformError", "ShapeError", "CheckpointError", "RunError"}
    assert found == {"FeedlineError"} | names


def test_only_transform_and_shape_errors_are_value_errors_too():
    assert issubclass(TransformError, ValueError)
    assert issubclass(ShapeError, ValueError)
    assert not issubclass(DataError, ValueError)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ({}, "cannot decode: it ends early"),
        ({"path": "a/b.jpg"}, "cannot decode a/b.jpg: it ends early"),
        ({"path": "a/b.jpg", "index": 0}, "cannot decode a/b.jpg (index 0): it ends early"),
        ({"index": 7}, "cannot decode (index 7): it ends early"),
    ],
)
def test_the_message_says_place_and_cause(place, text):
    assert str(DecodeError("it ends early", "truncated", **place)) == text


def test_kind_is_corrupt_unless_told():
    assert DecodeError("x").kind == "corrupt"


@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_a_decode_error_keeps_its_fields(through):
    error = through(DecodeError("it ends early", "truncated", path="a.jpg", index=3))
    assert type(error) is DecodeError
    assert (error.cause, error.kind, error.path, error.index) == ("it ends early", "truncated", "a.jpg", 3)
    assert str(error) == "cannot decode a.jpg (index 3): it ends early"


def test_at_gives_the_place_and_leaves_the_first_error_alone():
    first = DecodeError("it ends early", "truncated")
    placed = first.at("a.jpg", 3)
    assert (placed.cause, placed.kind, placed.path, placed.index) == ("it ends early", "truncated", "a.jpg", 3)
    assert (first.path, first.index) == (None, None)
