"""One attempt to reach somebody, held against one rule: allowed, against it, possible, or not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple, Protocol

from analyzer import addresses
from analyzer.findings import Basis
from analyzer.judging.traffic import TCP, UDP, Kind, Request, Trouble
from analyzer.rulepack import Rule, matches_name

PROTOCOLS = {TCP: "tcp", UDP: "udp"}
LISTED = frozenset({"resolver", "ntp", "proxy", "mirror"})
OPEN_AIRED = frozenset({"dns", "ntp"})  # protocols in clear, of which each message can be recognised
WIDER = {"mtconnect": "http"}  # half an exchange may be seen, and be no more than this


class Fit(IntEnum):
    """How an attempt and a rule stand to each other."""

    NO = 0
    MAYBE = 1
    WRONG = 2
    YES = 3


class Match(NamedTuple):
    """A fit, why it is not a full one, and how narrow the rule is (the narrower says more)."""

    fit: Fit
    why: str = ""
    code: str = ""
    rank: int = 0


class Attempt(NamedTuple):
    """Somebody tries to reach somebody. An empty `server` means that a proxy finds it."""

    client: str
    server: str
    proto: int
    port: int
    service: str
    certainty: str
    names: tuple[str, ...]
    basis: str
    hello: bool
    opening: bool
    trouble: Trouble
    requests: tuple[Request, ...]


class Place(Protocol):
    """What is known of the site."""

    def plays(self, address: str, pack: str, role: str) -> bool:
        """Whether the host at an address has a role of a pack."""

    def may_play(self, client: str, address: str, pack: str, role: str) -> bool:
        """Whether nothing speaks against it."""

    def listed(self, role: str) -> frozenset[str]:
        """Addresses (with or without port) and names that are known as resolver, ntp, proxy or mirror."""

    def misses_answers(self) -> bool:
        """Whether answers to lookups may have been cut or lost in capturing."""

    def asks(self, client: str) -> bool:
        """Whether name lookups of a client with their answers are in the capture, none of them cut or lost."""


NO = Match(Fit.NO)


def attempt(kind: Kind, names: tuple[str, ...]) -> Attempt:
    """The attempt that a kind of flow is, its responder known by these names."""
    return Attempt(
        kind.orig, kind.resp, kind.proto, kind.resp_p, kind.service, kind.certainty, names, kind.basis, kind.hello,
        not kind.midstream, kind.trouble, kind.requests,
    )  # fmt: skip


def proxied(kind: Kind, request: Request) -> Attempt:
    """The attempt that a request to a proxy stands for; what it is inside the proxy's tunnel is not looked at."""
    literal = addresses.parse(request.host.strip("[]"))
    return Attempt(
        kind.orig, str(literal) if literal else "", TCP, request.port, "", "", () if literal else (request.host,),
        "connect", True, True, kind.trouble, (),
    )  # fmt: skip


def turned(kind: Kind, names: tuple[str, ...]) -> Attempt:
    """The same flow as if its responder had begun it, which in the middle of a flow cannot be told."""
    return Attempt(
        kind.resp, kind.orig, kind.proto, kind.orig_p, kind.service, kind.certainty, names, "dns", False,
        False, kind.trouble, kind.requests,
    )  # fmt: skip


class Doors:
    """Rules by the ports of which they speak."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._listed = frozenset((port.proto, port.number) for rule in self._rules for port in rule.to.ports)
        self._at: dict[tuple[str, int] | None, tuple[Rule, ...]] = {}

    def at(self, tried: Attempt) -> tuple[Rule, ...]:
        """The rules that speak of the port of an attempt, or of any, in their order."""
        port = PROTOCOLS.get(tried.proto, ""), tried.port
        key = port if port in self._listed else None
        if key not in self._at:
            self._at[key] = tuple(rule for rule in self._rules if not rule.to.ports or at_port(rule, tried))
        return self._at[key]


def at_port(rule: Rule, tried: Attempt) -> bool:
    """Whether a rule speaks of the port of an attempt."""
    return any(port.number == tried.port and port.proto == PROTOCOLS.get(tried.proto) for port in rule.to.ports)


def match(rule: Rule, pack: str, tried: Attempt, place: Place) -> Match:
    """How an attempt stands to a rule of kind destination."""
    if rule.to.ports and not at_port(rule, tried):
        return NO
    worst, rank = Match(Fit.YES), 0
    for part in _parts(rule, pack, tried, place):
        if part.fit is Fit.NO:
            return NO
        rank = max(rank, part.rank)
        worst = part if part.fit < worst.fit else worst
    payload = _payload(rule, tried, place)
    if payload.fit is Fit.WRONG and worst.fit is Fit.MAYBE:
        return NO
    worst = payload if payload.fit < worst.fit else worst
    return worst._replace(rank=2 * rank + (rule.basis is Basis.DOCUMENTED))


def _parts(rule: Rule, pack: str, tried: Attempt, place: Place) -> Iterator[Match]:
    """How the attempt stands to each part of a rule, one after the other: the first that does not fit ends it."""
    yield _name(rule, tried, place)
    yield _address(rule, tried)
    yield _role(rule, pack, tried, place)
    yield _request(rule, tried)


def _name(rule: Rule, tried: Attempt, place: Place) -> Match:
    """Whether the responder has a name of the rule, at an address that the document gives for it."""
    if rule.to.unnamed:
        return Match(Fit.NO if tried.names else Fit.YES, rank=1)
    if not rule.to.names:
        return Match(Fit.YES)
    placed = not rule.to.at or not tried.server or addresses.within_texts(tried.server, rule.to.at)
    patterns = [pattern for pattern in rule.to.names for name in tried.names if matches_name(pattern, name)]
    if patterns and placed:
        return Match(Fit.YES, rank=4 if all(pattern.startswith("*") for pattern in patterns) else 6)
    if patterns:
        detail = f"{tried.names[0]} at {tried.server}, which the document does not give for it"
        return Match(Fit.WRONG, detail, "name-at-other-address", 6)
    if tried.names:
        return NO
    if rule.to.at:
        return Match(Fit.YES, rank=4) if placed else NO
    return nameless(tried, place)


def nameless(tried: Attempt, place: Place) -> Match:
    """Whether a responder without a known name may have the one that a rule asks for."""
    if tried.hello and place.asks(tried.client):
        return NO  # it named nobody, and no answer of the lookups that were seen gave this address
    why = "no name of the responder is in the capture"
    if tried.hello:
        why = "the ClientHello names nobody, and no lookup is in the capture"
    elif not tried.opening:
        why = "the capture begins within the connection, after the name was said"
    elif tried.trouble not in {Trouble.NONE, Trouble.UNSEEN}:
        why = f"no name of the responder is in the capture, and {tried.trouble}"
    return Match(Fit.MAYBE, why)


def _address(rule: Rule, tried: Attempt) -> Match:
    """Whether the responder has an address of the rule."""
    if not rule.to.addresses:
        return Match(Fit.YES)
    if not tried.server:
        return Match(Fit.MAYBE, "the proxy alone knows the address behind the name")
    if not addresses.within_texts(tried.server, rule.to.addresses):
        return NO
    return Match(Fit.YES, rank=2 if any("/" in text for text in rule.to.addresses) else 5)


def _role(rule: Rule, pack: str, tried: Attempt, place: Place) -> Match:
    """Whether the responder has the role of the rule."""
    role = rule.to.role
    if not role:
        return Match(Fit.YES)
    if role in LISTED:
        known = place.listed(role)
        here = {tried.server, f"{tried.server}:{tried.port}", f"[{tried.server}]:{tried.port}", *tried.names}
        return Match(Fit.YES, rank=3) if here & known else NO
    if not tried.server:
        return NO
    if place.plays(tried.server, pack, role) or place.may_play(tried.client, tried.server, pack, role):
        return Match(Fit.YES, rank=3)
    return NO


def _request(rule: Rule, tried: Attempt) -> Match:
    """Whether an HTTP request shows what the rule asks of one."""
    if not rule.to.user_agents and not rule.to.paths:
        return Match(Fit.YES)
    if tried.requests:
        shown = any(
            any(piece in request.user_agent for piece in rule.to.user_agents)
            or any(piece in request.path for piece in rule.to.paths)
            for request in tried.requests
        )
        return Match(Fit.YES, rank=1) if shown else NO
    if tried.service and tried.service not in rule.to.payload:
        return NO
    return Match(Fit.MAYBE, "no request is in the capture")


def _payload(rule: Rule, tried: Attempt, place: Place) -> Match:
    """Whether what runs there is what the rule lets run there."""
    wanted = {*rule.to.payload, *(WIDER[service] for service in rule.to.payload if service in WIDER)}
    if not wanted or tried.service in wanted or tried.basis == "connect":
        return Match(Fit.YES)
    if tried.certainty == "payload":
        if tried.names and tried.basis in {"", "dns"} and place.misses_answers():
            return Match(Fit.MAYBE, "another name may stand for this address: not every lookup is in the capture")
        return Match(Fit.WRONG, f"{tried.service} on port {tried.port}", "payload-mismatch")
    if set(rule.to.payload) <= OPEN_AIRED:
        return Match(Fit.MAYBE, f"what runs on port {tried.port} was not recognised")
    return Match(Fit.YES)
