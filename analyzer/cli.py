"""The command line: arguments in, exit code out; what it does, a notebook could do as well.

Exit codes: 0 no requirement fails; 1 at least one fails; 2 usage, a bad rule pack or site file; 3 no verdict could be
had. Everything but click is imported within the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from analyzer.program import USAGE, Mistake, Program, version
from analyzer.shell import (
    CAPTURES,
    FILE,
    JSON,
    KEYLOG,
    QUIET,
    RULES,
    asked_for,
    deliver,
    judging_options,
    packs_of,
    print_json,
    progress,
    say,
    terms_of,
    terms_options,
    writing,
)

HELP = """Check packet captures against the network requirements of plant-floor vendors.

\b
analyzer check customer.pcapng                which row holds, which fails, who breaks it
analyzer site customer.pcapng > plant.yaml    a draft of what is known of the place
analyzer check customer.pcapng --site plant.yaml
analyzer compare lan.pcapng wan.pcapng        what the firewall between two taps does to each flow
analyzer bandwidth customer.pcapng            who uses how much of the uplink, against the budgets

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
    from analyzer import api, exporting, planning
    from analyzer.exporting import bandwidth as screen
    from analyzer.exporting import jsonfile

    asked = asked_for(**options)
    place = asked.terms["site"]
    carried = uplink or (place.uplink_bps if place else 0.0)
    planning.parse(machines, carried, growth)  # what cannot be read is refused before a capture is
    with progress(quiet=asked.quiet) as told:
        result = api.check(captures, progress=told, **asked.terms)
    granted = any(grant.direction == "up" for grant in result.conclusions.grants)
    plan = api.plan(result, machines, uplink=carried, growth=growth) if machines or (carried and granted) else None
    usage = api.usage(result)
    if asked.out is not None:
        with writing(asked.out):
            exporting.write(result, asked.out, csv=asked.as_csv)
            screen.write(usage, plan, asked.out)
    if asked.as_json:
        sys.stdout.write(jsonfile.text(result))
    else:
        month = bool(place and place.topology == "cellular")
        screen.show(usage, plan, sys.stdout, whole=asked.verbose, month=month)
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
    """Judge saved facts: what `check` does, without the captures."""
    from analyzer import api, factsfile

    asked = asked_for(**options)
    deliver(asked, api.judge(factsfile.load(Path(folder)), **asked.terms))


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
@CAPTURES
@click.option("--finding", default="", metavar="ID", help="Frames of this finding (as check calls it), or of a code.")
@click.option("--flow", default="", metavar="ID", help="Frames of this flow: id, community id, or its ends.")
@click.option("-w", "--write", "target", required=True, type=click.Path(dir_okay=False), help="The pcapng to write.")
@terms_options
@QUIET
def extract(  # noqa: PLR0913 - as many options as it has
    captures: tuple[str, ...], finding: str, flow: str, target: str, own: tuple[str, ...], quiet: bool, **options: Any
) -> None:
    """Write the frames of a finding or a flow as pcapng, with what each shows in its comment.

    The frames are as captured; the section's comment is the finding with the sentence of the document. What was given
    to `check` is to be given here as well, so that findings have the same ids.
    """
    from analyzer import api

    if bool(finding) == bool(flow):
        raise click.UsageError("extract needs --finding ID or --flow ID")
    with progress(quiet=quiet) as told:
        result = api.check(captures, progress=told, **terms_of(own, **options))
    with writing(Path(target)):
        done = api.extract(captures, result, target, finding=finding, flow=flow)
    if not quiet:
        say(f"{target}: {done.frames} frames, {done.marked} of them shown as evidence")


@main.command()
@click.argument("capture", metavar="CAPTURE")
@click.option(
    "--flow", default="", metavar="ID", help="Show this flow: id, community id, or ADDRESS:PORT > ADDRESS:PORT."
)
@click.option("--against", type=click.Choice(["tshark"]), help="Compare what is read here with this program's reading.")
@click.option("--site", "site_path", type=FILE, help="With --flow: what you know of the place (YAML).")
@click.option("--timeout", default=600, type=click.IntRange(1), help="Seconds that the program may take (600).")
@JSON
@QUIET
@click.option("-v", "--verbose", is_flag=True, help="With --flow: every frame of a long one.")
def inspect(  # noqa: PLR0913 - as many options as it has
    capture: str,
    flow: str,
    against: str | None,
    site_path: str | None,
    timeout: int,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show one flow in full, or list where another program reads a capture differently.

    With --flow, its frames as tshark reads them, or scapy where no tshark is. With --against, compared are frames,
    octets, times, TCP and UDP conversations, and the names of TLS, QUIC, DNS, certificates and CONNECT. Exit codes: 0
    no difference, 1 at least one, 2 usage or no such program, 3 one of the two cannot read it.
    """
    from analyzer import api
    from analyzer.exporting import comparison, ladder

    if bool(flow) == bool(against):
        raise click.UsageError("inspect needs --flow ID or --against tshark")
    if flow:
        site = api.load_site(site_path) if site_path else None
        with progress(quiet=quiet) as told:
            held = api.inspect_flow(capture, flow, site=site, progress=told, timeout_s=timeout)
        if as_json:
            print_json(ladder.facts(held.result, held.flows, held.reading))
        else:
            ladder.shown(held.result, held.flows, held.reading, sys.stdout, whole=verbose)
        return
    with progress(quiet=quiet) as told:
        made = api.inspect(capture, progress=told, timeout_s=timeout)
    if as_json:
        print_json(comparison.facts(made))
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

    packs = packs_of(own)
    if as_json:
        print_json([rulebook.facts(pack, rule) for pack in packs for rule in pack.rules])
    else:
        rulebook.listed(packs, sys.stdout)


@rules.command("show")
@click.argument("name", metavar="ID|PACK")
@RULES
@JSON
def show_rules(name: str, own: tuple[str, ...], as_json: bool) -> None:
    """Show a rule, or all rules of a pack, with the quoted rows."""
    from analyzer.exporting import rulebook

    packs = packs_of(own)
    found = [(pack, rule) for pack in packs for rule in pack.rules if name in (rule.id, pack.name)]
    if not found:
        known = ", ".join(pack.name for pack in packs)
        raise Mistake(f"{name}: no rule and no pack is called so (packs: {known}; analyzer rules list)", USAGE)
    if as_json:
        print_json([rulebook.facts(pack, rule) for pack, rule in found])
    else:
        rulebook.shown(found, sys.stdout)


@rules.command("export")
@click.argument("name", metavar="PACK[:VARIANT]")
@click.option("--format", "form", required=True, metavar="FORMAT", help="csv, markdown, nftables or mud.")
@click.option("--site", "site_path", type=FILE, help="What you know of the place (YAML): its hosts' addresses.")
@RULES
def export_rules(name: str, form: str, site_path: str | None, own: tuple[str, ...]) -> None:
    """Print the allow-list that a site's firewall needs, for people or for a device.

    What a format cannot hold, such as wildcards in MUD, is told on standard error.
    """
    import datetime as dt

    from analyzer import api
    from analyzer.exporting import allowlist

    wanted, _, variant = name.partition(":")
    pack = next((pack for pack in packs_of(own) if pack.name == wanted), None)
    if pack is None:
        raise click.UsageError(f"no such rule pack: {wanted!a}")
    site = api.load_site(site_path) if site_path else None
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    made = allowlist.export(pack, variant, site, form, now)
    click.echo(made.text, nl=False)
    for note in made.notes:
        say(note)


@rules.command("lint")
@RULES
@JSON
def lint_rules(own: tuple[str, ...], as_json: bool) -> None:
    """Tell what is odd about the packs, and where the documents contradict themselves."""
    import dataclasses

    from analyzer import rulelint
    from analyzer.exporting import rulebook

    remarks = [(pack, remark) for pack in packs_of(own) for remark in rulelint.lint(pack)]
    if as_json:
        print_json([{"pack": pack.name, **dataclasses.asdict(remark)} for pack, remark in remarks])
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
        print_json({"code": code, **dataclasses.asdict(meaning), "title": title})
        return
    told = [("means", meaning.meaning), ("fact", meaning.fact), ("leans", meaning.leans)]
    told += [("or else", rival) for rival in meaning.rivals]
    told += [("blind", meaning.blind), ("change", meaning.remedy), ("source", meaning.source)]
    Page(sys.stdout).sheet(words(code, "bold").append("  ").append_text(words(title)), told)
