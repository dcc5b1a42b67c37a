"""A result becomes JSON lines in the Elastic Common Schema: flows, DNS transactions, findings and rules as events.

Fields are those of ECS 9 (event, source, destination, network, dns, tls, rule, observer, related, host); what is our
own stands below `labels` and in `tags`. `event.dataset` tells the four kinds apart; the `event.id` of a flow is the uid
of Zeek's logs.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analyzer.exporting import jsonfile
from analyzer.exporting.foreign import logs
from analyzer.exporting.page import one_line
from analyzer.findings import Cite, Finding, Outcome, RuleOutcome, Severity, Verdict
from analyzer.iana import ip_protocol_name
from analyzer.result import Result, moment

NAME = "ecs"
FILES: tuple[str, ...] = ("ecs.jsonl",)

VERSION = "9.0.0"
OBSERVER = {"product": "plant-capture-analyzer", "type": "network-analyzer"}
SEVERITIES = {severity: number for number, severity in enumerate(reversed(Severity), 1)}
"""event.severity: 1 for info to 5 for critical."""

WORKED = frozenset({"SF", "S1", "S2", "S3", "RSTO", "RSTR"})
FAILED = frozenset({"S0", "REJ", "RSTOS0", "SH"})
OUTCOMES = {Outcome.HOLDS: "success", Outcome.FAILS: "failure"}
TCP, UDP = 6, 17
PORTS = frozenset({TCP, UDP})
MANY_ADDRESSES = 100
COUNTS = frozenset({"bytes", "packets"})
"""What stands once, at the flow, so that sums are right."""

NUMBERS = (int, bool)

Doc = dict[str, Any]


def write(result: Result, folder: Path) -> tuple[str, ...]:
    """Writes ecs.jsonl: flows in the order of their first frames, then the rest; raises OSError."""
    jsonfile.write_lines(folder / FILES[0], documents(result))
    return ()


def documents(result: Result) -> Iterator[Doc]:
    """Every document, nested, without fields that are not known."""
    conn, dns, ssl = logs.of(result)
    ids = conn.columns[tuple(conn.fields).index("uid")]
    yield from _flows(result, ids, _sessions(result, ssl))
    yield from _transactions(result, dns)
    titles = {(rule.pack, rule.rule): rule.title for rule in result.conclusions.rules}
    for finding in result.conclusions.findings:
        yield _finding(result, finding, titles.get((finding.pack, finding.rule), ""))
    end = max((capture.end_ns for capture in result.observations.captures if capture.packets), default=0)
    for rule in result.conclusions.rules:
        yield _rule(rule, end)


def _document(at_ns: int, dataset: str, event: Mapping[str, Any], **fields: Any) -> Doc:
    """A document of this kind, with what every one has."""
    told = {"module": "analyzer", "dataset": f"analyzer.{dataset}", "category": ["network"], **event}
    head = {"@timestamp": _moment(at_ns), "ecs": {"version": VERSION}, "event": _filled(told), "observer": OBSERVER}
    return head | {name: value for name, value in fields.items() if value}


def _moment(at_ns: int) -> str:
    """A time as `moment` has it, its date and time of day from memory where the second was told before."""
    seconds, rest = divmod(at_ns, logs.NS)
    return f"{_second(seconds)}.{rest:09}Z"


@functools.lru_cache(maxsize=10_000)
def _second(seconds: int) -> str:
    return moment(seconds * logs.NS)[:19]


def _filled(fields: Mapping[str, Any]) -> Doc:
    """What is known of fields: numbers, truth values, and what is not empty."""
    return {name: value for name, value in fields.items() if value or type(value) in NUMBERS}


def _but(fields: Doc, left: frozenset[str]) -> Doc:
    """Fields without some."""
    return {name: value for name, value in fields.items() if name not in left}


def _ends(result: Result, rows: Any) -> Iterator[Doc]:
    """Source, destination and network of the flows in these rows."""
    flows = result.observations.flows
    sides = tuple(
        zip(
            *(getattr(flows, f"{side}_{name}")[rows].tolist() for name in ("h", "p", "octets", "packets", "mac")),
            [None] * len(rows) if side == "orig" else logs.texts(flows.server_name[rows]),
            strict=True,
        )
        for side in ("orig", "resp")
    )
    shared = (flows.proto, flows.ip_version, flows.vlan)
    texts = (logs.texts(column[rows]) for column in (flows.service, flows.community_id))
    for orig, resp, (proto, version, vlan, service, community) in zip(
        *sides, zip(*(column[rows].tolist() for column in shared), *texts, strict=True), strict=True
    ):
        network = {
            "type": f"ipv{version}",
            "iana_number": str(proto),
            "transport": ip_protocol_name(proto),
            "protocol": service,
            "community_id": community,
            "bytes": orig[2] + resp[2],
            "packets": orig[3] + resp[3],
            "vlan": {"id": str(vlan)} if vlan >= 0 else None,
        }
        yield {"source": _end(proto, orig), "destination": _end(proto, resp), "network": _filled(network)}


def _end(proto: int, end: tuple[str, int, int, int, str, str | None]) -> Doc:
    """One end of a flow; MAC addresses as RFC 7042 writes them."""
    address, port, octets, packets, mac, name = end
    made: Doc = {"address": address, "bytes": octets, "packets": packets}
    if logs.valid(address):
        made["ip"] = address
    if proto in PORTS:
        made["port"] = port
    if mac:
        made["mac"] = mac.upper().replace(":", "-")
    if name:
        made["domain"] = name
    return made


def _flows(result: Result, ids: logs.Cells, sessions: Mapping[int, Doc]) -> Iterator[Doc]:
    flows, verdicts = result.observations.flows, result.conclusions.flows
    for row, (uid, sides) in enumerate(zip(ids, _ends(result, np.arange(len(ids))), strict=True)):
        verdict = str(verdicts.verdict[row])
        start, end = int(flows.start_ns[row]), int(flows.end_ns[row])
        blocked = verdict == Verdict.BLOCKED
        event = {
            "kind": "event",
            "type": ["connection", "denied"] if blocked else ["connection"],
            "id": uid,
            "action": verdict,
            "outcome": "failure" if blocked else _outcome(int(flows.proto[row]), flows.conn_state[row]),
            "start": _moment(start),
            "end": _moment(end),
            "duration": end - start,
        }
        labels = {
            "verdict": verdict,
            "strength": str(verdicts.strength[row]),
            "end_to_end": str(verdicts.end_to_end[row]),
            "conn_state": flows.conn_state[row],
            "flow": str(row),
        }
        rule = _filled({"id": verdicts.rule[row], "ruleset": verdicts.pack[row]})
        told = {"tls": sessions.get(row), "rule": rule, "labels": _filled(labels), "tags": list(verdicts.codes[row])}
        yield _document(start, "flow", event, **sides, **told)


def _outcome(proto: int, state: str) -> str:
    if state in WORKED:
        return "success"
    return "failure" if proto == TCP and state in FAILED else "unknown"


def _sessions(result: Result, log: logs.Log) -> dict[int, Doc]:
    """The first TLS session of each flow."""
    tls, kept = result.observations.tls, result.observations.certificates
    rows = {fingerprint: row for row, fingerprint in enumerate(kept.fingerprint.tolist())}
    columns = dict(zip(log.fields, log.columns, strict=True))
    made: dict[int, Doc] = {}
    for at, flow in enumerate(tls.flow.tolist()):
        if flow in made:
            continue
        server: Doc = {"ja3s": tls.ja3s[at]}
        row = rows.get(tls.chain[at][0]) if tls.chain[at] else None
        if row is not None:
            server["hash"] = {"sha256": kept.fingerprint[row].upper()}
            server |= {"subject": kept.subject[row], "issuer": kept.issuer[row]}
            server |= {"not_before": moment(kept.not_before_ns[row]), "not_after": moment(kept.not_after_ns[row])}
        protocol, _, digits = tls.version[at].partition("v")
        told = {
            "version": ".".join(digits[:2]) if digits.isdecimal() else "",
            "version_protocol": protocol.lower() if digits.isdecimal() else "",
            **{name: columns[name][at] for name in ("cipher", "resumed", "established", "next_protocol")},
            "client": _filled({"server_name": columns["server_name"][at], "ja3": tls.ja3[at]}),
            "server": _filled(server),
        }
        made[flow] = _filled(told)
    return made


def _transactions(result: Result, log: logs.Log) -> Iterator[Doc]:
    dns = result.observations.dns
    names = ("ts", "uid", "rtt", "query", "qtype_name", "rcode_name", "answers", "TTLs", "TC")
    columns = dict(zip(log.fields, log.columns, strict=True))
    cells = zip(*(columns[name] for name in names), strict=True)
    for (at, uid, rtt, query, kind, code, found, ttls, cut), whole in zip(cells, _ends(result, dns.flow), strict=True):
        event = {
            "kind": "event",
            "type": ["protocol", "info"],
            "id": uid,
            "outcome": {None: "unknown", "NOERROR": "success"}.get(code, "failure"),
            "duration": rtt,
        }
        told = {
            "type": "answer" if code else "query",
            "question": _filled({"name": query, "type": kind}),
            "response_code": code,
            "answers": [
                {"data": answer, "ttl": ttl // logs.NS} for answer, ttl in zip(found or (), ttls or (), strict=False)
            ],
            "resolved_ip": [answer for answer in found or () if logs.valid(answer)],
            "header_flags": ["TC"] if cut else None,
        }
        sides = {name: _but(fields, COUNTS) for name, fields in whole.items()}
        yield _document(at, "dns", event, **sides, dns=_filled(told))


def _finding(result: Result, finding: Finding, title: str) -> Doc:
    flows = result.observations.flows
    starts = [int(flows.start_ns[row]) for row in finding.flows]
    captures = [capture.start_ns for capture in result.observations.captures if capture.packets]
    addresses = {address: None for row in finding.flows for address in (flows.orig_h[row], flows.resp_h[row])}
    names = {flows.server_name[row]: None for row in finding.flows if flows.server_name[row]}
    denied = finding.verdict is Verdict.BLOCKED
    event = {
        "kind": "alert",
        "type": ["denied", "info"] if denied else ["info"],
        "id": finding.id,
        "code": finding.code,
        "action": finding.verdict.value,
        "severity": SEVERITIES[finding.severity],
        "reason": "; ".join(dict.fromkeys(seen.detail for seen in finding.evidence)),
    }
    return _document(
        min(starts, default=min(captures, default=0)),
        "finding",
        event,
        message=finding.title,
        rule=_cited(finding.rule, finding.pack, title, finding.cite),
        host=_filled({"name": finding.host}),
        related=_filled({"ip": list(addresses)[:MANY_ADDRESSES], "hosts": list(names)[:MANY_ADDRESSES]}),
        labels=_filled(
            {
                "severity": finding.severity.value,
                "strength": finding.strength.value,
                "remedy": finding.remedy,
                "filter": finding.filter,
                "flows": str(len(finding.flows)),
                "row": _row(finding.cite),
            }
        ),
    )


def _rule(rule: RuleOutcome, at_ns: int) -> Doc:
    event = {
        "kind": "state",
        "type": ["info"],
        "action": rule.outcome.value,
        "outcome": OUTCOMES.get(rule.outcome, "unknown"),
        "reason": rule.because,
    }
    labels = {"basis": rule.basis.value, "flows": str(rule.flows), "octets": str(rule.octets), "row": _row(rule.cite)}
    cited = _cited(rule.rule, rule.pack, rule.title, rule.cite)
    return _document(at_ns, "rule", event, message=f"{rule.title}: {rule.outcome.value}", rule=cited, labels=labels)


def _row(cite: Cite) -> str:
    """Where a row stands in its document."""
    return f"{cite.document}, {cite.section}" + (f", row {cite.row}" if cite.row else "")


def _cited(name: str, pack: str, title: str, cite: Cite) -> Doc:
    quoted = one_line(cite.quote)
    fields = {"id": name, "ruleset": pack, "name": title, "category": cite.section, "description": quoted}
    return _filled(fields)
