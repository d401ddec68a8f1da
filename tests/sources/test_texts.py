"""sources/texts.py."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedline.sources.texts import pack_arrow, pack_texts, text_at


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.integers(0, 3))
def test_what_was_packed_is_found(texts, skipped):
    part = texts[skipped:]
    for packed in (pack_texts(part), pack_arrow(pa.array(texts, pa.large_string())[skipped:])):
        assert [text_at(*packed, index) for index in range(len(part))] == part
        for index in (-1, len(part)):
            with pytest.raises(IndexError):
                text_at(*packed, index)


def test_names_that_are_not_unicode():
    assert text_at(*pack_texts(["a", "\udcff"]), 1) == "\udcff"
