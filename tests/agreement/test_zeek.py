"""Connections are those of Zeek's own logs of its own test captures."""

from __future__ import annotations

import collections

import analyzer
from tests.agreement.known import capture, unexplained
from tests.builders.agreement import AS_MIRRORED

PROTOS = {6: "tcp", 17: "udp"}
ENDS = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")
COUNTS = ("orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes", "missed_bytes")
RESETS = {
    "zeek--tcp--syn-then-rst.pcap": ("SR", "RSTOS0"),
    "zeek--tcp--syn-then-stuff-then-rst.pcap": ("SaFR", "OTH"),
}
"""Zeek's test of its states after a reset (conn_state-RST-behavior): history and conn_state of the one connection."""


def read_log(path):
    """(ends, state, history, counts) of each TCP and UDP connection; None where the log lacks a column."""
    lines = path.read_text().splitlines()
    names = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), [])
    if not {*ENDS, *COUNTS, "conn_state", "history"} <= {*names}:
        return None
    rows = (dict(zip(names, line.split("\t"), strict=True)) for line in lines if not line.startswith("#"))
    return collections.Counter(
        (*(row[name] for name in ENDS), row["conn_state"], row["history"], *(int(row[name]) for name in COUNTS))
        for row in rows
        if row["proto"] in PROTOS.values()
    )


def observed(path):
    """The same of our flows."""
    flows = analyzer.observe([str(path)], settings=AS_MIRRORED).flows
    columns = zip(
        flows.orig_h, flows.orig_p.astype(str), flows.resp_h, flows.resp_p.astype(str),
        [PROTOS.get(proto, "") for proto in flows.proto.tolist()], flows.conn_state, flows.history,
        flows.orig_packets, flows.orig_octets, flows.resp_packets, flows.resp_octets,
        flows.orig_missed + flows.resp_missed, strict=True,
    )  # fmt: skip
    return collections.Counter(row for row in columns if row[4])


def test_connections_are_those_of_zeeks_own_logs(shared):
    """Ends, state, history, packets, octets and missed octets of TCP and UDP are Zeek's, but for known differences."""
    corpus = shared / "corpus"
    found, compared = {}, set()
    for log in sorted((corpus / "expected" / "zeek").glob("*/*conn.log")):
        logged = read_log(log)
        if logged is None:
            continue
        path = capture(corpus, log.parent.name)
        name = path.relative_to(corpus).as_posix()
        compared.add(name)
        seen = observed(path)
        if seen != logged:
            found["connections", name] = [*(seen - logged)], [*(logged - seen)]
    assert len(compared) > 10
    lines = unexplained("zeek", found, compared)
    assert not lines, "\n".join(lines)


def test_resets_are_told_as_zeek_tells_them(shared):
    """An originator's reset is RSTOS0 only where nothing but its SYN and ACKs came before."""
    for name, expected in RESETS.items():
        flows = analyzer.observe([str(capture(shared / "corpus", name))], settings=AS_MIRRORED).flows
        assert [(flows.history[0], flows.conn_state[0])] == [expected]
