import pytest
from contracts.kernel import KernelContract

from feedline.native.choice import extension

if extension is None:
    pytest.skip("the C kernel was not built", allow_module_level=True)

from feedline.native import kernel


class TestKernel(KernelContract):
    kernel = kernel
