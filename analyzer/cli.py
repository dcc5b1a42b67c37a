"""The command line: arguments in, exit code out; what it does, a notebook could do as well.

Exit codes: 0 no requirement fails; 1 at least one fails; 2 usage, a bad rule pack or site file; 3 no verdict could be
had. Everything but click is imported within the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from analyzer.observations import Observations
    from analyzer.result import Result
    from analyzer.rulepack import RulePack
    from analyzer.sitefile import Site

USAGE, NO_VERDICT = 2, 3
PIPE_GONE, INTERRUPTED = 141, 130
"""As a shell tells of a program that SIGPIPE or SIGINT ended: 128 and the signal's number."""

Command = Callable[..., Any]


@dataclass(frozen=True)
class Asked:
    """What the options of a judging command ask for, read and found sound before a capture is opened."""

    packs: tuple[RulePack, ...]
    site: Site | None
    profiles: tuple[str, ...]
    expression: str
    trust: tuple[str, ...]
    out: Path | None
    as_csv: bool
    as_json: bool
    detail: int

    def judge(self, facts: Observations) -> Result:
        """The result of judging facts as asked."""
        from analyzer import api

        return api.judge(
            facts,
            packs=self.packs,
            site=self.site,
            profiles=self.profiles,
            filter=self.expression,
            trust=self.trust,
        )


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

        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _forget_stdout()
            ctx.exit(PIPE_GONE)
        except KeyboardInterrupt:
            click.echo("analyzer: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (CaptureError, SourceError) as error:
            raise Mistake(str(error), NO_VERDICT) from error
        except AnalyzerError as error:
            raise Mistake(str(error), USAGE) from error
        return done


def _forget_stdout() -> None:
    """Lets the interpreter's last flush go nowhere: nobody reads it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"analyzer {version('plant-capture-analyzer')}")
        ctx.exit()


HELP = """Check packet captures against the network requirements of plant-floor vendors.

\b
analyzer check customer.pcapng                which row holds, which fails, who breaks it
analyzer site customer.pcapng > plant.yaml    a draft of what is known of the place
analyzer check customer.pcapng --site plant.yaml

Exit codes: 0 no requirement fails, 1 at least one fails, 2 usage or a bad rule pack or site file, 3 no verdict could
be had.
"""


@click.group(cls=Program, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def main() -> None:
    """The program."""


FILE = click.Path(dir_okay=False)
CAPTURES = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
RULES = click.option(
    "--rules", "own", type=FILE, multiple=True, help="A rule pack of your own, beside the shipped ones."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="Print the verdict and the findings' titles only.")


def judging_options(command: Command) -> Command:
    """The options of every command that judges."""
    options = (
        click.option("--out", type=click.Path(file_okay=False), help="Write result.json and Parquet tables here."),
        JSON,
        click.option("--csv", "as_csv", is_flag=True, help="With --out: write the tables as CSV as well."),
        click.option(
            "-p", "--profile", "profiles", multiple=True, metavar="PACK[:VARIANT]", help="Judge by this pack."
        ),
        RULES,
        click.option("--site", "site_path", type=FILE, help="What you know of the place (YAML)."),
        click.option("--filter", "expression", default="", help="Judge only flows that this picks: host, port, net."),
        click.option("--trust", type=FILE, multiple=True, help="PEM file of roots that count as vouching."),
        QUIET,
        click.option("-v", "--verbose", is_flag=True, help="Leave nothing out: every rule, every flow in scope."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@CAPTURES
@judging_options
def check(captures: tuple[str, ...], quiet: bool, **options: Any) -> None:
    """Tell for every documented requirement whether it holds, fails, or is not to be seen.

    CAPTURE is a pcap or pcapng file, plain or in gzip, zstd or lz4, a folder of them, or - for standard input; several
    are taken as one.
    """
    asked = _asked(quiet=quiet, **options)
    _deliver(asked, asked.judge(_observe(captures, quiet=quiet)))


@main.command()
@CAPTURES
@click.option("-o", "--out", "folder", required=True, type=click.Path(file_okay=False), help="Write the facts here.")
@QUIET
def observe(captures: tuple[str, ...], folder: str, quiet: bool) -> None:
    """Save the facts of captures, to be judged without them."""
    from analyzer import factsfile

    target = Path(folder)
    if (target / "result.json").exists():
        raise Mistake(f"{folder}: holds the files of a result; facts need a folder of their own", USAGE)
    facts = _observe(captures, quiet=quiet)
    with _writing(target):
        factsfile.save(facts, target)
    if not quiet:
        flows = facts.flows.proto.size
        _say(f"{folder}: {flows} flows of {sum(c.packets for c in facts.captures)} packets; analyzer judge {folder}")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@judging_options
def judge(folder: str, quiet: bool, **options: Any) -> None:
    """Judge saved facts: what `check` does, without the captures."""
    from analyzer import factsfile

    asked = _asked(quiet=quiet, **options)
    _deliver(asked, asked.judge(factsfile.load(Path(folder))))


@main.command()
@CAPTURES
@RULES
@click.option("-o", "--out", "target", type=click.Path(dir_okay=False), help="Write the site file here.")
@JSON
@QUIET
def site(captures: tuple[str, ...], own: tuple[str, ...], target: str | None, as_json: bool, quiet: bool) -> None:
    """Draft a site file: who seems to be Edge, machine, NEXUS, resolver, proxy, and why."""
    import dataclasses

    from analyzer import api, sitefile

    packs = _packs(own)
    draft = api.draft_site(_observe(captures, quiet=quiet), packs=packs)
    if as_json:
        _print_json(dataclasses.asdict(draft.site))
        return
    if target is None:
        sitefile.write(draft.site, sys.stdout, draft.reasons, draft.notes)
        return
    with _writing(Path(target)), Path(target).open("w", encoding="utf-8") as file:
        sitefile.write(draft.site, file, draft.reasons, draft.notes)
    if not quiet:
        _say(f"{target}: {len(draft.site.hosts)} hosts; correct it, then: analyzer check CAPTURE --site {target}")


@main.group()
def rules() -> None:
    """The rule packs: what the vendors' documents require."""


@rules.command("list")
@RULES
@JSON
def list_rules(own: tuple[str, ...], as_json: bool) -> None:
    """List every rule of every pack."""
    from analyzer.exporting import rulebook

    packs = _packs(own)
    if as_json:
        _print_json([rulebook.facts(pack, rule) for pack in packs for rule in pack.rules])
    else:
        rulebook.listed(packs, sys.stdout)


@rules.command("show")
@click.argument("name", metavar="ID|PACK")
@RULES
@JSON
def show_rules(name: str, own: tuple[str, ...], as_json: bool) -> None:
    """Show a rule, or all rules of a pack, with the quoted rows."""
    from analyzer.exporting import rulebook

    packs = _packs(own)
    found = [(pack, rule) for pack in packs for rule in pack.rules if name in (rule.id, pack.name)]
    if not found:
        known = ", ".join(pack.name for pack in packs)
        raise Mistake(f"{name}: no rule and no pack is called so (packs: {known}; analyzer rules list)", USAGE)
    if as_json:
        _print_json([rulebook.facts(pack, rule) for pack, rule in found])
    else:
        rulebook.shown(found, sys.stdout)


@rules.command("lint")
@RULES
@JSON
def lint_rules(own: tuple[str, ...], as_json: bool) -> None:
    """Tell what is odd about the packs, and where the documents contradict themselves."""
    import dataclasses

    from analyzer import rulelint
    from analyzer.exporting import rulebook

    remarks = [(pack, remark) for pack in _packs(own) for remark in rulelint.lint(pack)]
    if as_json:
        _print_json([{"pack": pack.name, **dataclasses.asdict(remark)} for pack, remark in remarks])
    else:
        rulebook.remarked(remarks, sys.stdout)


@main.command()
@click.argument("code")
@JSON
def explain(code: str, as_json: bool) -> None:
    """Explain a finding's CODE: what was seen, what looks like it, what to change."""
    import dataclasses

    from analyzer.exporting.page import Page, words
    from analyzer.judging import codes

    meaning = codes.CODES.get(code)
    if meaning is None:
        raise Mistake(f"{code}: no finding has this code (known: {', '.join(sorted(codes.CODES))})", USAGE)
    title = meaning.title.format(host="a host", whom="another")
    if as_json:
        _print_json({"code": code, **dataclasses.asdict(meaning), "title": title})
        return
    told = [("means", meaning.meaning), *(("or else", rival) for rival in meaning.rivals)]
    told += [("blind", meaning.blind), ("change", meaning.remedy)]
    Page(sys.stdout).sheet(words(code, "bold").append("  ").append_text(words(title)), told)


def _asked(quiet: bool, **options: Any) -> Asked:
    """The options of a judging command; raises what is wrong with them before anything else is read."""
    from analyzer import sitefile
    from analyzer.judging import filtering

    if quiet and options["verbose"]:
        raise click.UsageError("-q and -v exclude each other")
    if options["as_csv"] and not options["out"]:
        raise click.UsageError("--csv needs --out DIR")
    out = Path(options["out"]) if options["out"] else None
    if out is not None and (out / "facts.json").exists():
        raise Mistake(f"{out}: holds saved facts; a result needs a folder of its own", USAGE)
    packs = _packs(options["own"])
    for profile in options["profiles"]:
        _known(profile, packs)
    if options["expression"]:
        filtering.parse(options["expression"])
    for path in options["trust"]:
        _roots(path)
    return Asked(
        packs=packs,
        site=sitefile.load(options["site_path"]) if options["site_path"] else None,
        profiles=options["profiles"],
        expression=options["expression"],
        trust=options["trust"],
        out=out,
        as_csv=options["as_csv"],
        as_json=options["as_json"],
        detail=-1 if quiet else 1 if options["verbose"] else 0,
    )


def _deliver(asked: Asked, result: Result) -> None:
    """Writes and shows a result, and ends with its exit code."""
    from analyzer import exporting
    from analyzer.exporting import jsonfile

    if asked.out is not None:
        with _writing(asked.out):
            exporting.write(result, asked.out, csv=asked.as_csv)
    if asked.as_json:
        sys.stdout.write(jsonfile.text(result))
    else:
        exporting.SCREEN.show(result, sys.stdout, asked.detail)
    click.get_current_context().exit(result.exit_code)


def _packs(own: Iterable[str]) -> tuple[RulePack, ...]:
    """The shipped packs and the user's own, which stand in for shipped ones of the same name."""
    from analyzer import rulepack

    packs = {pack.name: pack for pack in (*rulepack.shipped(), *(rulepack.load(path) for path in own))}
    return tuple(packs.values())


def _known(profile: str, packs: Sequence[RulePack]) -> None:
    name, _, variant = profile.partition(":")
    pack = next((pack for pack in packs if pack.name == name), None)
    if pack is None:
        raise Mistake(f"--profile {profile}: no such pack (known: {', '.join(pack.name for pack in packs)})", USAGE)
    if variant and variant not in pack.variants:
        raise Mistake(f"--profile {profile}: {name} has the variants {', '.join(pack.variants) or 'none'}", USAGE)


def _roots(path: str) -> None:
    """Raises where a file holds no certificate in PEM (RFC 7468)."""
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(Path(path).read_bytes())
    except OSError as error:
        raise Mistake(f"--trust {path}: cannot be read: {error.strerror}", USAGE) from error
    except ValueError as error:
        raise Mistake(f"--trust {path}: expected certificates in PEM", USAGE) from error


def _observe(paths: Sequence[str], *, quiet: bool) -> Observations:
    from analyzer import api
    from analyzer.exporting.progress import bar

    with nullcontext() if quiet else bar(sys.stderr) as progress:
        return api.observe(paths, progress=progress)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Turns what the system says about files that cannot be written into one line."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Mistake(f"{error.filename or target}: cannot be written: {error.strerror or error}", USAGE) from error


def _say(text: str) -> None:
    """A line for a person, beside what a program may read from standard output."""
    from analyzer.printable import printable

    click.echo(printable(text), err=True)


def _print_json(value: Any) -> None:
    import json

    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=True, default=str).replace("\x7f", "\\u007f") + "\n")
