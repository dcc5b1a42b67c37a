"""An ICMP error says that the packet which it quotes cannot be delivered.

Fact    ICMP type 3 (but for policy and fragmentation) or type 11, ICMPv6 type 1 or 3, quoting a packet of this flow,
        which got nothing else. Its sender is the actor.
Leans   blocked, strong and by itself, where somebody else than the server says "port unreachable", which only a
        filter does; suggestive where the site's own router knows no way to a public host. A server that says so of
        its own port refuses by itself, and what a router far outside says is nobody's block.
Blind   a router that says "host unreachable" of a neighbour found nobody there: the host may be switched off.
Source  RFC 792; RFC 1812 section 5.2.7; RFC 4443 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging import targets
from analyzer.judging.detectors.icmp_prohibited import error_name, is_prohibition, quoting, sender_words
from analyzer.judging.vantage import Vantage

CODE = "icmp-unreachable"
STAGE = "icmp"
SILENT = False
TITLE = "{host} was told that {whom} cannot be reached"
RIVALS: tuple[str, ...] = ("a routing fault: the router that says so has no route, or a link is down",)
REMEDY = "Ask whoever runs the sender of the message for its route to the destination, and for rules that reject."
TOO_BIG, TIME_EXCEEDED = 4, 11
PORT, PORT_6 = (3, 3), (1, 4)


class Reading(NamedTuple):
    """What an error says of a flow: whether it is a block, how sure, whether once is enough, and what it means."""

    leaning: Verdict
    strength: Strength
    alone: bool
    meaning: str


def find(view: Vantage) -> Iterator[Evidence]:
    """Evidence for each flow that an error of delivery quotes."""
    icmp = view.seen.icmp
    for flow, errors in quoting(view).items():
        said = [k for k in errors if not is_prohibition(view, k) and not _of_size(view, k)]
        if not said:
            continue
        read = _read(view, flow, said[0])
        yield Evidence(
            CODE,
            read.leaning,
            read.strength,
            flow,
            tuple(int(icmp.frame[k]) for k in said[:3]),
            f"{icmp.sender[said[0]]} answered {targets.place(view, flow)} with {error_name(view, said[0])}:"
            f" {read.meaning}",
            target=targets.place(view, flow),
            by=sender_words(view, said[0]),
            alone=read.alone,
        )


def _of_size(view: Vantage, row: int) -> bool:
    """Whether an error is about a packet's size (RFC 1191, RFC 8201), a redirect or a quench, which stop nothing."""
    icmp = view.seen.icmp
    kind, code = int(icmp.icmp_type[row]), int(icmp.code[row])
    if ":" in icmp.sender[row]:
        return kind == 2
    return (kind, code) == (3, TOO_BIG) or kind in {4, 5}


def _read(view: Vantage, flow: int, row: int) -> Reading:
    """What the error of a row says of a flow."""
    flows, icmp = view.seen.flows, view.seen.icmp
    sender, server = icmp.sender[row], flows.resp_h[flow]
    said = (int(icmp.icmp_type[row]), int(icmp.code[row]))
    six = ":" in sender
    if sender == server:
        return Reading(Verdict.UNDETERMINED, Strength.STRONG, False, "the server itself refuses")
    if said[0] == (3 if six else TIME_EXCEEDED):
        return Reading(Verdict.UNDETERMINED, Strength.SUGGESTIVE, False, "the packet ran in circles (a routing loop)")
    if said == (PORT_6 if six else PORT):
        return Reading(Verdict.BLOCKED, Strength.STRONG, True, "port unreachable, by somebody else than the server")
    if addresses.reach(server) is Reach.PUBLIC and addresses.reach(sender) is Reach.LOCAL:
        return Reading(Verdict.BLOCKED, Strength.SUGGESTIVE, False, "a router of the site has no way there")
    return Reading(Verdict.UNDETERMINED, Strength.SUGGESTIVE, False, "a router found nobody there, or no way")
