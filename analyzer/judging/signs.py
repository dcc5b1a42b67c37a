"""What the capture shows of a host's part: which rules' destinations it opened flows to, asked for, or answered as."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analyzer import addresses
from analyzer.judging.lookups import Lookups
from analyzer.judging.matching import Attempt, Doors, Fit, attempt, match, proxied
from analyzer.judging.patterns import Names, Places
from analyzer.judging.place import Cast
from analyzer.judging.traffic import Groups, Mask, Traffic, Trouble
from analyzer.rulepack import Rule, RulePack


class Sign(NamedTuple):
    """What was seen, in words, and in which frame."""

    text: str
    frame: int


class Signs(NamedTuple):
    """Per address and rule of one pack the first sign of each sort, and who opened what was answered."""

    opened: dict[str, dict[str, Sign]]
    asked: dict[str, dict[str, Sign]]
    answered: dict[str, dict[str, tuple[str, Sign]]]
    resolved: dict[str, dict[str, Sign]]
    relaying: frozenset[str]

    def of(self, address: str) -> dict[str, Sign]:
        """What tells of an address as originator: its flows; beside such, its questions, unless it answers others'."""
        opened = self.opened.get(address, {})
        if not opened or address in self.relaying:
            return opened
        return {**self.asked.get(address, {}), **opened}


def relays(traffic: Traffic, lookups: Lookups) -> frozenset[str]:
    """Addresses that ask or fetch for others: they answered name lookups, or requests that only a proxy gets."""
    proxies = [
        traffic.addresses[code]
        for code, requests in zip(traffic.resp.tolist(), traffic.requests.tolist(), strict=True)
        if requests and any(request.proxied for request in traffic.request_sets[requests])
    ]
    return frozenset({*map(str, proxies), *lookups.answering})


def gather(pack: RulePack, telling: Sequence[Rule], traffic: Traffic, bare: Cast, relaying: frozenset[str]) -> Signs:
    """All signs for the roles of a pack, by the rules that tell them."""
    signs = Signs(defaultdict(dict), defaultdict(dict), defaultdict(dict), defaultdict(dict), relaying)
    rules = [rule for rule in telling if rule.kind == "destination"]
    groups, doors = traffic.groups(_candidates(traffic, rules)), Doors(rules)
    first = _first_frames(traffic, groups)
    for kind, frame in zip(groups.kinds, first, strict=True):
        names = (kind.name,) if kind.name else bare.lookups.names(kind.orig, kind.resp)
        tries = [proxied(kind, request) for request in kind.requests if request.proxied] or [attempt(kind, names)]
        for tried in tries:
            _open_signs(signs, pack.name, doors.at(tried), Met(tried, frame, kind.resp), bare)
    _name_signs(signs, telling, bare.lookups, traffic)
    return signs


def _candidates(traffic: Traffic, rules: Sequence[Rule]) -> Mask:
    """Flows that may match one of the rules, by code."""
    names = Names(pattern for rule in rules for pattern in rule.to.names)
    places = Places(text for rule in rules for text in (*rule.to.addresses, *rule.to.at))
    payloads = {service for rule in rules if rule.to.role for service in rule.to.payload}
    told = _told(traffic, names)
    named = np.array([names.mean(str(name)) for name in traffic.names], np.bool_)
    placed = np.array([address in told or places.hold(str(address)) for address in traffic.addresses], np.bool_)
    spoken = np.array([service in payloads for service in traffic.services], np.bool_)
    ports = sorted({port.number for rule in rules for port in rule.to.ports})
    at_port = np.isin(traffic.seen.flows.resp_p, ports)
    meant = named[traffic.name] | placed[traffic.resp] | spoken[traffic.service]
    return traffic.once & ((at_port & meant) | (traffic.requests > 0)) if len(at_port) else at_port


def _told(traffic: Traffic, names: Names) -> set[object]:
    """The addresses that answers gave for these names."""
    dns = traffic.seen.dns
    meant = {name for name in dict.fromkeys(dns.query) if names.mean(name)}
    return {answer for name, answers in zip(dns.query, dns.answers, strict=True) if name in meant for answer in answers}


def _first_frames(traffic: Traffic, groups: Groups) -> list[int]:
    """Number of the first frame of each kind."""
    frames = traffic.seen.flows.first_frame[groups.rows]
    first = np.full(len(groups.kinds), np.iinfo(np.int64).max, np.int64)
    np.minimum.at(first, groups.kind, frames)
    numbers: list[int] = first.tolist()
    return numbers


class Met(NamedTuple):
    """An attempt in the frame where it began, and the address that it was made to (a proxy's, where there is one)."""

    tried: Attempt
    frame: int
    responder: str


def _open_signs(signs: Signs, pack: str, rules: Sequence[Rule], met: Met, bare: Cast) -> None:
    """Note which rules an attempt is a sign of."""
    tried, frame, responder = met
    for rule in rules:
        found = match(rule, pack, tried, bare)
        if found.fit not in {Fit.YES, Fit.WRONG} or (rule.to.role and not _spoken(rule, tried)):
            continue
        whom = tried.names[0] if tried.names else tried.server
        sign = Sign(f"{'spoke ' + tried.service + ' to' if tried.service else 'tried'} {whom} port {tried.port}", frame)
        signs.opened[tried.client].setdefault(rule.id, sign)
        if tried.trouble is Trouble.NONE and found.fit is Fit.YES and addresses.local_to(tried.client, responder):
            answer = Sign(
                f"answered {tried.client} on port {tried.port} ({tried.service or 'unknown protocol'})", frame
            )
            signs.answered[responder].setdefault(rule.id, (tried.client, answer))


def _spoken(rule: Rule, tried: Attempt) -> bool:
    """Whether the rule's own protocol was recognised: a port number proves nothing."""
    return tried.certainty in {"payload", "partial"} and tried.service in rule.to.payload


def _name_signs(signs: Signs, telling: Sequence[Rule], lookups: Lookups, traffic: Traffic) -> None:
    """Note who asked for the rules' names, and which local addresses they stand for."""
    dns = traffic.seen.dns
    named = [(rule.id, Names(rule.to.names)) for rule in telling if rule.to.names]
    any_of_them = Names(pattern for rule in telling for pattern in rule.to.names)
    ids: dict[str, tuple[str, ...]] = {}
    for lookup in lookups.all:
        if lookup.name not in ids:
            some = any_of_them.mean(lookup.name)
            ids[lookup.name] = tuple(rule_id for rule_id, names in named if names.mean(lookup.name)) if some else ()
        if not ids[lookup.name]:
            continue
        frame = int(dns.query_frame[lookup.row]) or int(dns.answer_frame[lookup.row])
        for rule_id in ids[lookup.name]:
            signs.asked[lookup.client].setdefault(rule_id, Sign(f"asked for {lookup.name}", frame))
            for address in lookup.told:
                if addresses.reach(address) is addresses.Reach.LOCAL:
                    sign = Sign(f"{lookup.name} stands for it", int(dns.answer_frame[lookup.row]))
                    signs.resolved[address].setdefault(rule_id, sign)
