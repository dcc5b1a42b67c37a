"""A Manufacturer Usage Description (RFC 8520) becomes a rule pack: what a type of device may reach, as its maker says.

Its entries let through; what none of them lets through is denied, but the site's name resolution and time are let
through by default. An entry says what a device may do and not what it must, so no rule is `required`. What a pack
cannot say, such as what others open towards the device, becomes no rule, and `not_rules` tells why. No flow shows that
a host is such a device, since others may reach the same: a site file has to give it the role.
Source: RFC 8520 sections 2, 4, 8, 9 and Appendix A; RFC 8519 section 4; JSON as in RFC 7951.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from analyzer import addresses, rulepack
from analyzer.errors import RulePackError
from analyzer.findings import Basis, Cite, Severity
from analyzer.packformat import SITE_ROLES
from analyzer.rulepack import Destination, Omission, Port, Role, Rule, RulePack
from analyzer.shapes import NAME, refuse, text
from analyzer.yamlfile import Node, YamlError, parse, text_of

MUD, ACLS = "ietf-mud:mud", "ietf-access-control-list:acls"
LINE = text("text", limit=2000)
LONGEST, TITLE = 60, 100
"""Letters of an id, as the format of rule packs has it, and of a title."""

MOST_ENTRIES = 1000
"""Elements of an array, and entries of all lists that a policy names."""

MOST_PORTS, MOST_IN_ALL = 256, 10_000
"""A range of more ports is read as any port, since a flow is held against each port by itself; ports of all entries."""

TRANSPORTS = {6: "tcp", 17: "udp"}
WELL_KNOWN = {"urn:ietf:params:mud:dns": "resolver", "urn:ietf:params:mud:ntp": "ntp"}
"""Controllers that a site file lists (RFC 8520, section 17.7)."""

CLASSES = ("local-networks", "controller", "my-controller", "manufacturer", "same-manufacturer", "model")
"""Groups of hosts of which nobody but the site knows who is in them (RFC 8520, section 4)."""

DEFAULTS = (
    ("resolver", "dns", (Port(53, "udp"),), Basis.DOCUMENTED, ""),
    ("resolver", "dns", (Port(53, "tcp"),), Basis.READING, "a truncated answer is asked again over TCP (RFC 7766)"),
    ("ntp", "ntp", (Port(123, "udp"),), Basis.DOCUMENTED, ""),
)
"""What is let through though no entry says so (RFC 8520, Appendix A)."""


class _Entry(NamedTuple):
    """An entry of an access list: the list's name, its row from 1, its own name, what it matches, what it does."""

    acl: str
    row: int
    name: str
    node: Node
    matches: Node
    forwarding: str


@dataclass
class _Draft:
    """What is made of the entries, so far."""

    title: str
    role: str
    rules: dict[Destination, Rule] = field(default_factory=dict)
    omitted: list[Omission] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    ports: int = 0

    def cite(self, entry: _Entry) -> Cite:
        """Where an entry stands."""
        return Cite(self.title, entry.acl, entry.row, entry.name)

    def omit(self, entry: _Entry, reason: str) -> None:
        """An entry becomes no rule."""
        self.omitted.append(Omission(self.cite(entry), reason, entry.node.line))


def pack_of(path: str | Path) -> RulePack:
    """The rule pack in a file, JSON of a MUD file or YAML of a pack; raises RulePackError."""
    if Path(path).suffix.lower() != ".json":
        return rulepack.load(path)
    try:
        root = parse(text_of(Path(path)).replace("\t", " "))  # JSON's strings hold no tab, and YAML's blanks neither
        if "pack" in (root.fields or {}):
            return rulepack.load(path)
        return _pack(root, str(path))
    except YamlError as error:
        raise RulePackError(str(path), error.line, error.reason) from error


def _pack(root: Node, path: str) -> RulePack:
    """The pack of a description."""
    about = _need(root, MUD, "a MUD file (RFC 8520)")
    version = _need(about, "mud-version", "1")
    if version.value != 1:
        raise refuse(version, "mud-version 1")
    url = _said(_need(about, "mud-url", "the description's own URL"))
    told = {key: _said(node) for key in ("systeminfo", "model-name") if (node := _get(about, key))}
    title = (told.get("systeminfo") or url)[:200]
    slug = _slug(told.get("model-name", ""), "")
    role = slug if slug and slug not in SITE_ROLES else "device"
    lists = _lists(root)
    draft = _Draft(title, role)
    for entry in _entries(about, "from-device-policy", lists):
        _out(draft, entry)
    inbound = [entry for entry in _entries(about, "to-device-policy", lists) if _opens(draft, entry)]
    rules = _numbered([*draft.rules.values(), *_defaults(draft, about.line)])
    rules += _manners(draft, about.line, closed=not inbound)
    part = Role(role, title[:TITLE], unlisted=Severity.MEDIUM, line=about.line)
    return RulePack(f"mud-{_slug(url.partition('//')[2], 'file', LONGEST - 4)}", title, title, "", path, (), (part,),
                    tuple(rules), tuple(draft.omitted))  # fmt: skip


def _get(node: Node, key: str) -> Node | None:
    """What stands at a key of an object, None where nothing does."""
    if node.fields is None:
        raise refuse(node, "an object")
    return node.fields.get(key)


def _need(node: Node, key: str, wanted: str) -> Node:
    """What stands at a key of an object, where it has to."""
    found = _get(node, key)
    if found is None:
        raise YamlError(node.line, f"no {key!r}; expected {wanted}")
    return found


def _said(node: Node) -> str:
    """Text."""
    return str(LINE.read(node))


def _listed(node: Node | None) -> tuple[Node, ...]:
    """The elements of an array; none where there is no array."""
    if node is None:
        return ()
    if node.items is None:
        raise refuse(node, "an array")
    if len(node.items) > MOST_ENTRIES:
        raise YamlError(node.line, f"expected {MOST_ENTRIES} entries at most, found {len(node.items)}")
    return node.items


def _slug(said: str, default: str, limit: int = LONGEST) -> str:
    """Text as a word of small letters, digits and -; a digest stands for what is too long."""
    words = "-".join(re.findall(r"[a-z0-9]+", said.lower().removesuffix(".json"))) or default
    word = words if words[:1].isalpha() or not words else f"x-{words}"
    if len(word) <= limit:
        return word
    return f"{word[: limit - 9].rstrip('-')}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _lists(root: Node) -> dict[str, Node]:
    """The access lists by name."""
    found: dict[str, Node] = {}
    for acl in _listed(_need(_need(root, ACLS, "access lists"), "acl", "access lists")):
        name = _need(acl, "name", "the list's name")
        if _said(name) in found:
            raise YamlError(name.line, f"the access list {_said(name)[:LONGEST]!a} stands here twice")
        found[_said(name)] = acl
    return found


def _entries(about: Node, policy: str, lists: dict[str, Node]) -> Iterator[_Entry]:
    """The entries of the lists of a policy, in order."""
    total = 0
    for name in _names(about, policy, lists):
        aces = _get(lists[_said(name)], "aces")
        held = _listed(_get(aces, "ace") if aces else None)
        total += len(held)
        if total > MOST_ENTRIES:
            raise YamlError(name.line, f"expected {MOST_ENTRIES} entries at most in all lists of {policy}")
        for row, ace in enumerate(held, 1):
            actions = _need(ace, "actions", "what the entry does")
            forwarding = _said(_need(actions, "forwarding", "accept, drop or reject")).rpartition(":")[2]
            if forwarding not in {"accept", "drop", "reject"}:
                raise refuse(_need(actions, "forwarding", ""), "accept, drop or reject")
            matches = _get(ace, "matches") or Node(ace.line, fields={})
            yield _Entry(_said(name), row, _said(_need(ace, "name", "the entry's name")), ace, matches, forwarding)


def _names(about: Node, policy: str, lists: dict[str, Node]) -> Iterator[Node]:
    """The names of the lists of a policy, each of a list that is there, and once."""
    named = _get(about, policy)
    held = _get(named, "access-lists") if named else None
    used: set[str] = set()
    for one in _listed(_get(held, "access-list") if held else None):
        name = _need(one, "name", "the name of an access list")
        if _said(name) not in lists:
            raise YamlError(name.line, f"no access list is called {_said(name)[:LONGEST]!a}")
        if _said(name) in used:
            raise YamlError(name.line, f"{policy} names the access list {_said(name)[:LONGEST]!a} twice")
        used.add(_said(name))
        yield name


def _out(draft: _Draft, entry: _Entry) -> None:
    """An entry on what the device sends: a rule, or the reason why not."""
    peer, why = _peer(entry)
    if entry.forwarding != "accept":
        draft.dropped.add(peer.role)
        draft.omit(entry, "rules only allow; what this entry stops may be let through by a later one")
        return
    reason = _beyond(entry)
    if reason:
        draft.omit(entry, reason)
        return
    ports, wide = _ports(entry)
    to = replace(peer, ports=ports)
    if to in draft.rules:
        return
    draft.ports += len(ports)
    if draft.ports > MOST_IN_ALL:
        raise YamlError(entry.node.line, f"expected {MOST_IN_ALL} ports at most in all entries")
    because = "; ".join(filter(None, (why, wide)))
    basis = Basis.READING if because else Basis.DOCUMENTED
    draft.rules[to] = _allow(draft, draft.cite(entry), to, basis, because, entry.node.line)


def _allow(draft: _Draft, cite: Cite, to: Destination, basis: Basis, because: str, line: int) -> Rule:  # noqa: PLR0913 - what a rule is made of
    """A rule that lets the device reach somebody; its id is still its entry's name."""
    whom = ", ".join(to.names or to.addresses[:2]) or (f"the site's {to.role}" if to.role else "anybody")
    ports = ", ".join(f"{port.number}/{port.proto}" for port in to.ports[:4])
    title = f"{whom}{f', {ports}' if ports else ''}"[:TITLE]
    return Rule(
        cite.quote, "destination", basis, cite, title, (draft.role,), to, Severity.MEDIUM, line,
        because=because, options={"direction": "out"}, required=False,
    )  # fmt: skip


def _beyond(entry: _Entry) -> str:
    """Why a rule cannot say what an entry lets out; empty where one can."""
    if _direction(entry) == "to-device":
        return "an answer to what others open; a rule says whom hosts reach"
    answer = "an answer from a port of the device; a rule says whom hosts reach"
    return _foreign(entry) or (answer if _from_port(entry) else "")


def _opens(draft: _Draft, entry: _Entry) -> bool:
    """Whether an entry on what the device gets lets others open something; it is told, since no rule says so."""
    direction = _direction(entry)
    inward = direction == "to-device" or (direction == "" and not _from_port(entry))
    opened = entry.forwarding == "accept" and inward and not _foreign(entry)
    if opened:
        draft.omit(entry, "what others open towards the device; a rule says whom hosts reach")
    return opened


def _foreign(entry: _Entry) -> str:
    """Why an entry is about no flow that rules are about; empty where it may be."""
    layer = _layer(entry)
    if layer is None and "eth" in (entry.matches.fields or {}):
        return "below IP: housekeeping of the link"
    protocol = _get(layer, "protocol") if layer else None
    other = protocol is not None and protocol.value not in TRANSPORTS
    return "neither TCP nor UDP: no rule is about it" if other else ""


def _from_port(entry: _Entry) -> bool:
    """Whether an entry is about what a port sends, to whatever port: the answers of a service."""
    part = _transport(entry)[1]
    return part is not None and bool(_get(part, "source-port")) and not _get(part, "destination-port")


def _layer(entry: _Entry) -> Node | None:
    """What an entry matches of IP."""
    return _get(entry.matches, "ipv4") or _get(entry.matches, "ipv6")


def _transport(entry: _Entry) -> tuple[str, Node | None]:
    """The transport protocol that an entry matches, and what of it; empty for any."""
    for name in TRANSPORTS.values():
        found = _get(entry.matches, name)
        if found is not None:
            return name, found
    layer = _layer(entry)
    protocol = _get(layer, "protocol") if layer else None
    return (TRANSPORTS.get(protocol.value, "") if protocol and isinstance(protocol.value, int) else ""), None


def _direction(entry: _Entry) -> str:
    """Who opens the connections that an entry is about; empty where it does not say."""
    part = _transport(entry)[1]
    found = _get(part, "ietf-mud:direction-initiated") if part else None
    return _said(found) if found else ""


def _peer(entry: _Entry) -> tuple[Destination, str]:
    """Whom an entry lets the device reach, without ports; and why it is read so, where it has to be read."""
    layer = _layer(entry)
    for key in ("ietf-acldns:dst-dnsname", "destination-ipv4-network", "destination-ipv6-network"):
        found = _get(layer, key) if layer else None
        if found is not None:
            net = addresses.network(_said(found))
            if net is not None:
                return Destination(addresses=(str(net.network_address if net.num_addresses == 1 else net),)), ""
            if key.endswith("network"):
                raise refuse(found, "a network")
            return Destination(names=(str(NAME.read(found)),)), ""
    about = _get(entry.matches, MUD)
    given = [key for key in CLASSES if about and _get(about, key)]
    if not about or not given:
        return Destination(), ""
    node = _need(about, given[0], "")
    role = WELL_KNOWN.get(str(node.value), "")
    if role:
        return Destination(role=role, payload=("dns" if role == "resolver" else "ntp",)), ""
    why = f"who is meant by {given[0]} is the site's to say; any address that is local to sites is let through"
    return Destination(addresses=tuple(map(str, addresses.LOCAL))), why


def _ports(entry: _Entry) -> tuple[tuple[Port, ...], str]:
    """The ports of the peer, and why they are wider than the entry says, where they are; none stands for any."""
    transport, part = _transport(entry)
    found = _get(part, "destination-port") if part else None
    if found is None:
        return (), f"a rule has ports or none, so it is not held to {transport}" if transport else ""
    low, high = _range(found)
    if high - low >= MOST_PORTS:
        return (), f"a range of more than {MOST_PORTS} ports is read as any port"
    return tuple(Port(number, transport) for number in range(low, high + 1)), ""


def _range(node: Node) -> tuple[int, int]:
    """The first and the last port that are meant (RFC 8519, grouping port-range-or-operator)."""
    if _get(node, "lower-port") is not None:
        low = _port(_need(node, "lower-port", "a port"))
        upper = _get(node, "upper-port")
        return low, low if upper is None else _port(upper)
    port = _port(_need(node, "port", "a port"))
    operator = _get(node, "operator")
    ends = {"eq": (port, port), "lte": (0, port), "gte": (port, 65535), "neq": (0, 65535)}
    said = _said(operator).rpartition(":")[2] if operator else "eq"
    if operator and said not in ends:
        raise refuse(operator, "eq, lte, gte or neq")
    return ends[said]


def _port(node: Node) -> int:
    """The number of a port."""
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 0 <= node.value <= 65535:
        raise refuse(node, "a port from 0 to 65535")
    return node.value


def _defaults(draft: _Draft, line: int) -> Iterator[Rule]:
    """Rules for name resolution and time, where no entry stops them or lets them through already."""
    for role, payload, ports, basis, because in DEFAULTS:
        to = Destination(role=role, payload=(payload,), ports=ports)
        if role not in draft.dropped and to not in draft.rules:
            cite = Cite(draft.title, "Default MUD Nodes (RFC 8520, Appendix A)", 0, f"{payload} {ports[0].proto}")
            yield _allow(draft, cite, to, basis, because, line)


def _numbered(rules: Iterable[Rule]) -> list[Rule]:
    """The rules with ids of their own, made of their entries' names."""
    taken: set[str] = set()
    made = []
    for rule in rules:
        stem = _slug(rule.id, "entry", LONGEST - 5)
        name = next(name for at in range(len(taken) + 1) if (name := f"{stem}-{at}" if at else stem) not in taken)
        taken.add(name)
        made.append(replace(rule, id=name))
    return made


def _manners(draft: _Draft, line: int, *, closed: bool) -> list[Rule]:
    """The rules that what no entry lets through is denied; inbound only where no entry lets anybody in."""
    why = "what no entry of the description lets through is denied (RFC 8520)"
    kinds: list[tuple[str, str, str, dict[str, str]]] = [
        ("only-documented", "The device reaches what its description names only", "from-device-policy", {})
    ]
    if closed:
        told = "Nobody opens a connection to the device"
        kinds.append(("no-inbound", told, "to-device-policy", {"inside": "low"}))
    return [
        Rule(f"mud-{kind}", kind, Basis.READING, Cite(draft.title, section, 0, section), title, (draft.role,),
             Destination(), Severity.MEDIUM, line, because=why, options=options)
        for kind, title, section, options in kinds
    ]  # fmt: skip
