"""The C kernel, where this machine can build it; everything else is in pyproject.toml.

FEEDLINE_JPEG is a folder with ``include`` and ``lib`` of libjpeg-turbo, to take its static library from there.
FEEDLINE_SANITIZE=address,undefined builds the kernel with these sanitizers.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

_SOURCES = "src/feedline/native/csrc"
_PROBE = """
#include <Python.h>
#include <stdio.h>
#include <jpeglib.h>
#include <zlib.h>
int has[LIBJPEG_TURBO_VERSION_NUMBER > 0];
void probe(j_decompress_ptr jpeg, z_streamp png) { jpeg_abort_decompress(jpeg); inflateReset(png); }
"""
_HIDING = {"linux": ["-Wl,--exclude-libs,ALL"], "darwin": ["-Wl,-exported_symbol,_PyInit__kernel"]}
"""Link options that keep the names of a static libjpeg to ourselves: the process may have loaded another."""


class BuildKernel(build_ext):
    """Goes without the kernel, and says so in one line, where there is no compiler or no libjpeg-turbo."""

    def build_extension(self, ext: Extension) -> None:
        missing = self._missing(ext)
        if not missing:
            super().build_extension(ext)
        elif os.environ.get("FEEDLINE_NATIVE") == "1":
            raise SystemExit(f"feedline: FEEDLINE_NATIVE=1 asks for the C kernel, and there is {missing}")
        else:
            print(f"feedline: built without its C kernel, which is faster: there is {missing}", file=sys.stderr)

    def _missing(self, ext: Extension) -> str:
        """What a build lacks, in words, or ""."""
        for given in ext.extra_objects:
            if not Path(given).is_file():
                return f"no {given}, which FEEDLINE_JPEG asks for"
        folder = Path(self.build_temp)
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / "probe.c"
        probe.write_text(_PROBE)
        try:
            with silenced():
                made = self.compiler.compile([str(probe)], output_dir=str(folder), include_dirs=ext.include_dirs)
                made += ext.extra_objects
                self.compiler.link_shared_object(made, str(folder / "probe.so"), libraries=ext.libraries)
        except Exception:
            return (
                "no C compiler, or not all of Python.h, libjpeg-turbo and zlib with their headers "
                "(Debian: gcc, python3-dev, libjpeg62-turbo-dev, zlib1g-dev)"
            )
        return ""


@contextmanager
def silenced() -> Iterator[None]:
    """What compilers say about a probe goes nowhere: that it does not compile is an answer."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def kernel() -> Extension:
    given, sanitize = os.environ.get("FEEDLINE_JPEG"), os.environ.get("FEEDLINE_SANITIZE")
    flags = ["-std=gnu11", "-O1" if sanitize else "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra"]
    flags += [f"-fsanitize={sanitize}", "-fno-sanitize-recover=all", "-g"] if sanitize else []
    return Extension(
        "feedline.native._kernel",
        sorted(map(str, Path(_SOURCES).glob("*.c"))),
        depends=sorted(map(str, Path(_SOURCES).glob("*.h"))),
        include_dirs=[_SOURCES, *([f"{given}/include"] if given else [])],
        libraries=["z"] if given else ["jpeg", "z"],
        extra_objects=[f"{given}/lib/libjpeg.a"] if given else [],
        extra_compile_args=flags,
        extra_link_args=[*_HIDING.get(sys.platform, []), *([f"-fsanitize={sanitize}"] if sanitize else [])],
        optional=os.environ.get("FEEDLINE_NATIVE") != "1",
    )


setup(ext_modules=[kernel()], cmdclass={"build_ext": BuildKernel})
