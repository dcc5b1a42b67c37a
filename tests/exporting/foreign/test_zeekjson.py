"""The logs as JSON hold what those in tab-separated values hold."""

from __future__ import annotations

import json

from parsezeeklogs import read_zeek

from analyzer.exporting.foreign import zeek, zeekjson
from tests.builders.plant import FLOWS, result
from tests.exporting.foreign.test_zeek import hostile


def test_both_kinds_of_log_say_the_same(tmp_path):
    """A foreign parser reads the same rows from both; what is unset is left out of the JSON, as Zeek does."""
    made = hostile()
    assert zeek.write(made, tmp_path) == zeekjson.write(made, tmp_path) == ()
    for tsv, lines in zip(zeek.FILES, zeekjson.FILES, strict=True):
        theirs = [{name: cell for name, cell in row.items() if cell is not None} for row in read_zeek(tmp_path / tsv)]
        assert list(read_zeek(tmp_path / lines)) == theirs
        assert theirs


def test_an_object_per_line(tmp_path):
    """In ASCII; times are numbers of seconds, ends stand under their dotted names."""
    zeekjson.write(result(), tmp_path)
    text = (tmp_path / "zeek-json" / "conn.log").read_text(encoding="ascii")
    assert text.replace("\n", "").isprintable()
    rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) == len(FLOWS)
    assert rows[0]["ts"] == 1772359200.123457
    assert (rows[0]["id.orig_h"], rows[0]["local_orig"], rows[0]["duration"]) == ("10.20.30.10", True, 60.0)
    assert "tunnel_parents" not in rows[0]
