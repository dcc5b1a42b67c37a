"""The rule packs on the command line: listed, shown, checked, exported."""

from __future__ import annotations

import sys

import click

from analyzer.program import USAGE, Mistake
from analyzer.shell import FILE, JSON, RULES, packs_of, print_json, say


@click.group()
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
