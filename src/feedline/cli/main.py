"""The ``feedline`` command.

Exit status: 0 done; 1 the data, a file or a run is not as it must be; 2 the command is misused; 70 a fault of
feedline's own; 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from typing import Annotated, Any, NoReturn

import typer

from feedline._version import __version__
from feedline.cli.check import check
from feedline.cli.demo import app as demo
from feedline.cli.evaluate import evaluate
from feedline.cli.export import export
from feedline.cli.info import info
from feedline.cli.pack import pack
from feedline.cli.predict import predict
from feedline.cli.prepare import prepare
from feedline.cli.shapes import shapes
from feedline.cli.show import app as show
from feedline.cli.summary import summary
from feedline.cli.train import train
from feedline.cli.transforms import app as transforms
from feedline.cli.verify import verify
from feedline.errors import DecodeError, FeedlineError
from feedline.native.choice import described

DATA, MISUSE, FAULT, INTERRUPTED = 1, 2, 70, 130

_Misuse: Any = typer.BadParameter.__base__  # what every wrong use of a command is, wherever typer keeps it

app = typer.Typer(
    name="feedline",
    help="From images where they lie to a network that learns from them.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
for command in (check, pack, prepare, info, verify, export, train, evaluate, predict, summary, shapes):
    app.command(epilog="`--debug`, at any place, shows the traceback of an error.")(command)
app.add_typer(transforms)
app.add_typer(demo)
app.add_typer(show)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"feedline {__version__} ({described()})")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version, and whether the C kernel runs.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """From images where they lie to a network that learns from them."""


def main(arguments: list[str] | None = None) -> None:
    """Runs one command and ends the process with its exit status; errors are one line on standard error."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given  # at any place, behind the command too
    given = [argument for argument in given if argument != "--debug"] or ["--help"]
    warnings.showwarning = _one_line
    try:
        status = app(given, prog_name="feedline", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort) as error:
        if isinstance(error.__cause__, EOFError):
            _fail(*_in_words(error.__cause__))
        status = INTERRUPTED
    except Exception as error:
        if debug:
            traceback.print_exc()
        _fail(*_in_words(error))
    if status == INTERRUPTED:
        _fail("interrupted", INTERRUPTED)
    sys.exit(status)


def _in_words(error: Exception) -> tuple[str, int]:
    if isinstance(error, _Misuse):
        return f"{error.format_message()} (feedline --help, or feedline COMMAND --help, says what there is)", MISUSE
    if isinstance(error, FeedlineError):
        return _with_notes(error), DATA
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""), DATA
    what = f"{type(error).__name__}: {_with_notes(error)}"
    return f"{what} (a fault of feedline's own; run it again with --debug and report the traceback)", FAULT


def _with_notes(error: Exception) -> str:
    """The message and, where it does not say the place itself, what was noted on the error's way."""
    notes = [] if isinstance(error, DecodeError) else getattr(error, "__notes__", [])
    return f"{error} ({'; '.join(notes)})" if notes else str(error)


def _fail(message: str, status: int) -> NoReturn:
    typer.echo("error: " + " ".join(message.split("\n")), err=True)
    sys.exit(status)


def _one_line(message: Warning | str, *_: object, **__: object) -> None:
    typer.echo(f"warning: {message}", err=True)
