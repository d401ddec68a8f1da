"""What the three feed benchmarks share: peers in turn, each in a process of its own, and one table at the end.

A measurement is one process that starts, warms up, is measured and ends; no other peer's workers live meanwhile. Before
the first round every peer runs once, briefly: what it converts is converted, and the files are in the page cache. A
peer that cannot run is listed with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from corpus import DEFAULT

HERE = Path(__file__).parent
LIMIT = 900
Told = dict[str, Any]


class NotRunError(Exception):
    """Why a peer gave no figure."""


@dataclass
class Row:
    """One line of the table: what runs, and what came out, a rate a round."""

    title: str
    command: list[str]
    base: str
    wish: Told | None = None
    rates: list[float] = field(default_factory=list)
    told: Told = field(default_factory=dict)
    reason: str | None = None

    def measure(self, **less: int) -> Told:
        """The figures of one process.

        Raises:
            NotRunError: it failed, ran out of time or left a process behind.
        """
        wish = [] if self.wish is None else [json.dumps({**self.wish, **less})]
        lines = _output([*self.command, *wish]).splitlines()
        last = lines[-1] if lines else ""
        try:
            return _figures(last)
        except (ValueError, TypeError) as error:
            raise NotRunError(f"no figures: {last[:100]!r}") from error


def _figures(line: str) -> Told:
    """What a last line says: ``images_per_second=NUMBER``, or JSON with that key.

    Raises:
        ValueError, TypeError: it says something else.
    """
    name, equals, number = line.partition("=")
    told = {name: number} if equals and name == "images_per_second" else dict(json.loads(line))
    rate = float(told.get("images_per_second", "nan"))
    if not 0 < rate < float("inf"):
        raise ValueError(line)
    return {**told, "images_per_second": rate}


def _output(command: Sequence[str]) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )
    except OSError as error:
        raise NotRunError(f"not run: {error}"[:160]) from error
    try:
        out, errors = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired as error:
        raise NotRunError(f"not done within {LIMIT} s") from error
    finally:
        left = _end(process.pid)
        process.wait()
    if process.returncode:
        raise NotRunError(_cause(errors, process.returncode))
    if left:
        print("  it left processes behind, which were ended", file=sys.stderr)
    return out.strip()


def _end(group: int) -> bool:
    """Ends what is left of the process group, which is the measured process and what it started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _cause(errors: str, status: int) -> str:
    lines = [line.strip() for line in errors.splitlines() if "Error" in line and not line.startswith(" ")]
    cause = lines[-1] if lines else f"exit status {status}"
    missing = "not installed: " if cause.startswith(("ModuleNotFoundError", "ImportError")) else "not run: "
    return (missing + cause)[:160]


def row_of(title: str, peer: str, base: str, wish: Told, pythons: Mapping[str, str], variant: str = "") -> Row:
    command = [pythons.get(peer, sys.executable), str(HERE / "one.py"), peer]
    return Row(title, command, base, {**wish, "variant": variant})


def with_variants(rows: Iterable[Row]) -> list[Row]:
    """Each row once for every variant of its peer; one row where the peer cannot be imported here."""
    all_of_them = []
    for row in rows:
        try:
            variants = list(import_module(f"peers.{row.command[-1]}").VARIANTS) if row.wish is not None else []
        except (ImportError, RuntimeError):
            variants = []
        several = [
            Row(f"{row.title}, {name}", row.command, row.base, {**row.wish, "variant": name}) for name in variants
        ]
        all_of_them += several or [row]
    return all_of_them


def run(rows: Sequence[Row], rounds: int) -> None:
    """Fills the rows: a brief pass of each, then the rounds, in which all take turns."""
    for number in range(rounds + 1):
        for row in rows:
            if row.reason is None:
                _once(row, number)


def _once(row: Row, number: int) -> None:
    try:
        told = row.measure() if number else row.measure(warm=1, batches=2)
    except NotRunError as reason:
        row.reason = str(reason)
        print(f"{row.title}: {reason}", file=sys.stderr)
        return
    row.told = told
    if number:
        row.rates.append(told["images_per_second"])
        print(f"round {number}: {row.title:<44} {row.rates[-1]:>10,.0f} images/s", file=sys.stderr, flush=True)


def table(rows: Sequence[Row]) -> str:
    lines = [f"{'':<46} {'images/s':>10} {'lowest - highest':>20} {'feedline / it':>14}   versions, shape, type, mean"]
    bases = {row.title: row.rates for row in rows}
    for row in rows:
        if not row.rates:
            lines.append(f"{row.title:<46} {row.reason or 'no rounds'}")
            continue
        ratios = [ours / theirs for ours, theirs in zip(bases.get(row.base, []), row.rates, strict=False)]
        ratio = f"{statistics.median(ratios):.2f}" if ratios else "-"
        spread = f"{min(row.rates):,.0f} - {max(row.rates):,.0f}"
        lines.append(
            f"{row.title:<46} {statistics.median(row.rates):>10,.0f} {spread:>20} {ratio:>14}   {_facts(row.told)}"
        )
    return "\n".join(lines)


def _facts(told: Told) -> str:
    if "shape" not in told:
        return ""
    versions = " ".join(f"{name} {number}" for name, number in told["versions"].items())
    shape = "x".join(map(str, told["shape"]))
    converts = f"; files converted: {told['converts']}" if told["converts"] else ""
    return f"{versions}; {told['variant']}; {shape} {told['dtype']} {told['mean']}{converts}"


def heading(what: str, rounds: int) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{platform.machine()}, {cores} cores, {_processor()}, Python {platform.python_version()}"
    return (
        f"{what}\n{machine}; medians of {rounds}, in turn; page cache warm; feedline / it: above 1 feedline is faster"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def options(what: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=DEFAULT, help="the folder that corpus.py made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", help="only these files of peers/")
    parser.add_argument("--variants", action="store_true", help="every configuration of each peer")
    parser.add_argument("--python", nargs="*", default=[], metavar="PEER=PATH", help="another interpreter for a peer")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes all figures there")
    parser.add_argument("--images", type=int, help="measures fewer, for a quick run")
    return parser


def finish(asked: argparse.Namespace, what: str, rows: list[Row]) -> None:
    """Measures the peers that were asked for and what is none, prints the table and writes the JSON."""
    peers = set(asked.peers or [])
    chosen = [row for row in rows if not peers or row.wish is None or {row.command[-1], row.title} & peers]
    chosen = with_variants(chosen) if asked.variants else chosen
    run(chosen, asked.rounds)
    print(heading(what, asked.rounds))
    print(table(chosen))
    if asked.json:
        told = [{"title": row.title, "rates": row.rates, "reason": row.reason, **row.told} for row in chosen]
        asked.json.write_text(json.dumps({"heading": heading(what, asked.rounds), "rows": told}, indent=1))


def pythons(asked: argparse.Namespace) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in asked.python)
