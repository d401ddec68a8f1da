"""The command as it is installed, from its very first lines."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from feedline import __version__

COMMAND = Path(sys.executable).with_name("feedline")


def test_ctrl_c_while_it_is_still_importing_is_one_line(tmp_path):
    with subprocess.Popen(
        [COMMAND, "train"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        while f"{os.sep}torch{os.sep}" not in Path(f"/proc/{child.pid}/maps").read_text():
            assert child.poll() is None
            time.sleep(0.001)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (130, "", "error: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_it_runs():
    asked = {**os.environ, "FEEDLINE_NATIVE": "0"}
    done = subprocess.run([COMMAND, "--version"], env=asked, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"feedline {__version__} (Python twin: FEEDLINE_NATIVE=0 asks for it)\n"
