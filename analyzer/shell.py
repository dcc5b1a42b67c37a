"""What commands share: options, files that they name, progress, where a result goes, and what ends the program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.program import USAGE, Mistake

if TYPE_CHECKING:
    from analyzer.differing import Difference
    from analyzer.earlier import Judged
    from analyzer.exporting.foreign import Format
    from analyzer.result import Result
    from analyzer.rulepack import RulePack

Command = Callable[..., Any]


@dataclass(frozen=True)
class Asked:
    """What the options of a judging command ask for: by what is judged, where the result goes, how much is shown."""

    terms: Mapping[str, Any]
    out: Path | None
    formats: tuple[Format, ...]
    as_csv: bool
    as_json: bool
    quiet: bool
    verbose: bool
    earlier: Judged | None = None


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
            click.option("--out", type=click.Path(file_okay=False), help="Write report, result.json and tables here."),
            JSON,
            click.option("--csv", "as_csv", is_flag=True, help="With --out: write the tables as CSV as well."),
            click.option(
                "--diff",
                "old",
                type=click.Path(file_okay=False),
                help="Tell what changed since this result: the folder of an earlier --out.",
            ),
            click.option(
                "--export",
                "exports",
                multiple=True,
                metavar="FORMAT,...",
                help="With --out: write for other tools as well, "
                "zeek and zeek-json (Zeek's conn.log, dns.log and ssl.log), ecs (JSON lines for "
                "Elasticsearch), junit (a gate in a pipeline), colours (coloring rules for Wireshark).",
            ),
        ),
    )


def terms_of(own: tuple[str, ...], site_path: str | None, **terms: Any) -> dict[str, Any]:
    """By what is judged, files read; raises what is wrong with them."""
    from analyzer import sitefile

    return {**terms, "packs": packs_of(own), "site": sitefile.load(site_path) if site_path else None}


def asked_for(own: tuple[str, ...], site_path: str | None, out: str | None, **options: Any) -> Asked:
    """The options of a judging command, files among them read; raises what is wrong with them."""
    formats = _formats(options.pop("exports"), out)
    earlier = _earlier(options.pop("old"))
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("-q and -v exclude each other")
    if options["as_csv"] and not out:
        raise click.UsageError("--csv needs --out DIR")
    if out and (Path(out) / "facts.json").exists():
        raise Mistake(f"{out}: holds saved facts; a result needs a folder of its own", USAGE)
    terms = {name: options.pop(name) for name in ("profiles", "filter", "trust", "baseline")}
    return Asked(terms_of(own, site_path, **terms), Path(out) if out else None, formats, earlier=earlier, **options)


def _formats(names: tuple[str, ...], out: str | None) -> tuple[Format, ...]:
    """The formats that --export names; raises what is wrong with them."""
    if not names:
        return ()
    if not out:
        raise click.UsageError("--export needs --out DIR")
    from analyzer.exporting import foreign

    return foreign.chosen(names)


def _earlier(folder: str | None) -> Judged | None:
    """The result that --diff names; raises AnalyzerError."""
    if not folder:
        return None
    from analyzer import api

    return api.load_result(folder)


def since(asked: Asked, result: Result) -> Difference | None:
    """What changed since the result that --diff names, where it does."""
    from analyzer import api

    return None if asked.earlier is None else api.difference(result, asked.earlier)


def write_files(asked: Asked, result: Result, folder: Path) -> tuple[str, ...]:
    """Writes the files of a result that are asked for into a folder; returns what their formats cannot hold."""
    from analyzer import exporting
    from analyzer.exporting import foreign

    exporting.write(result, folder, csv=asked.as_csv)
    return foreign.export(result, folder, asked.formats)


def write(asked: Asked, result: Result, changed: Difference | None) -> None:
    """Writes the files of a result that are asked for, those of the other tap into a folder of their own."""
    from analyzer.exporting import changes

    if asked.out is None:
        return
    with writing(asked.out):
        for folder, one in ((asked.out, result), (asked.out / "outside", result.outside)):
            if one is None:
                continue
            for note in write_files(asked, one, folder):
                if not asked.quiet:
                    say(f"{folder}: {note}")
        if changed is not None:
            changes.write(changed, asked.out)
        else:  # what an earlier run wrote is not true of this result
            (asked.out / changes.NAMES[0]).unlink(missing_ok=True)


def show(asked: Asked, result: Result, changed: Difference | None, screen: Callable[[int], None]) -> None:
    """Shows a result, as JSON or by `screen`, which is told how much is asked for; and what changed."""
    from analyzer import differing
    from analyzer.exporting import changes, jsonfile

    if asked.as_json:
        beside = {} if changed is None else {"difference": differing.facts(changed)}
        sys.stdout.write(jsonfile.text(result, **beside))
        return
    detail = int(asked.verbose) - int(asked.quiet)
    screen(detail)
    if changed is not None:
        changes.show(changed, sys.stdout, detail)


def deliver(asked: Asked, result: Result) -> None:
    """Writes and shows a result, and ends with its exit code."""
    from analyzer import exporting

    changed = since(asked, result)
    write(asked, result, changed)
    show(asked, result, changed, lambda detail: exporting.SCREEN.show(result, sys.stdout, detail))
    click.get_current_context().exit(result.exit_code)


def packs_of(own: Iterable[str]) -> tuple[RulePack, ...]:
    """The shipped packs and the user's own, which stand in for shipped ones of the same name."""
    from analyzer import mudfile, rulepack

    packs = {pack.name: pack for pack in (*rulepack.shipped(), *(mudfile.pack_of(path) for path in own))}
    return tuple(packs.values())


def compiling() -> bool:
    """Whether kernels have yet to be compiled, which is said, since it takes its time."""
    from analyzer import api

    if not api.must_compile():
        return False
    say("compiling kernels for this machine: half a minute, this once")
    return True


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error while captures are read, where that is a terminal; else None."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from analyzer.exporting.progress import bar

    compiling()
    with bar(sys.stderr) as told:
        yield told


def lock(folder: Path | None) -> None:
    """Let no other program write to a folder until the command is over; one that was made for nothing goes again.

    Raises AnalyzerError where one does; Mistake where the folder cannot be made.
    """
    if folder is None:
        return
    from analyzer.locking import FolderLock

    context, new = click.get_current_context(), not folder.exists()
    with writing(folder):
        context.call_on_close(FolderLock(folder).close)
    if new:
        context.call_on_close(partial(_without_nothing, folder))


def _without_nothing(folder: Path) -> None:
    """Remove a folder that is empty."""
    with suppress(OSError):
        folder.rmdir()


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turns what the system says about files that cannot be written into one line."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        from analyzer.errors import reason

        raise Mistake(f"{error.filename or target}: cannot be written: {reason(error)}", USAGE) from error


def say(text: str) -> None:
    """A line for a person, beside what a program may read from standard output."""
    from analyzer.printable import printable

    click.echo(printable(text), err=True)


def print_json(value: Any) -> None:
    """A value as JSON on standard output, in ASCII."""
    import json

    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=True, default=str).replace("\x7f", "\\u007f") + "\n")
