from contracts.kernel import KernelContract

from feedline.native import twin


class TestTwin(KernelContract):
    kernel = twin
