"""What to ask for: a ticket for whoever runs the firewall, and the capture that would tell more, as a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analyzer.findings import Cite
from analyzer.judging.case import Case, Rows, listed
from analyzer.judging.codes import CODES
from analyzer.judging.ruling import Block, Opening, exempting
from analyzer.judging.targets import PROTOCOLS
from analyzer.judging.traffic import TCP
from analyzer.rulepack import Rule, matches_name

SECONDS = 600
MOST = 4
HTTPS = ("tcp", 443)
"""Where a proxy's own connections go."""

CLOCKING = (("udp", 53), ("udp", 123))
"""What passes firewalls unchanged, and so tells how the clocks of two taps stand to each other."""


def ticket(case: Case, block: Block) -> str:
    """The change to ask for: who, to whom by name and address, port, protocol, direction, and by which row."""
    clients = _clients(case, block)
    host = listed(clients) + ("" if block.actor.name in clients else f" ({block.actor.name})")
    rule = block.rule
    if block.stage == "dns" and any(seen.about for seen in block.evidence):
        names = listed(dict.fromkeys(seen.about for seen in block.evidence if seen.about))
        at = f" ({', '.join(rule.to.at)})" if rule.to.at else ""
        asked = f"let {_servers(case, block)} answer {host} for {names} with its public addresses{at}"
    elif block.stage == "proxy":
        asked = f"let the proxy {_servers(case, block)} open CONNECT to {block.whom} for {host}"
    else:
        asked = f"allow {_what(case, block)} from {host} to {_whom(case, block)}, outbound, answers included"
        if block.stage in {"tls", "http"}:
            asked += ", without inspection"
    also = f" The same for {listed(block.others)}." if block.others else ""
    return f"Ticket: {asked}; required by {place(rule.cite)}.{also} {CODES[block.code].remedy}"


def place(cite: Cite) -> str:
    """Where a document says something."""
    return f"{cite.document}, {cite.section}" + (f", row {cite.row}" if cite.row else "")


def capture(case: Case, rows: Rows) -> str:
    """The capture that would tell why flows did not work: on the far side, at the same time, as a command."""
    flows = case.seen.flows
    servers = list(dict.fromkeys(flows.resp_h[row] for row in rows.tolist()))[:MOST]
    ports = sorted({int(flows.resp_p[row]) for row in rows.tolist()})[:MOST]
    hosts, at = " or ".join(f"host {server}" for server in servers), " or ".join(f"port {port}" for port in ports)
    what = f'-f "(({hosts}) and ({at})) or icmp or icmp6"'
    command = f"dumpcap -i IFACE -s 0 -a duration:{SECONDS} {what} -w far-side.pcapng"
    return f"what would tell: a capture on the far side of the firewall, or at the server, at the same time: {command}"


def remedy_for(case: Case, opening: Opening) -> str:
    """The bypass to ask for: for which hosts, by the names of the document, to where; by which row."""
    if not opening.certain:
        told = outside(case, opening.flows)
        return f"{CODES[opening.code].remedy} {told[:1].upper()}{told[1:]}"
    rules = exempting(case.ruled(opening.flows))
    flows = case.seen.flows
    clients = listed(dict.fromkeys(flows.orig_h[flow] for flow in opening.flows))
    host = clients if opening.actor in clients else f"{clients} ({opening.actor})"
    names = exempted(case, rules) or list(dict.fromkeys(seen.target for seen in opening.evidence))
    ports = ", ".join(str(port) for port in sorted({int(flows.resp_p[flow]) for flow in opening.flows}))
    asked = f"do not decrypt TCP {ports} from {host} to {', '.join(names)}"
    by = f"; required by {_places(rules)}" if rules else ""
    return f"Ticket: {asked}{by}. {CODES[opening.code].remedy}"


def _places(rules: Sequence[Rule]) -> str:
    """Where a document says what several rules say, each section once."""
    rows: dict[str, list[int]] = {}
    for rule in rules:
        rows.setdefault(place(replace(rule.cite, row=0)), []).append(rule.cite.row)
    told = {where: ", ".join(str(row) for row in sorted({*held} - {0})) for where, held in rows.items()}
    return "; ".join(f"{where}, row {held}" if held else where for where, held in told.items())


def exempted(case: Case, rules: Sequence[Rule]) -> list[str]:
    """The names, and addresses without a name, that rules exempt from decryption, as the document writes them."""
    held = {rule.id for rule in case.book.rules}
    meant = [found for rule in rules for found in case.book.pack.select(rule.options.get("rules") or ())]
    told = [text for rule in meant if rule.id in held for text in (rule.to.names or rule.to.addresses)]
    return list(dict.fromkeys(told))


def outside(case: Case, flows: Sequence[int]) -> str:
    """The second capture that tells whether TLS is opened on the way: where, when, as a command, and what then."""
    table = case.seen.flows
    ports = sorted({(PROTOCOLS[int(table.proto[flow])], int(table.resp_p[flow])) for flow in flows})[:MOST]
    what = " or ".join(f"{proto} port {port}" for proto, port in dict.fromkeys([HTTPS, *ports, *CLOCKING]))
    command = f'dumpcap -i IFACE -s 0 -a duration:{SECONDS} -f "{what}" -w outside.pcapng'
    return (
        "what would tell: a second capture at the same time, between the firewall or proxy and the internet line, for"
        f" analyzer compare THIS outside.pcapng: {command}"
    )


def _clients(case: Case, block: Block) -> Sequence[str]:
    """The addresses that were stopped."""
    return list(dict.fromkeys(case.seen.flows.orig_h[flow] for flow in block.flows))


def _servers(case: Case, block: Block) -> str:
    """The addresses that answered, or should have."""
    return listed(dict.fromkeys(case.seen.flows.resp_h[flow] for flow in block.flows))


def _what(case: Case, block: Block) -> str:
    """Protocol and ports."""
    flows = case.seen.flows
    ports = sorted({int(flows.resp_p[flow]) for flow in block.flows})
    proto = "TCP" if flows.proto[block.flows[0]] == TCP else "UDP"
    return f"{proto} {', '.join(map(str, ports))}"


def _whom(case: Case, block: Block) -> str:
    """The destination: the names of the row, or those that were seen, and the addresses seen."""
    flows = case.seen.flows
    seen = list(dict.fromkeys(flows.server_name[flow] for flow in block.flows if flows.server_name[flow]))
    names = [name for name in seen if any(matches_name(pattern, name) for pattern in block.rule.to.names)]
    places = listed(dict.fromkeys(flows.resp_h[flow] for flow in block.flows), MOST)
    wide = [pattern for pattern in block.rule.to.names if pattern.startswith("*.")]
    if not names:
        return places
    told = f"{listed(names)} (the row says {', '.join(wide)})" if wide else listed(names)
    return f"{told}, seen at {places}"
