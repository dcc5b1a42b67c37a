"""Rates, budgets and plan, on a screen and as files."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analyzer import api, planning
from analyzer.exporting import bandwidth
from analyzer.planning import Usage
from analyzer.planning.usage import COLUMNS
from tests.builders.site import BEGIN, EDGE, PUBLIC, UPLOADS, S, Scene

MACHINE = "10.7.0.21"


def used(seconds=600, machine=MACHINE, per_minute=3750):
    """An Edge that sends as much each minute."""
    scene = Scene(seconds)
    scene.poll(EDGE, machine, "modbus", 502)
    row = scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=per_minute * (seconds // 60), start_ns=BEGIN)
    scene.rows["rates"] = [rate for rate in scene.rows["rates"] if rate["flow"] != row]
    scene.rows["rates"] += [
        {"flow": row, "start_ns": BEGIN + minute * 60 * S, "orig_octets": per_minute, "resp_octets": 0}
        for minute in range(seconds // 60)
    ]
    return Usage(api.judge(scene.seen()))


def screen(usage, monkeypatch, width=80, text="", **given):
    """What is shown."""
    monkeypatch.setenv("COLUMNS", str(width))
    plan = planning.plan(usage, planning.parse(text, uplink=1e6, growth=0.2)) if text else None
    stream = io.StringIO()
    bandwidth.show(usage, plan, stream, **given)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 160])
def test_nothing_is_wider_than_the_screen(monkeypatch, width):
    """Tables, charts and sentences stay within it; only tables need some seventy columns."""
    lines = screen(used(), monkeypatch, width, "standard=40,focas=10").splitlines()
    assert all(len(line) <= max(width, 76) for line in lines)


def test_every_part_is_there(monkeypatch):
    """Budgets, machines, upload with its windows, purposes, hosts, plan, month; in this order."""
    shown = screen(used(), monkeypatch, text="standard=40,focas=10")
    headings = [line.split("  ")[0] for line in shown.splitlines() if line[:1].isupper() and line.split()[0].isupper()]
    assert headings == ["BUDGETS", "MACHINES", "UPLOAD", "PURPOSES", "HOSTS", "PLAN", "A MONTH"]
    assert "500 bit/s of 1 kbit/s (50%)" in " ".join(shown.split())
    assert "50 machines: up 50 to 250 kbit/s, down 12.5 to 100 kbit/s" in " ".join(shown.split())


def test_a_site_that_pays_by_the_megabyte_reads_that_first(monkeypatch):
    """Above the budgets."""
    shown = screen(used(), monkeypatch, month=True)
    assert shown.index("A MONTH") < shown.index("BUDGETS")


def test_a_capture_of_nothing_is_told(monkeypatch):
    """Without hosts and flows there is a line on each, and no crash."""
    shown = screen(Usage(api.judge(Scene(0).seen())), monkeypatch)
    assert "no host that the document grants a rate is known" in " ".join(shown.split())
    assert "none: too short" in shown


def test_a_hostile_name_only_shows(monkeypatch):
    """A host's name that holds an escape sequence is harmless."""
    usage = used()
    usage.result.conclusions.hosts[0].__dict__["host"] = "\x1b[2Jedge\u202e"
    shown = screen(usage, monkeypatch)
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_a_terminal_without_unicode_has_bars_too(monkeypatch):
    """In signs of ASCII, which grow as the bars do."""
    monkeypatch.setenv("COLUMNS", "120")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    bandwidth.show(used(), None, stream, whole=True)
    stream.flush()
    shown = stream.buffer.getvalue().decode("ascii")
    assert f"{EDGE} <> {PUBLIC}" in shown
    assert "#" in shown


def test_bars_are_as_high_as_rates():
    """Nothing is a space, the top is full, and the least is seen."""
    assert bandwidth.bars([0, 0.001, 50, 100], 100) == " ▁▄█"
    assert bandwidth.bars([0, 0], 0) == "  "


def test_tables_say_what_they_hold(tmp_path):
    """usage.parquet has the rows of the table and the meaning of each column; the CSV files have the same rows."""
    usage = used()
    bandwidth.write(usage, None, tmp_path)
    table = pq.read_table(tmp_path / "usage.parquet")
    assert table.num_rows == len(usage.table)
    assert {field.name: field.metadata[b"description"].decode() for field in table.schema} == dict(COLUMNS)
    assert len(pd.read_csv(tmp_path / "usage.csv")) == len(usage.table)
    assert pd.read_csv(tmp_path / "bandwidth.csv")["host"].tolist() == usage.result.bandwidth["host"].tolist()
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".png"}
