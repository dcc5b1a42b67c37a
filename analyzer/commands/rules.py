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
    """Show a rule, or all rules of a pack, with the quoted rows, and what of a pack's document makes no rule."""
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
        for pack in packs:
            if pack.name == name:
                rulebook.omitted(pack, sys.stdout)


@rules.command("export")
@click.argument("name", metavar="PACK[:VARIANT]")
@click.option(
    "--format",
    "form",
    required=True,
    metavar="FORMAT",
    help="csv, markdown, nftables, panos, fortigate, asa, aws or mud.",
)
@click.option("--role", default="", help="Only what hosts of this role need; aws and mud hold one role.")
@click.option("--site", "site_path", type=FILE, help="What you know of the place (YAML): its hosts' addresses.")
@click.option("--mud-url", default="", metavar="URL", help="Where the MUD file will be served (https).")
@RULES
def export_rules(  # noqa: PLR0913 - one parameter for each option
    name: str, form: str, role: str, site_path: str | None, mud_url: str, own: tuple[str, ...]
) -> None:
    """Print the allow-list that a site's firewall needs, for people or for a device.

    What a format cannot hold, such as wildcards in MUD, is told on standard error.
    """
    from analyzer import api

    site = api.load_site(site_path) if site_path else None
    made = api.export_rules(name, form, site=site, role=role, mud_url=mud_url, packs=packs_of(own))
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
