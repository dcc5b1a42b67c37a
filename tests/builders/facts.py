"""Small tables of facts: what a test does not say has the value of "unknown"."""

from __future__ import annotations

from analyzer.tables import Certificates, Dns, Flows, Http, Quic, Tls, build, columns

S = 1_000_000_000

UNKNOWN = {
    *("rtt_ns", "synack_ns", "status", "port", "alert", "vlan", "twin", "mtu"),
    *("orig_isn", "resp_isn", "orig_mss", "resp_mss", "orig_last_ns", "resp_last_ns", "orig_acked", "resp_acked"),
    *("orig_ident", "resp_ident", "rst_ns", "rst_ident", "rst_window", "rst_delay_ns"),
}
"""Columns that hold -1 where nothing is known."""


def table(kind, rows):
    """A table from rows given as dictionaries; what is missing is 0, empty or, where the column says so, -1."""
    values = {}
    for name, (column, _) in columns(kind).items():
        default = column.cells() if column.cells else -1 if name in UNKNOWN else 0
        values[name] = [row.get(name, default) for row in rows]
    return build(kind, **values)


def flows_table(*talks):
    """Flows from (originator, responder, start in ns)."""
    return table(
        Flows, [{"proto": 6, "orig_h": orig, "resp_h": resp, "start_ns": start} for orig, resp, start in talks]
    )


def dns_table(*rows):
    return table(Dns, rows)


def tls_table(*rows):
    return table(Tls, rows)


def http_table(*rows):
    return table(Http, rows)


def quic_table(*rows):
    return table(Quic, rows)


def certificates_table(*rows):
    return table(Certificates, rows)
