import os
import runpy
import subprocess
import sys

import numpy as np
import pytest
from contracts.kernel import FORMS, KernelContract, numbers

from feedline.native import IMPLEMENTATION, Taps, twin

if IMPLEMENTATION == "twin" and os.environ.get("FEEDLINE_NATIVE") == "0":
    pytest.skip("FEEDLINE_NATIVE=0 asks for the twin", allow_module_level=True)

from feedline.native import _kernel, kernel

NAMES = _kernel.simd_names()
ALONE = """
import sys
from importlib.util import module_from_spec, spec_from_file_location

spec = spec_from_file_location("feedline.native._kernel", sys.argv[1])
kernel = module_from_spec(spec)
spec.loader.exec_module(kernel)
print(kernel.simd())
"""


@pytest.fixture
def simd(request):
    before = _kernel.simd()
    _kernel.choose_simd(request.param)
    yield request.param
    _kernel.choose_simd(before)


@pytest.mark.usefixtures("simd")
@pytest.mark.parametrize("simd", NAMES, indirect=True)
class TestKernel(KernelContract):
    kernel = kernel


def test_plain_c_is_always_there_and_the_best_is_first():
    assert NAMES[-1] == "plain"
    assert len(set(NAMES)) == len(NAMES)
    assert _kernel.simd() in NAMES


def test_what_is_not_there_is_not_chosen():
    before = _kernel.simd()
    with pytest.raises(ValueError, match=r"no 'mmx' among this machine's SIMD: choose one of \(.*'plain'\)"):
        _kernel.choose_simd("mmx")
    assert _kernel.simd() == before


@pytest.mark.parametrize("name", NAMES)
def test_the_environment_chooses_in_a_process_that_has_the_extension_alone(name):
    found = subprocess.run(
        [sys.executable, "-S", "-c", ALONE, _kernel.__file__],
        env={**os.environ, "FEEDLINE_SIMD": name},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.stdout.strip() == name, found.stderr


@pytest.mark.usefixtures("simd")
@pytest.mark.parametrize("simd", NAMES[:1], indirect=True)
def test_the_environment_chooses_as_the_kernel_is_imported(monkeypatch):
    for name in NAMES:
        monkeypatch.setenv("FEEDLINE_SIMD", name)
        runpy.run_path(kernel.__file__)
        assert _kernel.simd() == name
    monkeypatch.setenv("FEEDLINE_SIMD", "mmx")
    with pytest.raises(ValueError, match="FEEDLINE_SIMD or choose_simd: there is no 'mmx'"):
        runpy.run_path(kernel.__file__)


@pytest.mark.parametrize("name", NAMES)
def test_taps_that_meet_or_lie_apart_give_what_the_twin_gives(name):
    image = numbers(9, 12, 3, "uint8")
    rows = Taps(np.array([[2, 1, 0, 1, 2], [8, 7, 8, 7, 8], [3, 3, 3, 3, 3]]), _weights(3, 5))
    apart = Taps(np.array([[0, 11], [11, 0], [5, 6], [7, 7]]), _weights(4, 2))
    near = Taps(np.array([[4, 5, 6], [6, 5, 4], [11, 11, 11]]), _weights(3, 3))
    before = _kernel.simd()
    _kernel.choose_simd(name)
    for columns in (apart, near):
        np.testing.assert_array_equal(kernel.scale(image, rows, columns), twin.scale(image, rows, columns))
    _kernel.choose_simd(before)


@pytest.mark.parametrize("form", FORMS)
def test_grids_that_are_none_are_left_to_the_twin(form):
    for grid in ((4, float("nan"), 1.0, 1.0), (4, 0.0, float("inf"), 1.0), (4, 0.0, 1.0, 0.5), (0, 0.0, 1.0, 1.0)):
        with pytest.raises(_kernel.Declined, match="no grid of pixels"):
            _kernel.taps(*grid, 10, FORMS.index(form))


@pytest.mark.parametrize(
    ("image", "out", "message"),
    [
        (np.zeros((3, 3, 3), np.int8), np.zeros((2, 2, 3), np.uint8), "C-contiguous array of uint8"),
        (np.zeros((3, 3, 5), np.uint8), np.zeros((2, 2, 5), np.uint8), "C-contiguous array of uint8"),
        (np.zeros((3, 0, 3), np.uint8), np.zeros((2, 2, 3), np.uint8), "C-contiguous array of uint8"),
        (np.zeros((3, 3, 3), np.uint8), np.zeros((2, 3, 3), np.uint8), "not of the grids' size"),
        (np.zeros((3, 3, 3), np.uint8), np.zeros((2, 2, 1), np.uint8), "not of the grids' size"),
        (np.zeros((3, 3), np.uint8), np.zeros((2, 2, 1), np.uint8), "C-contiguous array of uint8"),
    ],
)
def test_arrays_of_another_kind_are_refused(image, out, message):
    with pytest.raises(ValueError, match=message):
        _kernel.regrid(image, (2, 0.0, 1.5, 1.5), (2, 0.0, 1.5, 1.5), 1, out)


def test_weights_that_reach_beyond_the_image_are_refused():
    image, out = np.zeros((4, 4, 1), np.uint8), np.zeros((1, 1, 1), np.uint8)
    good = np.zeros(1, np.int32), np.array([[1 << 14, 0]], np.int16)
    _kernel.scale(image, *good, *good, out)
    for first, weight in (
        (np.array([3], np.int32), np.array([[1 << 13, 1 << 13]], np.int16)),
        (np.array([-1], np.int32), np.array([[0, 1 << 14]], np.int16)),
        (np.array([0], np.int32), np.array([[1 << 14]], np.int16)),
        (np.array([0], np.int32), np.full((1, 200), 32767, np.int16)),
        (np.zeros(0, np.int32), np.zeros((0, 2), np.int16)),
    ):
        for taps in ((first, weight, *good), (*good, first, weight)):
            with pytest.raises(ValueError, match="an even number of 16-bit weights"):
                _kernel.scale(image, *taps, out)


def _weights(count, taps):
    weight = np.full((count, taps), (1 << 14) // taps, np.int16)
    weight[:, 0] += (1 << 14) - weight.sum(1, dtype=np.int16)
    return weight
