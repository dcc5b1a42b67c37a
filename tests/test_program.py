"""What goes wrong outside the program is one line on standard error and an exit code."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from analyzer.errors import AnalyzerError, CaptureError, SourceError
from analyzer.program import INTERRUPTED, NO_VERDICT, PIPE_GONE, USAGE, Mistake, Program, version


def run(error, *arguments):
    """A program of one command that fails so."""

    @click.group(cls=Program)
    @click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version)
    def main():
        """The program."""

    @main.command()
    def fail():
        """The command."""
        if error:
            raise error

    return CliRunner().invoke(main, list(arguments or ["fail"]))


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (None, 0, ""),
        (AnalyzerError("profile x: none"), USAGE, "analyzer: profile x: none\n"),
        (SourceError("a.pcap", "no such file"), NO_VERDICT, "analyzer: a.pcap: no such file\n"),
        (CaptureError("a.pcap", 7, "cut"), NO_VERDICT, "analyzer: a.pcap: octet 7: cut\n"),
        (Mistake("\x1b[2J", 2), USAGE, "analyzer: \\x1b[2J\n"),
        (KeyboardInterrupt(), INTERRUPTED, "analyzer: interrupted\n"),
    ],
    ids=str,
)
def test_an_error_is_a_line_and_a_code(error, code, line):
    """Each kind has its exit code, and no traceback."""
    done = run(error)
    assert (done.exit_code, done.stderr) == (code, line)


def test_codes_of_a_shell_are_a_shells():
    """A program that a signal ended is 128 and its number."""
    assert (PIPE_GONE - 128, INTERRUPTED - 128) == (13, 2)


def test_the_version_is_told():
    """Name and number, or that it runs from a work tree."""
    done = run(None, "--version")
    assert done.exit_code == 0
    assert done.stdout.startswith("analyzer ")


@pytest.mark.parametrize("closed", [1, 2])
def test_a_stream_that_was_closed_changes_no_exit_code(closed):
    """As `>&-` closes it."""
    code = "from analyzer.cli import main; main(['check', 'no-such.pcap'], prog_name='analyzer')"
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {closed}>&-', sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == NO_VERDICT
    assert "Traceback" not in done.stderr
