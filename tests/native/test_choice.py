"""What FEEDLINE_NATIVE asks for; the module is run anew for each of its values."""

import runpy

import pytest

from feedline.native import IMPLEMENTATION, choice


def chosen(monkeypatch, asked):
    monkeypatch.setenv("FEEDLINE_NATIVE", asked)
    return runpy.run_path(choice.__file__)


@pytest.mark.parametrize("asked", ["2", "yes", " ", "twin"])
def test_other_values_are_refused(monkeypatch, asked):
    with pytest.raises(ValueError, match=rf"must be 0 \(.*\), 1 \(.*\) or empty, not '{asked}'"):
        chosen(monkeypatch, asked)


def test_0_is_the_twin(monkeypatch):
    made = chosen(monkeypatch, "0")
    assert (made["extension"], made["IMPLEMENTATION"]) == (None, "twin")
    assert made["described"]() == "Python twin: FEEDLINE_NATIVE=0 asks for it"


@pytest.mark.skipif(IMPLEMENTATION == "twin", reason="no kernel here")
@pytest.mark.parametrize("asked", ["1", ""])
def test_1_or_nothing_is_the_kernel(monkeypatch, asked):
    made = chosen(monkeypatch, asked)
    assert (made["extension"], made["IMPLEMENTATION"]) == (choice.extension, "kernel")
    assert made["described"]() == f"C kernel, {choice.extension.simd()}"
