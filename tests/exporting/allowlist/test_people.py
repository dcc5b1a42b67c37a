"""The allow-list as tables."""

from __future__ import annotations

import csv
import io
import re

import pytest

from analyzer.exporting.allowlist import entries, people
from analyzer.rulepack import shipped

PACK = next(pack for pack in shipped() if pack.name == "machinemetrics")
ROWS = entries(PACK, "govcloud")
HOSTILE = ROWS[0]._replace(names=("=cmd|' /C calc'!A0", "a|b\n# c<script>"), who="edge\x1b[2J", quote='"; DROP')


def test_each_destination_and_port_is_a_line():
    """Names and addresses of a row, each by itself, with the sentence of the document."""
    read = list(csv.DictReader(io.StringIO(people.as_csv(ROWS))))
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
    read = list(csv.reader(io.StringIO(people.as_csv([HOSTILE]))))
    assert read[1][2].startswith("'=")
    assert len({len(row) for row in read}) == 1
    assert "\x1b" not in people.as_csv([HOSTILE])


def test_the_table_names_every_row():
    """By role, with ports and the row of the document; what may not be inspected stands below."""
    text = people.as_markdown(ROWS, "MachineMetrics")
    for entry in ROWS:
        for name in entry.names:
            assert re.sub(r"([\\*_])", r"\\\1", name) in text
    assert "## Do not decrypt or inspect" in text


@pytest.mark.parametrize("text", [people.as_markdown([HOSTILE], "T|<i>\x1b")])
def test_markdown_shows_text_as_it_stands(text):
    """No name opens a cell, a heading, a tag or a line of its own."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    assert "<script>" not in text
    assert "\x1b" not in text
