"""The ``feedline`` command's first lines: they stand outside the package, whose import takes a second or two.

Who presses Ctrl-C in that time gets the same one line as at any other.
"""

import os
import signal
import sys
from typing import Any


def main() -> None:
    """Runs the command line."""
    before = signal.signal(signal.SIGINT, _leave)
    from feedline.cli.main import main as run

    signal.signal(signal.SIGINT, before)
    run()


def _leave(*_: Any) -> None:
    sys.stderr.write("error: interrupted\n")
    sys.stderr.flush()
    os._exit(130)
