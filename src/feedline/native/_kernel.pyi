"""The C extension; see csrc."""

class Declined(ValueError):  # noqa: N818 - no error of the caller's
    """The kernel leaves it to the twin."""

def counters() -> dict[str, int]: ...
