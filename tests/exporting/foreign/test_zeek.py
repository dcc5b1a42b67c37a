"""A foreign reader gets out of the logs what the facts hold, whatever the names are."""

from __future__ import annotations

import re

import pytest
from parsezeeklogs import ZeekLog, read_zeek

from analyzer.exporting.foreign import zeek
from analyzer.result import Result
from analyzer.tables import Dns, Tls
from tests.builders.plant import FLOWS, conclusions, observations, result, table, verdicts

EVIL = "\x1b[2J\t\n\\x41,\u202e\x9b\x00é\\"
HOSTILE = ["-", "(empty)", "#fields\tx", EVIL, "\udc80", "a,b", "ünicode"]


def hostile() -> Result:
    """A result whose names are what a parser or a terminal may take for something else."""
    asked = [{"flow": 1, "query": name, "answers": (name, "", "-"), "ttls": ("1", "2", "3")} for name in HOSTILE]
    named = [{"flow": 0, "server_name": name} for name in HOSTILE]
    return Result(observations(dns=table(Dns, asked), tls=table(Tls, named)), conclusions())


def test_the_header_is_zeeks(tmp_path):
    """Letter by letter as Zeek's ASCII writer begins and ends a log; the times are the capture's."""
    assert zeek.write(result(), tmp_path) == ()
    lines = (tmp_path / "zeek" / "ssl.log").read_text(encoding="utf-8").splitlines()
    assert lines[:6] == [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tssl",
        "#open\t2026-03-01-10-00-00",
    ]
    assert lines[6].startswith("#fields\tts\tuid\tid.orig_h\t")
    assert lines[7].startswith("#types\ttime\tstring\taddr\t")
    assert lines[-1] == "#close\t2026-03-01-10-05-00"


def test_a_log_without_rows_is_there(tmp_path):
    """A log of an earlier run does not stay."""
    zeek.write(
        Result(observations([], dns=table(Dns, []), tls=table(Tls, [])), conclusions(flows=verdicts([]))), tmp_path
    )
    for name in zeek.FILES:
        with ZeekLog(tmp_path / name) as log:
            assert list(log) == []


def test_zeeks_own_header_is_ours(shared, tmp_path):
    """Fields and types of a log that Zeek wrote, but for those that scripts add at its end."""
    zeek.write(result(), tmp_path)
    for path in ("conn", "dns", "ssl"):
        ours = (tmp_path / "zeek" / f"{path}.log").read_text(encoding="utf-8").splitlines()
        theirs = []
        for log in sorted((shared / "corpus" / "expected" / "zeek").glob(f"*/*--{path}.log")):
            lines = log.read_text(encoding="utf-8").splitlines()
            theirs.append([line for line in lines if line.startswith(("#fields", "#types"))])
        known = [line.removesuffix("\tcommunity_id").removesuffix("\tstring") for line in ours[6:8]]
        known = known if path == "conn" else ours[6:8]
        assert known in theirs


def test_another_parser_reads_what_was_seen(tmp_path):
    """Every flow, with its numbers as numbers and what is not known as nothing."""
    zeek.write(result(), tmp_path)
    rows = list(read_zeek(tmp_path / "zeek" / "conn.log"))
    assert len(rows) == len(FLOWS)
    assert (rows[0]["ts"], rows[0]["duration"]) == (1772359200.123457, 60.0)
    assert (rows[0]["id.resp_p"], rows[0]["service"], rows[0]["local_orig"]) == (443, "ssl", True)
    assert (rows[0]["tunnel_parents"], rows[0]["community_id"]) == (None, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")


def test_hostile_names_are_cells_and_nothing_else(tmp_path):
    """A foreign parser gets them back letter by letter; a terminal would obey nothing of it."""
    skipped = []
    zeek.write(hostile(), tmp_path)
    expected = [name.encode("utf-8", "backslashreplace").decode() for name in HOSTILE]
    with ZeekLog(tmp_path / "zeek" / "dns.log", on_error=lambda *told: skipped.append(told)) as log:
        rows = list(log)
    assert [row["query"] for row in rows] == expected
    assert [row["answers"] for row in rows] == [[name, "", "-"] for name in expected]
    assert [row["TTLs"] for row in rows] == [[1.0, 2.0, 3.0]] * len(HOSTILE)
    with ZeekLog(tmp_path / "zeek" / "ssl.log", on_error=lambda *told: skipped.append(told)) as log:
        assert [row["server_name"] for row in log] == expected
    assert skipped == []
    for name in zeek.FILES:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert re.sub("[\t\n]", "", text).isprintable()


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0.000000"),
        (1_499, "0.000001"),
        (1_500, "0.000002"),
        (999_999_999, "1.000000"),
        (-1_500_000, "-0.001500"),
        (1_795_696_400_820_168_412, "1795696400.820168"),
    ],
)
def test_times_are_rounded_to_microseconds(ns, text):
    """As Zeek writes them, with six decimals."""
    assert zeek.seconds(ns) == text
