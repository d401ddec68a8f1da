"""sources/json_lists.py against the json of the standard library."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedline.errors import DataError
from feedline.sources.json_lists import each_element

TEXTS = st.text(max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(VALUES, max_size=6),
    st.dictionaries(TEXTS, VALUES, max_size=6),
    st.sampled_from([None, 0, 3]),
    st.booleans(),
)
def test_elements_and_names_are_those_of_json(tmp_path, wanted, others, indent, ascii_only):
    content = {**others, "wanted": wanted}
    (tmp_path / "a.json").write_text(
        json.dumps(content, indent=indent, ensure_ascii=ascii_only), encoding="utf-8", newline=""
    )
    found = []
    assert each_element(str(tmp_path / "a.json"), {"wanted": found.append}) == list(content)
    assert found == wanted


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"a"', '{"a":', '{"a": [1', '{"a": [1 2]}', '{"a": 1 "b": 2}', '{"a": []} x', '{"a": null}', "{a: 1}"],
)
def test_what_is_damaged(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match="cannot read"):
        each_element(str(tmp_path / "a.json"), {"a": lambda element: None})
