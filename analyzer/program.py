"""The group of commands: what goes wrong outside the program becomes one line on standard error and an exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

USAGE, NO_VERDICT = 2, 3
PIPE_GONE, INTERRUPTED = 141, 130
"""As a shell tells of a program that SIGPIPE or SIGINT ended: 128 and the signal's number."""


class Mistake(click.ClickException):
    """What the user is told in one line, and the exit code that goes with it."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc] # click declares it per class and documents it per error

    def show(self, file: Any = None) -> None:
        """One line on standard error, whatever the message holds."""
        from analyzer.printable import printable

        click.echo(f"analyzer: {printable(self.message)}", file=file or sys.stderr)


class Program(click.Group):
    """The group of commands: every error that has a cause outside the program is one line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; raises what click turns into exit codes."""
        from analyzer.errors import AnalyzerError, CaptureError, SourceError

        _open_closed()
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return self._run(ctx)
        except KeyboardInterrupt:
            click.echo("analyzer: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except OSError as error:
            _forget_stdout()
            if isinstance(error, BrokenPipeError):
                ctx.exit(PIPE_GONE)
            raise Mistake(f"{error.filename or 'output'}: {error.strerror}", USAGE) from error
        except (CaptureError, SourceError) as error:
            raise Mistake(str(error), NO_VERDICT) from error
        except AnalyzerError as error:
            raise Mistake(str(error), USAGE) from error

    def _run(self, ctx: click.Context) -> Any:
        """Runs the command; what it wrote has reached its reader, or the failure shows here."""
        try:
            return super().invoke(ctx)
        finally:
            sys.stdout.flush()


def _open_closed() -> None:
    """What is written to a stream that was closed before the program began goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - to the program's end


def _forget_stdout() -> None:
    """Lets the interpreter's last flush go nowhere: nobody reads it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    """Prints the version, where it is asked for, and ends."""
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            told = version("plant-capture-analyzer")
        except PackageNotFoundError:
            told = "(from a work tree, not installed)"
        click.echo(f"analyzer {told}")
        ctx.exit()
