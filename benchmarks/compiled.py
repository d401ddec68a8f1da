"""Compiles the C loop of ``c_loop/main.c`` with the sources of the kernel, for this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CSRC = HERE.parent / "src/feedline/native/csrc"
FLAGS = ("-std=gnu11", "-O3", "-ffp-contract=off")
LIBRARIES = ("-ljpeg", "-lz", "-lm", "-lpthread")


def command(program: Path) -> list[str]:
    """How ``program`` is made: all of the kernel but what speaks to Python, with setup.py's options."""
    kernel = [path for path in sorted(CSRC.glob("*.c")) if not path.name.startswith(("bind_", "module."))]
    sources = map(str, [HERE / "c_loop/main.c", *kernel])
    return ["cc", *FLAGS, "-I", str(CSRC), *sources, *LIBRARIES, "-o", str(program)]


def c_loop(folder: Path) -> Path:
    """The program, in ``folder``.

    Raises:
        OSError: there is no compiler, or it fails; with the first line that says so.
    """
    program = folder / "c_loop"
    done = subprocess.run(command(program), capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines()
        raise OSError(f"cc: {errors[0] if errors else f'exit status {done.returncode}'}")
    return program
