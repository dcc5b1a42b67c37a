"""The format of rule packs as tables of keys, from which the loader and the JSON Schema are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.findings import Basis, Severity
from analyzer.shapes import (
    LINE,
    NAME,
    NETWORK,
    WORD,
    Key,
    Schema,
    Shape,
    choice,
    flag,
    many,
    mapping,
    number,
    one_or_many,
    text,
    whole,
)
from analyzer.sitefile import TOPOLOGIES
from analyzer.yamlfile import Node, YamlError

SITE_ROLES = ("resolver", "ntp", "proxy", "mirror", "other")
UNSTATED = "unstated"
PAYLOADS = (
    "tls",
    "quic",
    "openvpn",
    "nats",
    "dns",
    "ntp",
    "http",
    "dhcp",
    "ethernet-ip",
    "focas",
    "shdr",
    "mtconnect",
    "haas-q",
    "giop",
    "lsv2",
    "opcua",
    "modbus",
    "http2",
    "mqtt",
    "ssh",
    "snmp",
    "syslog",
    "bacnet",
)

REFERENCES = one_or_many(text("a rule's id, or its begin and *", r"^[a-z][a-z0-9-]*\*?$", None, 61))
PURPOSE = text("a few words", limit=60)
RATE = number("bits per second", 0, 1e12)
SEVERITY = choice(*Severity)


@dataclass(frozen=True)
class Kind:
    """What the rules of one kind need: options, a `who`, and of `to` at least one of some keys."""

    meaning: str
    options: Mapping[str, Key] = field(default_factory=dict)
    who: bool = True
    to: tuple[str, ...] = ()


_INSIDE = Key(
    SEVERITY, "severity where it happens within the site; the rule's own is for what crosses its border", "low"
)
_ANSWERED = {"answered_by": Key(REFERENCES, "rules whose outcomes answer this step", (), required=True)}

KINDS: Mapping[str, Kind] = {
    "destination": Kind(
        "`who` may reach `to`",
        {"direction": Key(choice("out", "both"), "both: the document opens the port in either direction", "out")},
        to=("names", "addresses", "role", "payload"),
    ),
    "no-inbound": Kind("nobody outside opens a flow towards `who`", {"inside": _INSIDE}),
    "isolated-machines": Kind(
        "`who` exchanges nothing with anybody but `peer`",
        {"peer": Key(WORD, "the role that `who` may talk to", required=True), "inside": _INSIDE},
    ),
    "only-documented": Kind("`who` opens no flow but those that other rules allow"),
    "no-dhcp": Kind(
        "`who` takes no lease on a network",
        {"network": Key(choice("machine", "company"), "which of the site's networks", "machine")},
    ),
    "stable-address": Kind("`who` keeps one address: no lease, one MAC, names that follow", to=("names",)),
    "same-subnet": Kind(
        "`who` and `peer` share a subnet, or exchange data across subnets",
        {"peer": Key(WORD, "the role that `who` is to be near to", required=True)},
    ),
    "no-interception": Kind(
        "TLS of `who` is end to end",
        {"rules": Key(REFERENCES, "rules whose flows are meant; where empty, every TLS flow", ())},
    ),
    "budget": Kind(
        "a rate is kept",
        {
            "direction": Key(
                choice("up", "down"), "from `who` to the cloud, or from the cloud to `who`", required=True
            ),
            "bps": Key(RATE, "bits per second at IP length, 1 kbps is 1000", required=True),
            "machine_class": Key(choice("standard", "focas"), "for each machine of this class", ""),
            "per": Key(choice("machine", "workcenter"), "for each of these that is shown", ""),
            "window_s": Key(number("seconds", 1, 86400), "the rate is a mean over so long", 300.0),
            "purposes": Key(many(PURPOSE), "what it counts beside traffic of the rule's own purpose", ()),
        },
    ),
    "plan": Kind(
        "a planning example of the document",
        {
            "machines": Key(whole("a number of machines", 1, 100000), "how many", required=True),
            "direction": Key(choice("up", "down"), "as in a budget", required=True),
            "low_bps": Key(RATE, "the example's lower figure", required=True),
            "high_bps": Key(RATE, "the example's upper figure", required=True),
            "budgets": Key(REFERENCES, "rules of kind budget from which the figures follow", (), required=True),
        },
        who=False,
    ),
    "proxy": Kind("`who` may use a proxy that it was told; its credentials do not travel in clear"),
    "local-name": Kind("names resolve to a local address", to=("names",)),
    "dns-works": Kind("`who` gets answers to its questions", _ANSWERED),
    "ntp-works": Kind("`who` gets the time", _ANSWERED),
    "reachable": Kind("`who` gets through to what these rules name", _ANSWERED),
    "checklist": Kind("a step that other rules answer", _ANSWERED, who=False),
    "link-rate": Kind(
        "the link carries the load",
        {"bps": Key(RATE, "what it must carry; 0: only loss under load counts", 0.0)},
        who=False,
    ),
    "not-observable": Kind(
        "no capture shows it", {"tells": Key(LINE, "what would tell", "", required=True)}, who=False
    ),
    "one-variant": Kind("a host belongs to one variant of the document"),
}


def _port(value: str) -> str:
    """A port that exists, as it was written."""
    if not 0 < int(value.partition("/")[0]) <= 65535:
        raise ValueError(value)
    return value


def _fingerprint(value: str) -> str:
    """A fingerprint as it is compared: lower case, without colons."""
    return value.replace(":", "").lower()


PORT = text("a port as 443/tcp", r"^[0-9]{1,5}/(tcp|udp)$", _port, 9)
FINGERPRINT = text(
    "a certificate's SHA-256 fingerprint in hex", r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$", _fingerprint, 95
)
ONE_OR_MORE_WORDS = one_or_many(WORD)
PIECE = one_or_many(text("a piece of text", limit=200))


def _plain(_node: Node, values: dict[str, object]) -> dict[str, object]:
    """A mapping stays a dictionary."""
    return values


def _with_line(node: Node, values: dict[str, object]) -> dict[str, object]:
    """A dictionary that knows the line where it began."""
    return {**values, "line": node.line}


CITE = mapping(
    {
        "section": Key(text("the title of a section"), "title of the section, letter by letter", required=True),
        "row": Key(whole("a row, counted from 1", 0, 1000), "row of the table or item of the list; 0 for prose", 0),
    },
    _plain,
    "a cite",
)

TO = mapping(
    {
        "names": Key(one_or_many(NAME), "host names; *. in front stands for one or more labels", ()),
        "addresses": Key(one_or_many(NETWORK), "addresses or networks of which the responder must be one", ()),
        "at": Key(one_or_many(NETWORK), "addresses that the document gives for the names", ()),
        "role": Key(WORD, "role of the responder", ""),
        "unnamed": Key(flag(), "no name of the responder is known", False),
        "issuers": Key(
            one_or_many(FINGERPRINT), "certificates whose owners vouch for the names beside the public roots", ()
        ),
        "ports": Key(one_or_many(PORT), "responder's ports", ()),
        "payload": Key(one_or_many(choice(*PAYLOADS)), "what may run there, recognised by its octets", ()),
        "user_agents": Key(PIECE, "one of these stands in the HTTP User-Agent, or one of the paths in the target", ()),
        "paths": Key(PIECE, "one of these stands in the HTTP target, or one of the user_agents matches", ()),
    },
    _plain,
    "a destination",
)

RULE_KEYS: Mapping[str, Key] = {
    "id": Key(WORD, "permanent: never renamed, never reused", required=True),
    "kind": Key(choice(*KINDS), "how it is judged", required=True),
    "basis": Key(choice(*Basis), "documented: the document says it; reading: we decided it", required=True),
    "because": Key(LINE, "why it is read so", ""),
    "cite": Key(CITE, "where the document says it", required=True),
    "quote": Key(LINE, "the document's words, letter by letter", required=True),
    "title": Key(text("a short title", limit=100), "what a table shows", required=True),
    "who": Key(ONE_OR_MORE_WORDS, "roles that are meant", ()),
    "to": Key(TO, "whom they may reach", None),
    "severity": Key(SEVERITY, "how bad it is where it fails", required=True),
    "note": Key(LINE, "what a reader has to know", ""),
    "remedy": Key(LINE, "what the customer's network team has to do", ""),
    "purpose": Key(PURPOSE, "what the traffic serves", ""),
    "variants": Key(ONE_OR_MORE_WORDS, "variants of the document that say so; all where left out", ()),
    "topologies": Key(one_or_many(choice(*TOPOLOGIES, UNSTATED)), "topologies for which it is said", ()),
    "required": Key(flag(), "false: it is allowed, and no fault where it does not work", True),
    "step": Key(flag(), "a step of the document's checklists, or a recommendation: it is listed as such", False),
    "alternatives": Key(REFERENCES, "rules that serve the same: where one of them works, this one may be stopped", ()),
    "options": Key(Shape("options", lambda node: node, {"type": "object"}), "what the kind takes", None),
}


def _rule(node: Node, values: dict[str, object]) -> dict[str, object]:
    """A rule whose kind has got what it needs."""
    kind = KINDS[str(values["kind"])]
    options = values["options"]
    values["options"] = OPTIONS[str(values["kind"])].read(
        options if isinstance(options, Node) else Node(node.line, fields={})
    )
    to = values["to"]
    if kind.who and not values["who"]:
        raise YamlError(node.line, f"a rule of kind {values['kind']} without 'who'; expected a role")
    if kind.to and not (isinstance(to, dict) and any(to[key] for key in kind.to)):
        raise YamlError(node.line, f"a rule of kind {values['kind']} expects in 'to' one of {', '.join(kind.to)}")
    if isinstance(to, dict) and to["at"] and not to["names"]:
        raise YamlError(node.line, "'at' expects 'names', for which it gives the addresses")
    if not values["because"] and (values["basis"] == Basis.READING or values["kind"] == "not-observable"):
        raise YamlError(node.line, "expected 'because': a reading, and what no capture shows, give their reason")
    return {**values, "line": node.line}


OPTIONS: Mapping[str, Shape] = {
    name: mapping(kind.options, _plain, f"options of {name}") for name, kind in KINDS.items()
}
RULE = mapping(RULE_KEYS, _rule, "a rule")

ROLE = mapping(
    {
        "name": Key(WORD, "as rules and site files name it", required=True),
        "title": Key(text("a short title", limit=100), "what a table shows", required=True),
        "originates": Key(REFERENCES, "one flow to what one of these rules names tells the role", ()),
        "responds": Key(REFERENCES, "one flow answered as one of these rules says tells the role", ()),
        "resolves": Key(REFERENCES, "a DNS answer with its address for a name of these rules tells the role", ()),
        "together": Key(many(many(REFERENCES)), "flows to one rule of every group of a combination tell the role", ()),
        "weakly": Key(many(many(REFERENCES)), "as together, of a host that shows no other role", ()),
        "asked": Key(REFERENCES, "as originates, where the user asked for this pack", ()),
        "unless": Key(REFERENCES, "who opens such a flow has not this role", ()),
        "yields_to": Key(ONE_OR_MORE_WORDS, "roles that win over this one", ()),
        "general": Key(flag(), "a person's computer: flows that no rule allows are not judged", False),
        "unlisted": Key(SEVERITY, "severity of a flow that no rule allows", "medium"),
    },
    _with_line,
    "a role",
)

OMISSION = mapping(
    {
        "cite": Key(CITE, "where it stands", required=True),
        "quote": Key(LINE, "the document's words, letter by letter", required=True),
        "reason": Key(LINE, "why it makes no rule", required=True),
    },
    _with_line,
    "an entry of not_rules",
)

PACK = mapping(
    {
        "pack": Key(WORD, "the pack's name, as --profile takes it", required=True),
        "title": Key(text("a title", limit=200), "the document's title", required=True),
        "document": Key(
            text("the name of a file in the same folder", r"^[A-Za-z0-9][A-Za-z0-9._-]*$", None, 200),
            "the document's text, in which every quote is found",
            "",
        ),
        "variants": Key(ONE_OR_MORE_WORDS, "variants of the document, the usual one first", ()),
        "roles": Key(many(ROLE), "the parts that hosts play", (), required=True),
        "rules": Key(many(RULE), "the requirements", (), required=True),
        "not_rules": Key(many(OMISSION), "what stands in the document and makes no rule", ()),
    },
    _plain,
    "a rule pack",
)


def schema() -> Schema:
    """The format as JSON Schema (draft 2020-12), for editors."""
    kinds: list[object] = [
        {
            "if": {"properties": {"kind": {"const": name}}},
            "then": {
                "properties": {"options": OPTIONS[name].schema},
                "required": [
                    *(["who"] if kind.who else []),
                    *(["to"] if kind.to else []),
                    *(["options"] if any(key.required for key in kind.options.values()) else []),
                ],
            },
        }
        for name, kind in KINDS.items()
    ]
    rule = {**RULE.schema, "allOf": kinds}
    whole_pack = dict(PACK.schema)
    properties = PACK.schema["properties"]
    assert isinstance(properties, dict)
    whole_pack["properties"] = {**properties, "rules": {**properties["rules"], "items": rule}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule pack",
        "description": "One vendor document as rules",
        **whole_pack,
    }
