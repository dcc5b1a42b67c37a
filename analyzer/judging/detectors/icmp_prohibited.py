"""An ICMP error says that policy forbids the packet that it quotes.

Fact    ICMP type 3 code 9, 10 or 13, or ICMPv6 type 1 code 1, 5 or 6, quoting a packet of this flow, which got
        nothing else. Its sender is the actor.
Leans   blocked, strong, by itself: the sender says so in so many words. From the server itself it is the server's own
        refusal.
Blind   a forged error names anybody as its sender.
Source  RFC 1812 section 5.2.7.1; RFC 4443 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analyzer import addresses
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.case import count
from analyzer.judging.traffic import TCP, UDP
from analyzer.judging.vantage import Vantage

CODE = "icmp-prohibited"
STAGE = "icmp"
SILENT = False
TITLE = "{host} was forbidden to reach {whom}"
RIVALS: tuple[str, ...] = (
    "the router that says so stands at the server's end, where the server's own network decides",
)
REMEDY = "Ask whoever runs the sender of the message to allow this traffic."
PROHIBITED = {(3, 9), (3, 10), (3, 13)}
PROHIBITED_6 = {(1, 1), (1, 5), (1, 6)}


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow that an error of policy quotes."""
    flows, icmp = view.seen.flows, view.seen.icmp
    for flow, errors in quoting(view).items():
        said = [k for k in errors if is_prohibition(view, k)]
        if not said:
            continue
        sender, own = icmp.sender[said[0]], icmp.sender[said[0]] == flows.resp_h[flow]
        detail = f"{sender} answered {targets.place(view, flow)} with {error_name(view, said[0])}"
        yield Evidence(
            CODE,
            Verdict.UNDETERMINED if own else Verdict.BLOCKED,
            Strength.STRONG,
            flow,
            tuple(int(icmp.frame[k]) for k in said[:3]),
            f"{detail}: the server itself refuses" if own else detail,
            target=targets.place(view, flow),
            by=sender_words(view, said[0]),
            alone=True,
        )


def quoting(view: Vantage) -> dict[int, list[int]]:
    """Per flow that got nothing but errors, and that somebody asks about, the rows of Icmp that quote it."""
    flows, icmp = view.seen.flows, view.seen.icmp
    found: dict[int, list[int]] = {}
    for k in np.flatnonzero(icmp.quoted_flow >= 0).tolist():
        flow = int(icmp.quoted_flow[k])
        answered = flows.resp_synacks[flow] if flows.proto[flow] == TCP else flows.resp_packets[flow]
        if view.wanted[flow] and flows.proto[flow] in {TCP, UDP} and not answered:
            found.setdefault(flow, []).append(k)
    return found


def is_prohibition(view: Vantage, row: int) -> bool:
    """Whether an error speaks of policy."""
    icmp = view.seen.icmp
    six = ":" in icmp.sender[row]
    return (int(icmp.icmp_type[row]), int(icmp.code[row])) in (PROHIBITED_6 if six else PROHIBITED)


def error_name(view: Vantage, row: int) -> str:
    """The error with its numbers, as ICMP type 3 code 13."""
    icmp = view.seen.icmp
    six = "v6" if ":" in icmp.sender[row] else ""
    return f"ICMP{six} type {int(icmp.icmp_type[row])} code {int(icmp.code[row])}"


def sender_words(view: Vantage, row: int) -> str:
    """The sender of an error, and how far away it is."""
    icmp = view.seen.icmp
    ttl = int(icmp.ttl[row])
    return f"{icmp.sender[row]}, {count(addresses.hops(ttl), 'hop')} from the capture" if ttl else str(icmp.sender[row])
