"""The command line: arguments in, exit code out; what it does, a notebook could do as well.

Exit codes: 0 no requirement fails; 1 at least one fails; 2 usage, a bad rule pack or site file; 3 no verdict could be
had. Everything but click is imported within the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.program import USAGE, Mistake, Program, version

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


HELP = """Check packet captures against the network requirements of plant-floor vendors.

\b
analyzer check customer.pcapng                which row holds, which fails, who breaks it
analyzer site customer.pcapng > plant.yaml    a draft of what is known of the place
analyzer check customer.pcapng --site plant.yaml
analyzer compare lan.pcapng wan.pcapng        what the firewall between two taps does to each flow

Exit codes: 0 no requirement fails, 1 at least one fails, 2 usage or a bad rule pack or site file, 3 no verdict could
be had.
"""


@click.group(cls=Program, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version, help="Show the version.")
def main() -> None:
    """The program."""


FILE = click.Path(dir_okay=False)
CAPTURES = click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
RULES = click.option(
    "--rules", "own", type=FILE, multiple=True, help="A rule pack of your own, beside the shipped ones."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
KEYLOG = click.option("--keylog", type=FILE, default="", help="Key log, to read TLS 1.3 certificates with tshark.")
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
        click.option("--filter", default="", help="Judge only flows that this picks: host, port, net."),
        click.option("--trust", type=FILE, multiple=True, help="PEM file of roots that count as vouching."),
        click.option(
            "--baseline", type=click.Path(file_okay=False), multiple=True, help="Saved facts from when all was well."
        ),
        QUIET,
        click.option("-v", "--verbose", is_flag=True, help="Leave nothing out: every rule, every flow in scope."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@CAPTURES
@KEYLOG
@judging_options
def check(captures: tuple[str, ...], keylog: str, **options: Any) -> None:
    """Tell for every documented requirement whether it holds, fails, or is not to be seen.

    CAPTURE is a pcap or pcapng file, plain or in gzip, zstd or lz4, a folder of them, or - for standard input; several
    are taken as one.
    """
    from analyzer import api

    asked = _asked(**options)
    with _progress(quiet=asked.quiet) as told:
        result = api.check(captures, progress=told, keylog=keylog, **asked.terms)
    _deliver(asked, result)


@main.command()
@click.argument("inside", metavar="INSIDE")
@click.argument("outside", metavar="[OUTSIDE]", required=False)
@click.option("-I", "--inside", "more_inside", multiple=True, help="A further capture of the inside tap.")
@click.option("-O", "--outside", "more_outside", multiple=True, help="A further capture of the outside tap.")
@KEYLOG
@judging_options
def compare(
    inside: str,
    outside: str | None,
    more_inside: tuple[str, ...],
    more_outside: tuple[str, ...],
    keylog: str,
    **options: Any,
) -> None:
    """Tell what becomes of flows between two taps: passed, relayed, opened, stopped.

    INSIDE and OUTSIDE are captures (or folders or globs of them) of one site at the same time, on either side of its
    firewall or proxy. Alone, INSIDE holds both sides of a NAT. With --out, the other side's result is in DIR/outside.
    """
    from analyzer import api

    asked = _asked(**options)
    there = [*([outside] if outside else []), *more_outside]
    with _progress(quiet=asked.quiet) as told:
        result = api.compare([inside, *more_inside], there, progress=told, keylog=keylog, **asked.terms)
    _deliver(asked, result)


@main.command()
@CAPTURES
@click.option("-o", "--out", "folder", required=True, type=click.Path(file_okay=False), help="Write the facts here.")
@QUIET
def observe(captures: tuple[str, ...], folder: str, quiet: bool) -> None:
    """Save the facts of captures, to be judged without them."""
    from analyzer import api, factsfile

    target = Path(folder)
    if (target / "result.json").exists():
        raise Mistake(f"{folder}: holds the files of a result; facts need a folder of their own", USAGE)
    with _progress(quiet=quiet) as told:
        facts = api.observe(captures, progress=told)
    with _writing(target):
        factsfile.save(facts, target)
    if not quiet:
        flows = facts.flows.proto.size
        _say(f"{folder}: {flows} flows of {sum(c.packets for c in facts.captures)} packets; analyzer judge {folder}")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@judging_options
def judge(folder: str, **options: Any) -> None:
    """Judge saved facts: what `check` does, without the captures."""
    from analyzer import api, factsfile

    asked = _asked(**options)
    _deliver(asked, api.judge(factsfile.load(Path(folder)), **asked.terms))


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
    with _progress(quiet=quiet) as told:
        facts = api.observe(captures, progress=told)
    drafted, why = api.draft_site(facts, packs=packs)
    if as_json:
        _print_json({"site": dataclasses.asdict(drafted), "why": why})
        return
    reasons = [why.get(host.name, "") for host in drafted.hosts]
    others = {name: reason for name, reason in why.items() if name not in {host.name for host in drafted.hosts}}
    notes = ["drafted from a capture; correct it", *(f"{name}: {reason}" for name, reason in others.items())]
    if target is None:
        sitefile.write(drafted, sys.stdout, reasons, notes)
        return
    with _writing(Path(target)), Path(target).open("w", encoding="utf-8") as file:
        sitefile.write(drafted, file, reasons, notes)
    if not quiet:
        _say(f"{target}: {len(drafted.hosts)} hosts; correct it, then: analyzer check CAPTURE --site {target}")


@main.command()
@click.argument("capture", metavar="CAPTURE")
@click.option("--against", type=click.Choice(["tshark"]), help="Compare what is read here with this program's reading.")
@click.option("--timeout", default=600, type=click.IntRange(1), help="Seconds that the program may take (600).")
@JSON
@QUIET
def inspect(capture: str, against: str | None, timeout: int, as_json: bool, quiet: bool) -> None:
    """List where another program reads a capture differently.

    Compared are frames, octets, times, TCP and UDP conversations, and the names of TLS, QUIC, DNS, certificates and
    CONNECT. Exit codes: 0 no difference, 1 at least one, 2 usage or no such program, 3 one of the two cannot read it.
    """
    from analyzer import api
    from analyzer.exporting import comparison

    if against is None:
        raise click.UsageError("inspect needs --against tshark")
    with _progress(quiet=quiet) as told:
        made = api.inspect(capture, progress=told, timeout_s=timeout)
    if as_json:
        _print_json(comparison.facts(made))
    else:
        comparison.shown(made, sys.stdout)
    click.get_current_context().exit(int(not made.agree))


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
    from analyzer.judging.codes import CODES

    meaning = CODES.get(code)
    if meaning is None:
        raise Mistake(f"{code}: no finding has this code (known: {', '.join(sorted(CODES))})", USAGE)
    title = meaning.title.format(host="a host", whom="another")
    if as_json:
        _print_json({"code": code, **dataclasses.asdict(meaning), "title": title})
        return
    told = [("means", meaning.meaning), ("fact", meaning.fact), ("leans", meaning.leans)]
    told += [("or else", rival) for rival in meaning.rivals]
    told += [("blind", meaning.blind), ("change", meaning.remedy), ("source", meaning.source)]
    Page(sys.stdout).sheet(words(code, "bold").append("  ").append_text(words(title)), told)


def _asked(own: tuple[str, ...], site_path: str | None, out: str | None, **options: Any) -> Asked:
    """The options of a judging command, files among them read; raises what is wrong with them."""
    from analyzer import sitefile

    if options["quiet"] and options["verbose"]:
        raise click.UsageError("-q and -v exclude each other")
    if options["as_csv"] and not out:
        raise click.UsageError("--csv needs --out DIR")
    if out and (Path(out) / "facts.json").exists():
        raise Mistake(f"{out}: holds saved facts; a result needs a folder of its own", USAGE)
    terms = {name: options.pop(name) for name in ("profiles", "filter", "trust", "baseline")}
    terms |= {"packs": _packs(own), "site": sitefile.load(site_path) if site_path else None}
    return Asked(terms, Path(out) if out else None, **options)


def _deliver(asked: Asked, result: Result) -> None:
    """Writes and shows a result, and ends with its exit code."""
    from analyzer import exporting
    from analyzer.exporting import jsonfile

    if asked.out is not None:
        with _writing(asked.out):
            exporting.write(result, asked.out, csv=asked.as_csv)
            if result.outside is not None:
                exporting.write(result.outside, asked.out / "outside", csv=asked.as_csv)
    if asked.as_json:
        sys.stdout.write(jsonfile.text(result))
    else:
        exporting.SCREEN.show(result, sys.stdout, int(asked.verbose) - int(asked.quiet))
    click.get_current_context().exit(result.exit_code)


def _packs(own: Iterable[str]) -> tuple[RulePack, ...]:
    """The shipped packs and the user's own, which stand in for shipped ones of the same name."""
    from analyzer import rulepack

    packs = {pack.name: pack for pack in (*rulepack.shipped(), *(rulepack.load(path) for path in own))}
    return tuple(packs.values())


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from analyzer import api
    from analyzer.exporting.progress import bar

    if api.must_compile():
        _say("compiling kernels for this machine: half a minute, this once")
    with bar(sys.stderr) as told:
        yield told


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
