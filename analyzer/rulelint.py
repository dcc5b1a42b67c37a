"""What is odd in a rule pack: where its document contradicts itself, and where its rules are weaker than they look.

A remark is no error: the pack is used as it stands. Each check is told by what rules say, never by their ids.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analyzer.findings import Basis
from analyzer.rulepack import Destination, Rule, RulePack, matches_name

SHORTEST_MISSPELLING = 6
FEWEST_SIBLINGS = 3
NAME_IN_TEXT = re.compile(r"[A-Za-z0-9*-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
ADDRESS_IN_TEXT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")


@dataclass(frozen=True)
class Remark:
    """Something odd about some rules: a stable code, their ids, the line of the first in the pack, and what is odd."""

    code: str
    rules: tuple[str, ...]
    line: int
    text: str


def lint(pack: RulePack) -> tuple[Remark, ...]:
    """All remarks on a pack, in the order of its lines."""
    remarks = (remark for check in CHECKS for remark in check(pack))
    return tuple(sorted(remarks, key=lambda remark: (remark.line, remark.code, remark.text)))


def _remark(code: str, rules: list[Rule], text: str) -> Remark:
    """A remark on some rules; `rules` is not empty."""
    return Remark(code, tuple(rule.id for rule in rules), rules[0].line, text)


def _destinations(pack: RulePack) -> list[Rule]:
    """The rules that let somebody reach somebody."""
    return [rule for rule in pack.rules if rule.kind == "destination"]


def _together(first: Rule, second: Rule) -> bool:
    """Whether two rules can hold for one host of one variant."""
    variants = not first.variants or not second.variants or bool(set(first.variants) & set(second.variants))
    return variants and bool(set(first.who) & set(second.who))


def _one_edit(first: str, second: str) -> bool:
    """Whether one letter more, less or other makes one word of the other."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    shorter, longer = sorted((first, second), key=len)
    at = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    return shorter[at:] == longer[at + 1 :] or shorter[at + 1 :] == longer[at + 1 :]


def _nearly_equal(first: str, second: str) -> bool:
    """Whether two names differ in one letter of one label that is too long for that to be chance."""
    labels = list(zip(first.split("."), second.split("."), strict=False))
    if first.count(".") != second.count("."):
        return False
    other = [(a, b) for a, b in labels if a != b]
    return len(other) == 1 and min(map(len, other[0])) >= SHORTEST_MISSPELLING and _one_edit(*other[0])


def _similar_names(pack: RulePack) -> Iterator[Remark]:
    """Two names for one purpose that differ in one letter: one of them may be a misprint."""
    for first, second in itertools.combinations(_destinations(pack), 2):
        for one, other in itertools.product(first.to.names, second.to.names):
            if first.purpose == second.purpose and _nearly_equal(one, other):
                if Basis.READING in (first.basis, second.basis):
                    text = f"{one} and {other} differ in one letter, and one of them is our reading of the other"
                    yield _remark("misspelt-name", [first, second], text)
                else:
                    text = f"the document names both {one} and {other}; one of them may be a misprint"
                    yield _remark("similar-names", [first, second], text)


def _odd_address(pack: RulePack) -> Iterator[Remark]:
    """An address whose siblings all lie in one /8, and it does not."""
    groups: dict[tuple[str, ...], dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    for rule in _destinations(pack):
        for written in (*rule.to.at, *rule.to.addresses):
            network = ipaddress.ip_network(written)
            if network.version == 4 and network.num_addresses == 1 and rule.basis is Basis.DOCUMENTED:
                groups[rule.variants][written].append(rule)
    for users in groups.values():
        for odd, rules in users.items():
            blocks = {other.partition(".")[0] for other in users if other != odd}
            if len(users) >= FEWEST_SIBLINGS and len(blocks) == 1 and odd.partition(".")[0] not in blocks:
                text = f"{odd} lies outside {blocks.pop()}.0.0.0/8, in which all its siblings lie; it may be a misprint"
                yield _remark("odd-address", rules, text)


def _port_twice(pack: RulePack) -> Iterator[Remark]:
    """One port that the document gives to two different things, in one rule's quote or in two rules."""
    for rule in _destinations(pack):
        for port in rule.to.ports:
            lines = [line.strip() for line in rule.cite.quote.splitlines() if re.search(rf"{port.number}\b", line)]
            if len(lines) > 1:
                text = f"port {port.number} stands under {len(lines)} names: {'; '.join(lines)}"
                yield _remark("port-twice", [rule], text)
    for first, second in itertools.combinations(_destinations(pack), 2):
        anybody = not any((*first.to.names, *first.to.addresses, *second.to.names, *second.to.addresses))
        shared = set(first.to.ports) & set(second.to.ports)
        if anybody and shared and first.to.role == second.to.role != "" and _together(first, second):
            yield _remark("port-twice", [first, second], f"{first.title} and {second.title} have one port")


def _covered(pack: RulePack) -> Iterator[Remark]:
    """Names that a wildcard of another rule allows anyway."""
    rules = _destinations(pack)
    for wide in rules:
        for pattern in (name for name in wide.to.names if name.startswith("*.")):
            inner = [
                rule
                for rule in rules
                if rule is not wide
                and _together(rule, wide)
                and set(rule.to.ports) <= set(wide.to.ports)
                and any(matches_name(pattern, name.removeprefix("*.")) for name in rule.to.names)
            ]
            if inner:
                names = ", ".join(name for rule in inner for name in rule.to.names)
                yield _remark("covered-by-wildcard", [wide, *inner], f"{pattern} allows {names} as well")


def _only_in_prose(pack: RulePack) -> Iterator[Remark]:
    """A name or address that the document's prose asks for, and none of its tables or lists."""
    rows = "\n".join(rule.cite.quote for rule in pack.rules if rule.cite.row)
    for rule in _destinations(pack):
        if not rows or rule.cite.row or rule.basis is not Basis.DOCUMENTED:
            continue
        for target in (*rule.to.names, *rule.to.addresses):
            if not re.search(rf"(?<![\w.-]){re.escape(target)}", rows):
                yield _remark("only-in-prose", [rule], f"{target} stands in the prose and in no table or list")


def _unread(pack: RulePack) -> Iterator[Remark]:
    """A name or address in the document that neither a rule nor a reason mentions."""
    known = {
        target.removeprefix("*.").lower()
        for rule in pack.rules
        for target in (*rule.to.names, *rule.to.addresses, *rule.to.at)
    }
    quoted = " ".join(omission.cite.quote for omission in pack.not_rules).lower()
    for number, line in enumerate(pack.text.splitlines(), 1):
        names = [name for name in NAME_IN_TEXT.findall(line) if re.search(r"\.[A-Za-z]{2,}\Z", name)]
        for found in (*names, *ADDRESS_IN_TEXT.findall(line)):
            token = found.lower()
            if token not in quoted and not any(target in token for target in known):
                yield Remark("unread-target", (), 0, f"line {number} of the document names {found}, and no rule does")


def _same_destination(pack: RulePack) -> Iterator[Remark]:
    """Two rules that allow the same to the same hosts."""
    for first, second in itertools.combinations(_destinations(pack), 2):
        if first.to == second.to and first.to != Destination() and _together(first, second):
            yield _remark("same-destination", [first, second], f"{first.title} and {second.title} allow the same")


def _weak(pack: RulePack) -> Iterator[Remark]:
    """Rules that allow more than a reader expects."""
    for rule in _destinations(pack):
        to = rule.to
        if not (to.names or to.addresses or to.role or to.user_agents or to.paths or to.unnamed):
            yield _remark("anybody", [rule], "anybody may answer: only port and payload are asked for")
        if not to.payload:
            yield _remark("any-payload", [rule], "nothing tells whether what runs there is what is meant")
        if not to.ports:
            yield _remark("any-port", [rule], "every port is allowed")


def _no_remedy(pack: RulePack) -> Iterator[Remark]:
    """A required destination that leaves the customer's network team without advice."""
    for rule in _destinations(pack):
        if rule.required and not rule.remedy:
            yield _remark("no-remedy", [rule], "no remedy tells what to do where it fails")


def _roles(pack: RulePack) -> Iterator[Remark]:
    """Roles that no rule means, or that only a site file can tell."""
    meant = {name for rule in pack.rules for name in (*rule.who, rule.to.role)}
    for role in pack.roles:
        if role.name not in meant:
            yield Remark("unused-role", (), role.line, f"no rule is about the role {role.name}")
        if not (role.originates or role.responds or role.resolves or role.together or role.asked):
            yield Remark("untold-role", (), role.line, f"only a site file can tell who is {role.name}")


CHECKS: tuple[Callable[[RulePack], Iterator[Remark]], ...] = (
    _similar_names,
    _odd_address,
    _port_twice,
    _covered,
    _only_in_prose,
    _unread,
    _same_destination,
    _weak,
    _no_remedy,
    _roles,
)
