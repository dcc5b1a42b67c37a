"""The allow-list for people: a table for a spreadsheet, and one for a ticket."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from analyzer.exporting.allowlist.entries import AllowList, Entry, Exported
from analyzer.printable import printable

COLUMNS = (
    "who", "source", "destination", "port", "transport", "purpose", "required", "do_not_decrypt", "rule", "document",
    "section", "row", "quote", "basis", "note",
)  # fmt: skip
RUNS = re.compile(r"^\s*[=+\-@]")
"""Begins of cells that spreadsheets run (OWASP, CSV injection)."""

MARKS = re.compile(r"([\\`*_{}\[\]<>()#+|!~])")
"""What Markdown reads as more than text (CommonMark section 2.4)."""


def csv_table(listed: AllowList) -> Exported:
    """One line for each destination and port, as a spreadsheet shows and does not run it."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in listed.rows:
        for target in (*entry.names, *entry.addresses) or ("any",):
            for port, transport in entry.ports or ((0, "any"),):
                cells = (
                    entry.who, " ".join(entry.sources), target, port or "any", transport, entry.purpose,
                    _yes(told=entry.required), _yes(told=entry.bypass), entry.rule, entry.document, entry.section,
                    entry.row or "", entry.quote, entry.basis, entry.note,
                )  # fmt: skip
                writer.writerow([_harmless(str(cell)) for cell in cells])
    return Exported(stream.getvalue(), ())


def _harmless(cell: str) -> str:
    text = printable(cell)
    return f"'{text}" if RUNS.match(text) else text


def _yes(*, told: bool) -> str:
    return "yes" if told else "no"


def markdown(listed: AllowList) -> Exported:
    """A heading, a table for each role, the names that nobody may inspect, and what is left out."""
    lines = [
        f"# {_plain(listed.heading)}",
        "",
        "All connections are opened by the site, outbound; replies pass. Nothing opens inbound.",
    ]
    for who in listed.roles:
        mine = [entry for entry in listed.rows if entry.who == who]
        sources = ", ".join(mine[0].sources) or "its address"
        lines += ["", f"## {_plain(who)} ({_plain(sources)})", ""]
        lines += [
            "| destination | port | purpose | required | row of the document |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_line(entry) for entry in mine]
    exempt = [target for entry in listed.rows if entry.bypass for target in (*entry.names, *entry.addresses)]
    lines += _items("Do not decrypt or inspect", exempt)
    lines += _items("Not in this list", listed.left)
    return Exported("\n".join(lines) + "\n", ())


def _items(title: str, items: Sequence[str]) -> list[str]:
    """A list under a heading; nothing where it is empty."""
    return ["", f"## {title}", "", *(f"- {_plain(item)}" for item in dict.fromkeys(items))] if items else []


def _line(entry: Entry) -> str:
    targets = ", ".join((*entry.names, *entry.addresses)) or "any"
    ports = ", ".join(f"{port}/{transport}" for port, transport in entry.ports) or "any"
    row = f"{entry.section}, row {entry.row}" if entry.row else entry.section
    basis = "" if entry.basis == "documented" else " (a reading)"
    required = _yes(told=entry.required)
    note = f"; {entry.note}" if entry.note else ""
    cells = (targets, ports, entry.purpose, required, f"{row}: “{entry.quote}”{basis}{note}")
    return "| " + " | ".join(map(_plain, cells)) + " |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return MARKS.sub(r"\\\1", printable(text))
