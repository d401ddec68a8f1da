from contracts.kernel import KernelContract

from feedline import native


class TestTwin(KernelContract):
    kernel = native
