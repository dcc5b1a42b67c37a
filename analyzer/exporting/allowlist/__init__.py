"""A rule pack becomes the allow-list that a site needs: for people, and for devices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from analyzer.errors import AnalyzerError
from analyzer.exporting.allowlist import asa, aws, fortigate, mud, nftables, panos, people
from analyzer.exporting.allowlist.entries import (
    ANYBODY,
    AllowList,
    Entry,
    Exported,
    UnheldError,
    entries,
    own_networks,
)
from analyzer.rulepack import RulePack
from analyzer.sitefile import Site

__all__ = ["FORMATS", "AllowList", "AllowListError", "Entry", "Exported", "entries", "export"]


class Writer(Protocol):
    """What a format offers."""

    def __call__(self, listed: AllowList, /) -> Exported:
        """The list as text, and what the format cannot hold, in words; raises UnheldError."""


FORMATS: Mapping[str, Writer] = {
    "csv": people.csv_table,
    "markdown": people.markdown,
    "nftables": nftables.write,
    "panos": panos.write,
    "fortigate": fortigate.write,
    "asa": asa.write,
    "aws": aws.write,
    "mud": mud.write,
}
HELD_BY_THE_HOST = ("mud",)
"""Formats that are held against all that a host sends, within the site too."""

ONE_ROLE = ("aws", "mud")
"""Formats that describe one kind of host."""

URL = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]{1,240}")
"""RFC 8520, section 3.2; RFC 3986, section 2."""


class AllowListError(AnalyzerError):
    """A format, variant or role that is not there, or a list that a format cannot hold."""


def export(  # noqa: PLR0913 - what may be asked of a list, by name
    pack: RulePack, variant: str, site: Site | None, form: str, *, role: str = "", updated: str = "", url: str = ""
) -> Exported:
    """The allow-list of a pack's variant in a format.

    role     only what hosts of this role need
    updated  date and time for formats that hold one (RFC 3339)
    url      where a description (MUD) will be served

    Raises AllowListError for another format, for a variant or role that the pack does not have, where a format holds
    one role and none of several is told, and for a URL that is none.
    """
    if variant and variant not in pack.variants:
        raise AllowListError(
            f"{pack.name} has the variants {', '.join(pack.variants) or '(none)'}, not {variant[:40]!a}"
        )
    if form not in FORMATS:
        raise AllowListError(f"format {form[:40]!a} is none of {', '.join(FORMATS)}")
    if url and not URL.fullmatch(url):
        raise AllowListError(f"expected a URL as https://example.com/device.json, found {url[:80]!a}")
    _know_role(pack, role, form)
    rows, left = entries(pack, variant, site, role=role, within=form in HELD_BY_THE_HOST)
    title = f"{pack.title}{f' ({variant})' if variant else ''}"
    listed = AllowList(pack.name, title, tuple(rows), left, updated, url, own_networks(site or Site()))
    try:
        made = FORMATS[form](listed)
    except UnheldError as error:
        raise AllowListError(f"{form}: {error}") from error
    opened = ", ".join(dict.fromkeys(entry.rule for entry in rows if entry.open))
    return Exported(made.text, (*made.notes, *((f"{ANYBODY}, by {opened}",) if opened else ()), *left))


def _know_role(pack: RulePack, role: str, form: str) -> None:
    """Raises AllowListError for a role that reaches nothing, and where a format holds one role and none is told."""
    roles = list(dict.fromkeys(who for rule in pack.rules if rule.kind == "destination" for who in rule.who))
    known = ", ".join(roles) or "(none)"
    if role and role not in roles:
        raise AllowListError(f"{pack.name} lets through something for {known}, not for {role[:40]!a}")
    if form in ONE_ROLE and not role and len(roles) != 1:
        raise AllowListError(f"{form} describes one kind of host; expected --role with one of {known}")
