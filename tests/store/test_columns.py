import pytest

from feedline.store import Columns


@pytest.mark.parametrize("columns", [Columns(), Columns((3, 4, 1), targets=2), Columns(mask=True, extra=True)])
def test_what_is_said_comes_back(columns):
    assert Columns.from_dict(columns.as_dict()) == columns


@pytest.mark.parametrize(
    "other",
    [
        {"shape": [1, 2]},
        {"shape": [0, 2, 3]},
        {"shape": [True, 2, 3]},
        {"shape": [2**16, 2**16, 3]},
        {"shape": 5},
        {"targets": -1},
        {"targets": 2**31},
        {"targets": True},
        {"mask": 1},
        {"stats": None},
        {"unknown": False},
    ],
    ids=str,
)
def test_what_is_of_another_form_is_an_error(other):
    with pytest.raises((ValueError, TypeError)):
        Columns.from_dict({**Columns().as_dict(), **other})
