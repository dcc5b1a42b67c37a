"""A rule pack becomes the allow-list that a site needs: for people, and for devices."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.errors import AnalyzerError
from analyzer.exporting.allowlist import mud, nftables, people
from analyzer.exporting.allowlist.entries import Entry, entries
from analyzer.rulepack import RulePack
from analyzer.sitefile import Site

__all__ = ["FORMATS", "AllowListError", "Entry", "Exported", "entries", "export"]

FORMATS = ("csv", "markdown", "nftables", "mud")


class AllowListError(AnalyzerError):
    """A format or a variant that is not there."""


class Exported(NamedTuple):
    """The allow-list as text, and what the format cannot hold, in words."""

    text: str
    notes: tuple[str, ...]


def export(pack: RulePack, variant: str, site: Site | None, form: str, updated: str = "") -> Exported:
    """The allow-list of a pack's variant in a format.

    updated  date and time for formats that hold one (RFC 3339)

    Raises AllowListError for another format, or a variant that the pack does not have.
    """
    if variant and variant not in pack.variants:
        raise AllowListError(
            f"{pack.name} has the variants {', '.join(pack.variants) or '(none)'}, not {variant[:40]!a}"
        )
    if form not in FORMATS:
        raise AllowListError(f"format {form[:40]!a} is none of {', '.join(FORMATS)}")
    rows = entries(pack, variant, site)
    title = f"{pack.title}{f' ({variant})' if variant else ''}: what the site's firewall lets through"
    if form == "csv":
        return Exported(people.as_csv(rows), ())
    if form == "markdown":
        return Exported(people.as_markdown(rows, title), ())
    if form == "nftables":
        told = [] if all(entry.sources for entry in rows) else ["sets of hosts are empty: a site file names them"]
        if any(entry.names for entry in rows):
            told.append("destinations by name pass once dnsmasq fills their sets, by the lines at the end")
        return Exported(nftables.text(rows, title, f"plant_{pack.name}"), tuple(told))
    written, left = mud.text(rows, title, updated)
    told = [f"MUD knows no wildcards: {', '.join(left)} not held in full"] if left else []
    return Exported(written, tuple(told))
