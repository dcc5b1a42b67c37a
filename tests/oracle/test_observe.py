"""What the kernels observe is what the oracle observes, on captures that nobody here made."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.api import observe as observe_fast
from analyzer.errors import AnalyzerError
from analyzer.tables import columns
from tests.oracle.observe import observe

TABLES = ("flows", "dns", "tls", "certificates", "http", "dhcp", "ntp", "quic", "icmp", "arp", "rates")
COUNTS = (
    "missed_octets", "one_sided_flows", "midstream_flows", "tcp_flows", "snaplen_cut_frames", "unknown_link_frames",
    "undecoded_frames", "non_ip_frames", "time_steps_back", "duplicates", "duplicate_octets",
)  # fmt: skip
FACTS = ("format", "packets", "octets", "start_ns", "end_ns", "cut", "link_types")
NO_CAPTURES = {"expected", "fingerprint_tables"}


def as_lists(seen):
    """Observations as plain lists, by table and column; rates in the order of flow and time."""
    order = np.lexsort((seen.rates.start_ns, seen.rates.flow))
    tables = {name: getattr(seen, name) for name in TABLES}
    tables["rates"] = type(seen.rates)(*(column[order] for column in seen.rates))
    found = {
        (name, cell): getattr(table, cell).tolist() for name, table in tables.items() for cell in columns(type(table))
    }
    found |= {("quality", name): getattr(seen.quality, name) for name in COUNTS}
    return found | {("captures", name): [getattr(one, name) for one in seen.captures] for name in FACTS}


def corpus(shared, most):
    """Captures of the public corpus of at most so many octets."""
    folders = [one for one in (shared / "corpus").iterdir() if one.is_dir() and one.name not in NO_CAPTURES]
    files = sorted(path for one in folders for path in one.rglob("*") if path.is_file())
    return [path for path in files if path.stat().st_size <= most]


def disagreements(paths):
    """Per file on which kernels and oracle disagree, the tables' columns in which they do."""
    found = {}
    for path in paths:
        try:
            fast = as_lists(observe_fast([str(path)]))
        except AnalyzerError:
            continue  # no capture, or nothing of it can be read: tests/capturing/test_corpus.py looks at those
        slow = as_lists(observe([path]))
        wrong = sorted(where for where in slow if fast[where] != slow[where])
        if wrong:
            found[path.name] = wrong
    return found


def test_small_captures_of_the_corpus_are_seen_alike(shared):
    """Every tenth of the small captures that other projects published gives the same tables."""
    paths = corpus(shared, 20_000)
    assert len(paths) > 500
    assert disagreements(paths[::10]) == {}


@pytest.mark.slow
def test_all_captures_of_the_corpus_are_seen_alike(shared):
    """All captures of the corpus up to 3 MB give the same tables."""
    assert disagreements(corpus(shared, 3_000_000)) == {}
