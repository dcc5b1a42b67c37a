"""The allow-list as tables."""

from __future__ import annotations

import csv
import io
import re

import pytest

from analyzer.exporting.allowlist import AllowList, entries, people
from analyzer.rulepack import shipped

PACK = next(pack for pack in shipped() if pack.name == "machinemetrics")
ROWS, LEFT = entries(PACK, "govcloud")
HOSTILE = ROWS[0]._replace(names=("=cmd|' /C calc'!A0", "a|b\n# c<script>"), who="edge\x1b[2J", quote='"; DROP')


def csv_of(*rows):
    """The text for rows."""
    return people.csv_table(AllowList("mm", "T", rows)).text


def test_each_destination_and_port_is_a_line():
    """Names and addresses of a row, each by itself, with the sentence of the document."""
    read = list(csv.DictReader(io.StringIO(csv_of(*ROWS))))
    wanted = {
        (entry.who, target, str(port), transport, entry.rule)
        for entry in ROWS
        for target in (*entry.names, *entry.addresses) or ("any",)
        for port, transport in entry.ports
    }
    assert {(row["who"], row["destination"], row["port"], row["transport"], row["rule"]) for row in read} == wanted
    assert all(row["quote"] and row["section"] for row in read)


def test_no_cell_runs_or_moves_the_cursor():
    """A name that begins as a formula does is defused; lines stay lines."""
    read = list(csv.reader(io.StringIO(csv_of(HOSTILE))))
    assert read[1][2].startswith("'=")
    assert len({len(row) for row in read}) == 1
    assert "\x1b" not in csv_of(HOSTILE)


def test_the_table_names_every_row():
    """By role, with ports and the row of the document; what may not be inspected stands below."""
    text = people.markdown(AllowList("mm", "MachineMetrics", tuple(ROWS), LEFT)).text
    for entry in ROWS:
        for name in entry.names:
            assert re.sub(r"([\\*_])", r"\\\1", name) in text
    assert "## Do not decrypt or inspect" in text
    assert "## Not in this list" in text
    assert "mm-dns-override" in text


def test_what_the_document_leaves_open_is_told():
    """In the table and in the spreadsheet."""
    skala = next(pack for pack in shipped() if pack.name == "skala")
    rows, left = entries(skala, "global")
    assert "any is let through" in people.markdown(AllowList("skala", "T", tuple(rows), left)).text
    notes = {row["rule"]: row["note"] for row in csv.DictReader(io.StringIO(csv_of(*rows)))}
    assert "any is let through" in notes["sk-dns"]
    assert notes["sk-server"] == ""


@pytest.mark.parametrize("text", [people.markdown(AllowList("mm", "T|<i>\x1b", (HOSTILE,))).text])
def test_markdown_shows_text_as_it_stands(text):
    """No name opens a cell, a heading, a tag or a line of its own."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    assert "<script>" not in text
    assert "\x1b" not in text
