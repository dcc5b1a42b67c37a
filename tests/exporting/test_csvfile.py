import csv
import re
from dataclasses import replace

import pandas as pd
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.exporting import csvfile, parquet
from analyzer.findings import Outcome
from analyzer.result import FLOW_COLUMNS, Result
from tests.builders.plant import FINDING, FLOWS, conclusions, flow, observations, result, rule, verdicts

BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20))
@example([" \r"])
def test_no_cell_begins_as_a_formula(cells):
    """No cell begins with what a spreadsheet runs, blanks before it or not; other cells stay as they are."""
    shown = csvfile.defused(pa.array(cells, pa.string())).to_pylist()
    for cell, text in zip(cells, shown, strict=True):
        assert not text.lstrip(" ").startswith(BEGINS)
        assert text in (cell, "'" + cell)
        if not re.match(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]", cell):
            assert cell == text


@given(st.sampled_from(BEGINS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_every_formula_is_defused(begin, rest):
    """Whatever follows the sign, the cell begins with an apostrophe."""
    assert ["'" + begin + rest] == csvfile.defused(pa.array([begin + rest])).to_pylist()


def test_one_file_per_table_with_its_columns(tmp_path):
    """Each table is there with a header, its rows, and nothing of pandas' index."""
    csvfile.write(result(), tmp_path)
    assert set(csvfile.NAMES) == {path.name for path in tmp_path.iterdir()}
    flows = rows(tmp_path / "flows.csv")
    assert list(FLOW_COLUMNS) == flows[0]
    assert len(FLOWS) == len(flows) - 1
    assert flows[1][2] == "2026-03-01T10:00:00.123456789Z"
    assert "ClientHello for telemetry.vendor.example, 198.51.100.99:443 (frames 100 101" in " ".join(
        rows(tmp_path / "findings.csv")[1]
    )


def test_names_from_a_capture_cannot_run(tmp_path):
    """A server name that is a formula, with quotes and line breaks in it, stays one harmless cell."""
    evil = '=HYPERLINK("http://x","y")\n,z'
    facts = observations([flow(server_name=evil, server_name_basis="sni")])
    csvfile.write(Result(facts, conclusions(flows=verdicts(["expected"]))), tmp_path)
    assert "'" + evil == rows(tmp_path / "flows.csv")[1][16]


def test_what_does_not_print_is_spelled_out(tmp_path):
    """Of captures, packs and site files alike: no cell moves a cursor or turns text around; a quote keeps its lines."""
    evil, shown = "\x1b[31m\n\u202egpj", "\\x1b[31m\n\\u202egpj"
    changed = replace(FINDING, title=evil, rivals=(evil, "b"))
    made = result(findings=(changed,), rules=[rule("x", Outcome.HOLDS, title=evil)])
    csvfile.write(made, tmp_path)
    facts = observations([flow(server_name=evil), flow(server_name="\u05d0.example")])
    csvfile.write_table(
        parquet.flows_table(Result(facts, conclusions(flows=verdicts(["expected"] * 2)))), tmp_path / "f"
    )
    for name, told in (("findings.csv", f"{shown}; b"), ("rules.csv", shown), ("f", shown), ("f", "\u05d0.example")):
        assert told in [cell for row in rows(tmp_path / name) for cell in row]
    for path in tmp_path.iterdir():
        assert all(line.isprintable() for line in path.read_text(encoding="utf-8").splitlines())


def test_lists_of_a_capture_cannot_run(tmp_path):
    """What stands in lists (look-alikes, evidence) is defused as well."""
    changed = {name: getattr(FINDING, name) for name in FINDING.__dataclass_fields__} | {"rivals": ("@evil", "b")}
    csvfile.write(result(findings=(type(FINDING)(**changed),)), tmp_path)
    assert "'@evil; b" in rows(tmp_path / "findings.csv")[1]


def test_an_empty_result_gives_headers(tmp_path):
    """Tables without rows still have their header line."""
    empty = Result(
        observations([], captures=()),
        conclusions(flows=verdicts([]), hosts=(), rules=(), findings=(), checklist=(), budgets=(), purposes=()),
    )
    csvfile.write(empty, tmp_path)
    assert list(FLOW_COLUMNS) == rows(tmp_path / "flows.csv")[0]
    assert len(rows(tmp_path / "findings.csv")) == 1


def test_pandas_reads_the_flows(tmp_path):
    """The file is CSV as other programs read it, numbers as numbers."""
    csvfile.write(result(), tmp_path)
    frame = pd.read_csv(tmp_path / "flows.csv", keep_default_na=False)
    assert frame["resp_p"].tolist() == [443, 53, 443, 80, 0]
