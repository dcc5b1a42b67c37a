"""The command line: arguments in, exit code out; what it does, a notebook could do as well.

Exit codes: 0 no requirement fails; 1 at least one fails; 2 usage, a bad rule pack or site file; 3 no verdict could be
had. Everything but click is imported within the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from analyzer.commands.frames import extract, inspect
from analyzer.commands.live import live
from analyzer.commands.rules import rules
from analyzer.program import USAGE, Mistake, Program, version
from analyzer.shell import (
    CAPTURES,
    JSON,
    KEYLOG,
    QUIET,
    RULES,
    asked_for,
    deliver,
    judging_options,
    lock,
    packs_of,
    print_json,
    progress,
    say,
    show,
    since,
    write,
    writing,
)

HELP = """Check packet captures against the network requirements of plant-floor vendors.

\b
analyzer check customer.pcapng                which row holds, which fails, who breaks it
analyzer site customer.pcapng > plant.yaml    a draft of what is known of the place
analyzer check customer.pcapng --site plant.yaml
analyzer compare lan.pcapng wan.pcapng        what the firewall between two taps does to each flow
analyzer bandwidth customer.pcapng            who uses how much of the uplink, against the budgets
analyzer live -i eth0                         the same verdicts at a span port, as long as it runs

Exit codes: 0 no requirement fails, 1 at least one fails, 2 usage or a bad rule pack or site file, 3 no verdict could
be had.
"""


@click.group(cls=Program, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=version, help="Show the version.")
def main() -> None:
    """The program."""


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

    asked = asked_for(**options)
    lock(asked.out)
    with progress(quiet=asked.quiet) as told:
        result = api.check(captures, progress=told, keylog=keylog, **asked.terms)
    deliver(asked, result)


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

    asked = asked_for(**options)
    lock(asked.out)
    there = [*([outside] if outside else []), *more_outside]
    with progress(quiet=asked.quiet) as told:
        result = api.compare([inside, *more_inside], there, progress=told, keylog=keylog, **asked.terms)
    deliver(asked, result)


@main.command()
@CAPTURES
@click.option(
    "--plan", "machines", default="", metavar="CLASS=N,...", help="Plan for standard=40,focas=10,dashboards=3."
)
@click.option("--uplink", default="", metavar="RATE", help="What the uplink carries, as 10M (or in the site file).")
@click.option("--growth", default=0.0, type=click.FloatRange(0, 10), help="Machines more each year: 0.2 for a fifth.")
@judging_options
def bandwidth(captures: tuple[str, ...], machines: str, uplink: str, growth: float, **options: Any) -> None:
    """Hold rates against the documents' budgets, and plan for more machines.

    Rates are at IP length, by host and purpose, over windows from a second to an hour. With --out, tables (Parquet,
    CSV) and figures (SVG, PNG) are in DIR. The exit code is 1 where a budget is exceeded.
    """
    from analyzer import api, planning
    from analyzer.exporting import bandwidth as screen

    asked = asked_for(**options)
    lock(asked.out)
    place = asked.terms["site"]
    carried = uplink or (place.uplink_bps if place else 0.0)
    planning.parse(machines, carried, growth)  # what cannot be read is refused before a capture is
    with progress(quiet=asked.quiet) as told:
        result = api.check(captures, progress=told, **asked.terms)
    granted = any(grant.direction == "up" for grant in result.conclusions.grants)
    plan = api.plan(result, machines, uplink=carried, growth=growth) if machines or (carried and granted) else None
    usage = api.usage(result)
    result = result if plan is None else planning.planned(result, plan)
    changed = since(asked, result)
    write(asked, result, changed)
    if asked.out is not None:
        with writing(asked.out):
            screen.write(usage, plan, asked.out)
    month = bool(place and place.topology == "cellular")
    show(asked, result, changed, lambda _: screen.show(usage, plan, sys.stdout, whole=asked.verbose, month=month))
    over = any(budget.outcome == "fails" for budget in result.conclusions.budgets)
    click.get_current_context().exit(int(over) if result.exit_code != 3 else 3)


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
    lock(target)
    with progress(quiet=quiet) as told:
        facts = api.observe(captures, progress=told)
    with writing(target):
        factsfile.save(facts, target)
    if not quiet:
        flows = facts.flows.proto.size
        say(f"{folder}: {flows} flows of {sum(c.packets for c in facts.captures)} packets; analyzer judge {folder}")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@judging_options
def judge(folder: str, **options: Any) -> None:
    """Judge saved facts: what `check` does, without the captures.

    DIR holds facts, or folders of facts, as a live capture leaves them in OUT/facts: they are judged as one.
    """
    from analyzer import api

    asked = asked_for(**options)
    lock(asked.out)
    deliver(asked, api.judge(api.load_facts(folder), **asked.terms))


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

    packs = packs_of(own)
    with progress(quiet=quiet) as told:
        facts = api.observe(captures, progress=told)
    drafted, why = api.draft_site(facts, packs=packs)
    if as_json:
        print_json({"site": dataclasses.asdict(drafted), "why": why})
        return
    reasons = [why.get(host.name, "") for host in drafted.hosts]
    others = {name: reason for name, reason in why.items() if name not in {host.name for host in drafted.hosts}}
    notes = ["drafted from a capture; correct it", *(f"{name}: {reason}" for name, reason in others.items())]
    if target is None:
        sitefile.write(drafted, sys.stdout, reasons, notes)
        return
    with writing(Path(target)), Path(target).open("w", encoding="utf-8") as file:
        sitefile.write(drafted, file, reasons, notes)
    if not quiet:
        say(f"{target}: {len(drafted.hosts)} hosts; correct it, then: analyzer check CAPTURE --site {target}")


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
        print_json({"code": code, **dataclasses.asdict(meaning), "title": title})
        return
    told = [("means", meaning.meaning), ("fact", meaning.fact), ("leans", meaning.leans)]
    told += [("or else", rival) for rival in meaning.rivals]
    told += [("blind", meaning.blind), ("change", meaning.remedy), ("source", meaning.source)]
    Page(sys.stdout).sheet(words(code, "bold").append("  ").append_text(words(title)), told)


for command in (extract, inspect, live, rules):
    main.add_command(command)
