"""The flows of two taps side by side become pairs.parquet, and a part of what the terminal shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.exporting.page import Page, several, words
from analyzer.result import Result
from analyzer.taps import MEANINGS, PAIR_COLUMNS, Clock, Passage

NAMES: tuple[str, ...] = ("pairs.parquet",)
TYPES = {
    **dict.fromkeys(("inside", "outside"), pa.int64()),
    "delay_s": pa.float64(),
    "resp_p": pa.uint16(),
}
WORDS = {
    Passage.SAME: "end to end between the taps",
    Passage.RELAYED: "relayed, not opened",
    Passage.OPENED: "opened between the taps",
    Passage.INSIDE_ONLY: "seen inside only",
    Passage.OUTSIDE_ONLY: "seen outside only",
    Passage.UNCLEAR: "unclear",
}
STYLES = {Passage.OPENED: "bold red", Passage.INSIDE_ONLY: "bold yellow"}
SAMPLES = 6


def write(result: Result, folder: Path) -> None:
    """Writes the file where two taps were compared; raises OSError."""
    if result.taps is None:
        return
    fields = [
        pa.field(name, TYPES.get(name, pa.string()), metadata={"description": meaning})
        for name, meaning in PAIR_COLUMNS.items()
    ]
    table = pa.Table.from_pandas(result.pairs, schema=pa.schema(fields), preserve_index=False)
    pq.write_table(table, folder / NAMES[0], compression="zstd")


def shown(page: Page, result: Result, whole: bool) -> None:
    """What becomes of flows between the taps, each sort with some of its names."""
    assert result.taps is not None
    page.heading("between the taps")
    page.hang(words("clocks"), words(told(result.taps.clock)), at=12)
    for passage, flows, parts in passed(result):
        page.hang(words(f"{flows:>5}", STYLES.get(passage, "")), words(f"{WORDS[passage]}: {MEANINGS[passage]}"), at=7)
        page.hang(words(""), words(several(parts, len(parts) if whole else SAMPLES)), at=7)


def passed(result: Result) -> Iterator[tuple[Passage, int, list[str]]]:
    """Each passage that flows took between the taps: how many did, and whom they were for, each with its count."""
    pairs = result.pairs
    for passage in MEANINGS:
        mine = pairs[pairs["passage"] == passage.value]
        if mine.empty:
            continue
        names = mine["server_name"].where(mine["server_name"] != "", mine["resp_h"]) + " " + mine["resp_p"].astype(str)
        counts = names.value_counts()
        yield passage, len(mine), [f"{name} ({count})" if count > 1 else str(name) for name, count in counts.items()]


def told(clock: Clock) -> str:
    """How the clocks of two taps stand to each other, in words."""
    if not clock.flows:
        return "nothing that both captures show tells how they stand to each other, so that no passage is concluded"
    by = {"unchanged": "flows that pass unchanged", "hello": "equal hellos"}[clock.told_by]
    drift = f", {clock.drift * 1e6:+.1f} ppm" if clock.drift else ""
    ahead = f"{abs(clock.offset_ns) / 1e9:.3f} s {'ahead' if clock.offset_ns >= 0 else 'behind'}"
    spread = f"± {clock.spread_ns / 1e6:.3g} ms"
    return f"outside is {ahead} of inside ({spread}{drift}), by {clock.flows} of {by}"
