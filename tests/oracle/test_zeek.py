"""The oracle, and so the kernels that agree with it, speaks of connections as Zeek does."""

from __future__ import annotations

import pytest

from tests.oracle.observe import observe

PROTOS = {6: "tcp", 17: "udp"}

BASELINES = (
    "zeek--http--connect-with-smtp.pcap",
    "zeek--http--zeek-image-post-1080-8000-x.pcap",
    "zeek--mysql--encrypted.pcap",
    "zeek--redis--django-cloud.pcapng",
    "zeek--ssh--server-pre-banner-data.pcap",
    "zeek--tls--irc-starttls.pcap",
    "zeek--tls--xmpp-starttls.pcap",
    "zeek--rdp--rdpeudp-handshake-success.pcap",
    "zeek--rdp--rdpeudp-handshake-fail.pcap",
)
"""Captures of Zeek's own tests with its conn.log; left out are tunnels and those in which Zeek's timers end flows."""

RESETS = {
    "zeek--tcp--syn-then-rst.pcap": ("SR", "RSTOS0"),
    "zeek--tcp--syn-then-stuff-then-rst.pcap": ("SaFR", "OTH"),
}
"""Zeek's test of its states after a reset (conn_state-RST-behavior): history and conn_state of the one connection."""


def read_log(folder):
    """(history, state, packets, octets, missed octets) by 5-tuple of a conn.log."""
    log = next(folder.glob("*conn.log")).read_text().splitlines()
    names = next(line for line in log if line.startswith("#fields")).split("\t")[1:]
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in log if not line.startswith("#")]
    return {
        tuple(row[name] for name in ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")): (
            row["history"], row["conn_state"], int(row["orig_pkts"]), int(row["orig_ip_bytes"]),
            int(row["resp_pkts"]), int(row["resp_ip_bytes"]), int(row["missed_bytes"]),
        )
        for row in rows
    }  # fmt: skip


def capture(shared, name):
    """The corpus's file of this name."""
    return next(path for path in (shared / "corpus").glob(f"*/{name}") if path.is_file())


@pytest.mark.parametrize("name", BASELINES)
def test_flows_are_those_of_zeeks_own_log(shared, name):
    """History, state, packets, octets and missed octets are what Zeek logs for the same capture."""
    flows = observe([capture(shared, name)]).flows
    seen = {}
    for k in range(flows.proto.size):
        ends = (flows.orig_h[k], str(flows.orig_p[k]), flows.resp_h[k], str(flows.resp_p[k]))
        seen[*ends, PROTOS[flows.proto[k]]] = (
            flows.history[k], flows.conn_state[k], flows.orig_packets[k], flows.orig_octets[k],
            flows.resp_packets[k], flows.resp_octets[k], flows.orig_missed[k] + flows.resp_missed[k],
        )  # fmt: skip
    logged = read_log(shared / "corpus" / "expected" / "zeek" / name)
    assert {key: seen.get(key) for key in logged} == logged


@pytest.mark.parametrize(("name", "expected"), RESETS.items())
def test_resets_are_told_as_zeek_tells_them(shared, name, expected):
    """An originator's reset is RSTOS0 only where nothing but its SYN and ACKs came before."""
    flows = observe([capture(shared, name)]).flows
    assert [(flows.history[0], flows.conn_state[0])] == [expected]
