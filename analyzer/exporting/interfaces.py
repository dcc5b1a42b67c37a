"""The interfaces of a machine, and what each may do, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from analyzer.capturing.interfaces import Interface
from analyzer.exporting.page import Page, words


def listed(found: Sequence[Interface], missing: str, stream: TextIO) -> None:
    """Writes what is known of each interface; `missing` tells which right is not there, and how to get it."""
    page = Page(stream)
    for one in found:
        state = "up" if one.up and one.carrier else "up, without carrier" if one.up else "down"
        told = [("state", ", ".join((one.kind, state, f"MTU {one.mtu}" if one.mtu else "")).rstrip(", "))]
        told += [("address", address) for address in one.addresses]
        told.append(("capture", "by a ring" if one.ring else one.why))
        told += [("note", one.note)] if one.note else []
        page.sheet(words(one.name, "bold"), told)
    if missing:
        page.sheet(words("rights", "bold"), [("missing", missing)])
