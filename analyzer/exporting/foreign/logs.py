"""The facts of a result become the columns of Zeek's logs: conn, dns and ssl.

Fields and types are those of Conn::Info, DNS::Info and SSL::Info (Zeek 8, scripts base/protocols/{conn,dns,ssl} and
policy/protocols/conn/community-id-logging). What the facts do not hold, such as the transaction's number, is unset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from analyzer.addresses import Reach, parse, reach
from analyzer.iana import DNS_RCODES, DNS_TYPES, tls_alert_name
from analyzer.result import Result, moment


def _fields(text: str) -> dict[str, str]:
    """Names and types, in order, of the fields that a text tells."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


FLOW = "ts time uid string id.orig_h addr id.orig_p port id.resp_h addr id.resp_p port"
CONN = _fields(f"""{FLOW} proto enum service string duration interval orig_bytes count resp_bytes count
    conn_state string local_orig bool local_resp bool missed_bytes count history string
    orig_pkts count orig_ip_bytes count resp_pkts count resp_ip_bytes count
    tunnel_parents set[string] ip_proto count community_id string""")
DNS = _fields(f"""{FLOW} proto enum trans_id count rtt interval query string qclass count qclass_name string
    qtype count qtype_name string rcode count rcode_name string AA bool TC bool RD bool RA bool Z count
    answers vector[string] TTLs vector[interval] rejected bool opcode count opcode_name string""")
SSL = _fields(f"""{FLOW} version string cipher string curve string server_name string resumed bool
    last_alert string next_protocol string established bool ssl_history string
    cert_chain_fps vector[string] client_cert_chain_fps vector[string] sni_matches_cert bool""")

PROTOS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}
"""Zeek's transport_proto; any other is unknown_transport."""

SERVICES = {"tls": "ssl", "mdns": "dns", "llmnr": "dns", "netbios-ns": "dns", "rdp-udp": "rdpeudp"}
"""Services that Zeek calls otherwise."""

ANSWERS = {
    1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17, 10: 9, 9: 10},
    58: {128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 139: 140, 140: 139, 144: 145,
         145: 144},
}  # fmt: skip
"""ICMP and ICMPv6 types, and those of their answers, which Zeek and the Community ID write as the responder's port."""

CHANGE_CIPHER = "20:"
"""How a TLS record that switches encryption on begins among the first records (RFC 5246 section 7.1)."""

UID_OCTETS = 12
TTL_DIGITS = 10  # of 2^32 - 1
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NS, MICRO = 1_000_000_000, 1_000_000

Cells = Sequence[Any]


class Log(NamedTuple):
    """One log: the path by which Zeek calls it, its fields with their types, and a column for each.

    None is an unset cell; times and intervals are ns, sets and vectors are tuples.
    """

    path: str
    fields: Mapping[str, str]
    columns: tuple[Cells, ...]


def of(result: Result) -> tuple[Log, ...]:
    """The three logs of a result, rows in the order of their first frames."""
    ids = uids(result)
    return _conn(result, ids), _dns(result, ids), _ssl(result, ids)


def uids(result: Result) -> list[str]:
    """An id for each flow as Zeek's look (C and 96 bits in base 62), the same whenever the same flow is read."""
    flows = result.observations.flows
    told = zip(flows.start_ns.tolist(), flows.community_id.tolist(), strict=True)
    return [_uid(f"{row} {start} {community}") for row, (start, community) in enumerate(told)]


def span(result: Result) -> tuple[str, str]:
    """When the captures begin and end, as Zeek's #open and #close write it; the epoch where nothing was captured."""
    filled = [capture for capture in result.observations.captures if capture.packets]
    begin = min((capture.start_ns for capture in filled), default=0)
    end = max((capture.end_ns for capture in filled), default=0)
    first, last = (moment(at)[:19].translate(str.maketrans("T:", "--")) for at in (begin, end))
    return first, last


def micros(ns: int) -> int:
    """A time or an interval in µs, rounded."""
    return (ns + NS // MICRO // 2) // (NS // MICRO)


def texts(column: Any) -> list[str | None]:
    """A column of text, unset where it is empty; what is not valid Unicode becomes escapes."""
    return [_sound(cell) if cell else None for cell in column.tolist()]


def valid(address: str) -> bool:
    """Whether a text is an address without a zone."""
    return "%" not in address and parse(address) is not None


def _uid(text: str) -> str:
    number = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=UID_OCTETS).digest())
    made = ""
    while number:
        number, digit = divmod(number, len(BASE62))
        made = BASE62[digit] + made
    return f"C{made}"


def _sound(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _log(path: str, fields: Mapping[str, str], rows: int, columns: Mapping[str, Cells]) -> Log:
    """A log in which fields that the facts do not hold are unset."""
    unset: Cells = [None] * rows
    return Log(path, fields, tuple(columns.get(name, unset) for name in fields))


def _conn(result: Result, ids: list[str]) -> Log:
    flows = result.observations.flows
    lasted = flows.end_ns - flows.start_ns
    local = {host: reach(host) is Reach.LOCAL for host in {*flows.orig_h.tolist(), *flows.resp_h.tolist()}}
    columns = {
        **_ends(result, ids, range(len(ids))),
        "ts": flows.start_ns.tolist(),
        "service": _services(result),
        "duration": _where(lasted > 0, lasted),
        "conn_state": [state or "OTH" for state in flows.conn_state.tolist()],
        "missed_bytes": (flows.orig_missed + flows.resp_missed).tolist(),
        "history": texts(flows.history),
        "ip_proto": flows.proto.tolist(),
        "community_id": texts(flows.community_id),
    }
    for side, host in (("orig", flows.orig_h), ("resp", flows.resp_h)):
        sent = getattr(flows, f"{side}_payload_octets") - getattr(flows, f"{side}_retransmitted")
        columns[f"{side}_bytes"] = _where(lasted > 0, sent + getattr(flows, f"{side}_missed"))
        columns[f"local_{side}"] = [local[address] for address in host.tolist()]
        columns[f"{side}_pkts"] = getattr(flows, f"{side}_packets").tolist()
        columns[f"{side}_ip_bytes"] = getattr(flows, f"{side}_octets").tolist()
    return _log("conn", CONN, len(ids), columns)


def _dns(result: Result, ids: list[str]) -> Log:
    dns = result.observations.dns
    types, codes = ({name: number for number, name in table.items()} for table in (DNS_TYPES, DNS_RCODES))
    columns = {
        **_ends(result, ids, dns.flow.tolist()),
        "ts": dns.ts_ns.tolist(),
        "rtt": _where(dns.rtt_ns >= 0, dns.rtt_ns),
        "query": texts(dns.query),
        "qtype": _numbers(dns.qtype_name, types, "TYPE"),
        "qtype_name": texts(dns.qtype_name),
        "rcode": _numbers(dns.rcode_name, codes, "RCODE"),
        "rcode_name": texts(dns.rcode_name),
        "TC": dns.truncated.tolist(),
        "answers": _lists(dns.answers, _sound),
        "TTLs": _lists(dns.ttls, lambda ttl: int(ttl) * NS if ttl.isdecimal() and len(ttl) <= TTL_DIGITS else 0),
    }
    return _log("dns", DNS, dns.flow.size, columns)


def _ssl(result: Result, ids: list[str]) -> Log:
    tls = result.observations.tls
    columns = {
        **_ends(result, ids, tls.flow.tolist()),
        "ts": tls.ts_ns.tolist(),
        "version": texts(tls.version),
        "cipher": texts(tls.cipher),
        "server_name": texts(tls.server_name),
        "resumed": tls.resumed.tolist(),
        "last_alert": [tls_alert_name(alert) if alert >= 0 else None for alert in tls.alert.tolist()],
        "next_protocol": texts(tls.server_alpn),
        "established": _established(tls),
        "cert_chain_fps": _lists(tls.chain, _sound),
    }
    return _log("ssl", SSL, tls.flow.size, columns)


def _ends(result: Result, ids: list[str], rows: Iterable[int]) -> dict[str, Cells]:
    """The columns that every log has of the flow that its row is of."""
    flows, at = result.observations.flows, np.fromiter(rows, np.int64)
    return {
        "uid": [ids[row] for row in at.tolist()],
        "id.orig_h": flows.orig_h[at].tolist(),
        "id.orig_p": flows.orig_p[at].tolist(),
        "id.resp_h": flows.resp_h[at].tolist(),
        "id.resp_p": [
            ANSWERS[proto].get(kind, port) if proto in ANSWERS else port
            for proto, kind, port in zip(
                flows.proto[at].tolist(), flows.orig_p[at].tolist(), flows.resp_p[at].tolist(), strict=True
            )
        ],
        "proto": [PROTOS.get(number, "unknown_transport") for number in flows.proto[at].tolist()],
    }


def _services(result: Result) -> Cells:
    """What each flow's payload shows, with ssl beside a protocol in which TLS began."""
    flows = result.observations.flows
    names = [
        name and SERVICES.get(name, name) for name in texts(np.where(flows.certainty == "port", "", flows.service))
    ]
    for row in set(result.observations.tls.flow.tolist()):
        if names[row] != "ssl":
            names[row] = f"{names[row]},ssl" if names[row] else "ssl"
    return names


def _established(tls: Any) -> Cells:
    """Whether a handshake ended well: octets of the application both ways, before TLS 1.3 also both switches."""
    return [
        worked or (version != "TLSv13" and all(any(one.startswith(CHANGE_CIPHER) for one in side) for side in sides))
        for worked, version, *sides in zip(
            tls.established.tolist(),
            tls.version.tolist(),
            tls.client_records.tolist(),
            tls.server_records.tolist(),
            strict=True,
        )
    ]


def _where(known: Any, values: Any) -> Cells:
    """Values that are known, the others unset."""
    return [value if is_known else None for value, is_known in zip(values.tolist(), known.tolist(), strict=True)]


def _numbers(names: Any, known: Mapping[str, int], prefix: str) -> Cells:
    """The registry's numbers of names; those without one are called by their number behind a prefix."""
    rest = {name: name.removeprefix(prefix) for name in set(names.tolist()) - {*known, ""}}
    numbers = dict(known) | {name: int(digits) for name, digits in rest.items() if digits.isdecimal()}
    return [numbers.get(name) for name in names.tolist()]


def _lists(column: Any, cell: Callable[[str], Any]) -> Cells:
    return [tuple(map(cell, cells)) or None for cells in column.tolist()]
