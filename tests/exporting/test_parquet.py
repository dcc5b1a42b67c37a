import pandas as pd
import pyarrow.parquet as pq

from analyzer.exporting import parquet
from analyzer.result import FLOW_COLUMNS, Result
from tests.builders.plant import conclusions, observations, result, verdicts


def test_flows_come_back_as_they_were(tmp_path):
    """Pandas reads from flows.parquet what Result.flows holds."""
    parquet.write(result(), tmp_path)
    frame, expected = pd.read_parquet(tmp_path / "flows.parquet"), result().flows
    assert list(FLOW_COLUMNS) == list(frame.columns)
    for name in FLOW_COLUMNS:
        assert [list(cell) if name == "codes" else cell for cell in expected[name]] == [
            list(cell) if name == "codes" else cell for cell in frame[name]
        ]


def test_columns_say_what_they_hold(tmp_path):
    """Each column of flows.parquet carries its meaning; times are UTC to the nanosecond."""
    parquet.write(result(), tmp_path)
    schema = pq.read_schema(tmp_path / "flows.parquet")
    assert list(FLOW_COLUMNS.values()) == [field.metadata[b"description"].decode() for field in schema]
    assert str(schema.field("start").type) == "timestamp[ns, tz=UTC]"
    assert str(schema.field("codes").type) == "list<element: string>"


def test_bandwidth_has_a_row_per_host(tmp_path):
    """Edges, machines and browsers stand in one table, each with its direction."""
    parquet.write(result(), tmp_path)
    frame = pd.read_parquet(tmp_path / "bandwidth.parquet")
    assert list(zip(frame["host"], frame["direction"], strict=True)) == [
        ("edge", "upload"),
        ("m1", "machine_side"),
        ("pc", "download"),
    ]
    assert frame["budget_bps"].tolist() == [9_000.0, 1_000.0, 250.0]


def test_an_empty_result_keeps_its_columns(tmp_path):
    """Files without rows have the same columns and types."""
    parquet.write(result(), tmp_path)
    before = [pq.read_schema(tmp_path / name).remove_metadata() for name in parquet.NAMES]
    empty = Result(observations([]), conclusions(flows=verdicts([]), budgets=()))
    parquet.write(empty, tmp_path)
    assert before == [pq.read_schema(tmp_path / name).remove_metadata() for name in parquet.NAMES]
