import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer import factsfile
from analyzer.errors import SourceError
from analyzer.factsfile import FACTS, TABLES, load, load_parts, save
from analyzer.observations import SCHEMA
from analyzer.tables import Dns, Flows, columns
from tests.builders.plant import flow, observations, table


def same(one, other):
    for name in TABLES:
        for column, left, right in zip(
            getattr(one, name)._fields, getattr(one, name), getattr(other, name), strict=True
        ):
            assert left.dtype == right.dtype, (name, column)
            assert left.tolist() == right.tolist(), (name, column)
    return one.captures == other.captures and one.quality == other.quality


def test_saved_facts_come_back_as_they_were(tmp_path):
    """Every table, every column, every type, the captures and their quality survive."""
    facts = observations()
    save(facts, tmp_path / "new" / "facts")
    assert len(load_parts(tmp_path / "new")) == 1
    assert same(facts, load(tmp_path / "new" / "facts"))


def test_no_flows_are_facts_too(tmp_path):
    """Tables without rows are saved and loaded."""
    facts = observations([], dns=table(Dns, []), tls=observations().tls._replace(flow=np.zeros(1, np.int64)))
    facts = replace(facts, tls=table(type(facts.tls), []), rates=table(type(facts.rates), []), captures=())
    save(facts, tmp_path)
    assert same(facts, load(tmp_path))


def test_every_table_but_certificates_carries_its_flow(tmp_path):
    """Files of facts can be joined on `flow`, and their columns are those of the tables."""
    save(observations(), tmp_path)
    for name, kind in TABLES.items():
        names = pq.read_schema(tmp_path / f"{name}.parquet").names
        assert ("flow" in names) == (name not in {"certificates", "arp"})
        assert list(columns(kind)) == [column for column in names if column != "flow" or kind is not Flows]


def test_text_that_is_not_unicode_is_saved_as_escapes(tmp_path):
    """A lone surrogate, which no Parquet file holds, does not stop the saving."""
    dns = table(Dns, [{"query": "a\udc80", "answers": ("b\udc81",)}])
    save(observations([flow(server_name="\udc82")], dns=dns), tmp_path)
    loaded = load(tmp_path)
    assert [
        loaded.dns.query[0],
        loaded.dns.answers[0][0],
        loaded.flows.server_name[0],
    ] == [r"a\udc80", r"b\udc81", r"\udc82"]


def header(folder, **changes):
    held = json.loads((folder / FACTS).read_text())
    (folder / FACTS).write_text(json.dumps(held | changes))


def rewrite(folder, name, change):
    held = pq.read_table(folder / f"{name}.parquet")
    pq.write_table(change(held), folder / f"{name}.parquet")


def replaced(held, name, cells):
    at = held.column_names.index(name)
    return held.set_column(at, name, [cells])


DAMAGE = {
    "no facts.json": (lambda d: (d / FACTS).unlink(), "no saved facts"),
    "not JSON": (lambda d: (d / FACTS).write_bytes(b"\xff{"), "expected the JSON"),
    "deep JSON": (lambda d: (d / FACTS).write_text("[" * 100_000), "expected the JSON"),
    "a list": (lambda d: (d / FACTS).write_text("[]"), "expected the JSON"),
    "another schema": (lambda d: header(d, schema="analyzer-facts/2\x1b[2J"), f"expected schema {SCHEMA}"),
    "odd captures": (lambda d: header(d, captures=[{"path": 1}]), "captures.0.path"),
    "odd quality": (lambda d: header(d, quality={"missed_octets": "many"}), "quality.missed_octets"),
    "fewer rows": (lambda d: header(d, tables={}), "facts.json tells None"),
    "a table is missing": (lambda d: (d / "ntp.parquet").unlink(), "is missing"),
    "not Parquet": (lambda d: (d / "ntp.parquet").write_bytes(b"PAR1 no"), "cannot be read"),
    "a column is missing": (
        lambda d: rewrite(d, "dns", lambda t: t.drop_columns(["query"])),
        "column query is missing",
    ),
    "a column too many": (
        lambda d: rewrite(d, "dns", lambda t: t.append_column("x\x1b", [["a"]])),
        "is not one of this table",
    ),
    "another type": (
        lambda d: rewrite(d, "dns", lambda t: replaced(t, "queries", pa.array(["many"]))),
        "column queries: expected uint32, found string",
    ),
    "an empty cell": (
        lambda d: rewrite(d, "dns", lambda t: replaced(t, "query", pa.array([None], pa.string()))),
        "column query has empty cells",
    ),
    "an empty word": (
        lambda d: rewrite(d, "dns", lambda t: replaced(t, "answers", pa.array([[None]], pa.list_(pa.string())))),
        "column answers has empty cells",
    ),
    "no such flow": (
        lambda d: rewrite(d, "dns", lambda t: replaced(t, "flow", pa.array([99], pa.int64()))),
        "names a flow that is not there",
    ),
    "negative flow": (
        lambda d: rewrite(d, "dns", lambda t: replaced(t, "flow", pa.array([-1], pa.int64()))),
        "names a flow that is not there",
    ),
    "flows out of order": (
        lambda d: rewrite(d, "flows", lambda t: replaced(t, "flow", pa.array([4, 3, 2, 1, 0], pa.int64()))),
        "does not count the rows",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_facts_are_refused_in_one_line(tmp_path, kind):
    """Each way in which saved facts may be wrong gives a line that names the file and says what is wrong."""
    save(observations(), tmp_path)
    damage, expected = DAMAGE[kind]
    damage(tmp_path)
    with pytest.raises(SourceError, match=str(tmp_path)) as caught:
        load(tmp_path)
    assert expected in str(caught.value)
    assert str(caught.value).isprintable()


def test_saving_again_replaces_what_was_there(tmp_path):
    """facts.json is written last: while tables are being replaced the folder does not pass for whole facts."""
    save(observations(), tmp_path)
    other = observations([flow()], dns=table(Dns, []), tls=table(factsfile.TABLES["tls"], []))
    save(other, tmp_path)
    assert load(tmp_path).flows.proto.size == 1


def test_columns_of_more_octets_than_arrow_counts_come_in_parts(tmp_path, monkeypatch):
    """Arrow's offsets have 32 bit; what needs more is saved in several chunks, and loads as one column."""
    monkeypatch.setattr(factsfile, "MAX_OFFSET", 5)
    told = (("abcd", ("x", "yz")), ("ef", ("uvw",)), ("", ()))
    rows = [{"query": name, "answers": answers} for name, answers in told]
    saved = observations([flow()], dns=table(Dns, rows), captures=())
    monkeypatch.setattr(factsfile, "TABLES", {"dns": Dns})
    parts = []
    joined = pa.chunked_array
    monkeypatch.setattr(pa, "chunked_array", lambda given, type: parts.append(len(given)) or joined(given, type=type))  # noqa: A006
    save(saved, tmp_path)
    assert max(parts) > 1
    held = pq.read_table(tmp_path / "dns.parquet")
    assert held["query"].to_pylist() == ["abcd", "ef", ""]
    assert held["answers"].to_pylist() == [["x", "yz"], ["uvw"], []]
