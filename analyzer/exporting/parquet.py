"""A result becomes flows.parquet and bandwidth.parquet, with the meaning of each column in the files' metadata."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.result import FLOW_COLUMNS, Result

NAMES: tuple[str, ...] = ("flows.parquet", "bandwidth.parquet")

WORD = pa.dictionary(pa.int32(), pa.string())
MOMENT = pa.timestamp("ns", tz="UTC")
TYPES = {
    **dict.fromkeys(("community_id", "orig_h", "resp_h", "history", "server_name"), pa.string()),
    **dict.fromkeys(("flow", "orig_packets", "resp_packets", "orig_octets", "resp_octets"), pa.int64()),
    **dict.fromkeys(("orig_p", "resp_p"), pa.uint16()),
    **dict.fromkeys(("start", "end"), MOMENT),
    "codes": pa.list_(pa.string()),
}
"""Types of the columns of flows.parquet; those that are not here hold few words each."""

BANDWIDTH_TEXTS = ("host", "role", "class", "protocol", "direction", "outcome")
BANDWIDTH_COUNTS = ("standard", "focas", "unknown")


def write(result: Result, folder: Path) -> None:
    """Writes both files; raises OSError."""
    pq.write_table(flows_table(result), folder / NAMES[0], compression="zstd")
    pq.write_table(bandwidth_table(result), folder / NAMES[1], compression="zstd")


def flows_table(result: Result) -> pa.Table:
    """Result.flows in Arrow, one row per flow."""
    frame = result.flows
    fields = [
        pa.field(name, TYPES.get(name, WORD), metadata={"description": meaning})
        for name, meaning in FLOW_COLUMNS.items()
    ]
    return pa.Table.from_pandas(frame, schema=pa.schema(fields), preserve_index=False)


def bandwidth_table(result: Result) -> pa.Table:
    """Result.bandwidth in Arrow, one row per host with a budget."""
    frame = result.bandwidth
    kinds = dict.fromkeys(BANDWIDTH_TEXTS, pa.string()) | dict.fromkeys(BANDWIDTH_COUNTS, pa.int64())
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in frame.columns])
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
