"""What commands share: options, files that they name, progress, where a result goes, and what ends the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.program import USAGE, Mistake

if TYPE_CHECKING:
    from analyzer.result import Result
    from analyzer.rulepack import RulePack

Command = Callable[..., Any]


@dataclass(frozen=True)
class Asked:
    """What the options of a judging command ask for: by what is judged, where the result goes, how much is shown."""

    terms: Mapping[str, Any]
    out: Path | None
    as_csv: bool
    as_json: bool
    quiet: bool
    verbose: bool


FILE = click.Path(dir_okay=False)
CAPTURES = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
RULES = click.option(
    "--rules",
    "own",
    type=FILE,
    multiple=True,
    help="A rule pack (YAML) or MUD file (JSON) of your own.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
KEYLOG = click.option("--keylog", type=FILE, default="", help="Key log, to read TLS 1.3 certificates with tshark.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="Print the verdict and the findings' titles only.")


def _with(command: Command, options: Iterable[Command]) -> Command:
    """A command with options, the first on top."""
    for option in reversed([*options]):
        command = option(command)
    return command


def terms_options(command: Command) -> Command:
    """The options that tell by what is judged."""
    return _with(
        command,
        (
            click.option(
                "-p", "--profile", "profiles", multiple=True, metavar="PACK[:VARIANT]", help="Judge by this pack."
            ),
            RULES,
            click.option("--site", "site_path", type=FILE, help="What you know of the place (YAML)."),
            click.option("--filter", default="", help="Judge only flows that this picks: host, port, net."),
            click.option("--trust", type=FILE, multiple=True, help="PEM file of roots that count as vouching."),
            click.option(
                "--baseline",
                type=click.Path(file_okay=False),
                multiple=True,
                help="Saved facts from when all was well.",
            ),
        ),
    )


def judging_options(command: Command) -> Command:
    """The options of every command that judges and shows a result."""
    command = _with(
        command,
        (
            QUIET,
            click.option("-v", "--verbose", is_flag=True, help="Leave nothing out: every rule, every flow in scope."),
        ),
    )
    return _with(
        terms_options(command),
        (
            click.option("--out", type=click.Path(file_okay=False), help="Write result.json and Parquet tables here."),
            JSON,
            click.option("--csv", "as_csv", is_flag=True, help="With --out: write the tables as CSV as well."),
        ),
    )


def terms_of(own: tuple[str, ...], site_path: str | None, **terms: Any) -> dict[str, Any]:
    """By what is judged, files read; raises what is wrong with them."""
    from analyzer import sitefile

    return {**terms, "packs": packs_of(own), "site": sitefile.load(site_path) if site_path else None}


def asked_for(own: tuple[str, ...], site_path: str | None, out: str | None, **options: Any) -> Asked:
    """The options of a judging command, files among them read; raises what is wrong with them."""
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("-q and -v exclude each other")
    if options["as_csv"] and not out:
        raise click.UsageError("--csv needs --out DIR")
    if out and (Path(out) / "facts.json").exists():
        raise Mistake(f"{out}: holds saved facts; a result needs a folder of its own", USAGE)
    terms = {name: options.pop(name) for name in ("profiles", "filter", "trust", "baseline")}
    return Asked(terms_of(own, site_path, **terms), Path(out) if out else None, **options)


def deliver(asked: Asked, result: Result) -> None:
    """Writes and shows a result, and ends with its exit code."""
    from analyzer import exporting
    from analyzer.exporting import jsonfile

    if asked.out is not None:
        with writing(asked.out):
            exporting.write(result, asked.out, csv=asked.as_csv)
            if result.outside is not None:
                exporting.write(result.outside, asked.out / "outside", csv=asked.as_csv)
    if asked.as_json:
        sys.stdout.write(jsonfile.text(result))
    else:
        exporting.SCREEN.show(result, sys.stdout, int(asked.verbose) - int(asked.quiet))
    click.get_current_context().exit(result.exit_code)


def packs_of(own: Iterable[str]) -> tuple[RulePack, ...]:
    """The shipped packs and the user's own, which stand in for shipped ones of the same name."""
    from analyzer import mudfile, rulepack

    packs = {pack.name: pack for pack in (*rulepack.shipped(), *(mudfile.pack_of(path) for path in own))}
    return tuple(packs.values())


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error while captures are read, where that is a terminal; else None."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from analyzer import api
    from analyzer.exporting.progress import bar

    if api.must_compile():
        say("compiling kernels for this machine: half a minute, this once")
    with bar(sys.stderr) as told:
        yield told


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turns what the system says about files that cannot be written into one line."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Mistake(f"{error.filename or target}: cannot be written: {error.strerror or error}", USAGE) from error


def say(text: str) -> None:
    """A line for a person, beside what a program may read from standard output."""
    from analyzer.printable import printable

    click.echo(printable(text), err=True)


def print_json(value: Any) -> None:
    """A value as JSON on standard output, in ASCII."""
    import json

    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=True, default=str).replace("\x7f", "\\u007f") + "\n")
