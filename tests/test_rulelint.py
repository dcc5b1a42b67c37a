import dataclasses

import pytest

from analyzer.findings import Basis, Cite, Severity
from analyzer.rulelint import CHECKS, lint
from analyzer.rulepack import Destination, Omission, Port, Role, Rule, RulePack, shipped

TLS = {"ports": (Port(443, "tcp"),), "payload": ("tls",)}


def rule(name, line=1, *, row=1, quote="", basis=Basis.DOCUMENTED, variants=(), who=("device",), **to):
    """A rule that has nothing odd but what `to` says."""
    return Rule(
        id=name,
        kind="destination",
        basis=basis,
        cite=Cite("doc.txt", "Ports", row, quote or ", ".join((*to.get("names", ()), *to.get("addresses", ())))),
        title=name,
        who=who,
        to=Destination(**{**TLS, **to}),
        severity=Severity.HIGH,
        line=line,
        remedy="Allow it.",
        purpose="telemetry",
        variants=variants,
    )


DEVICE = (Role("device", "Device", originates=("a",)),)


def pack(*rules, text="", roles=DEVICE, not_rules=()):
    """A pack of some rules."""
    return RulePack("p", "P", "doc.txt", text, "p.yaml", ("one", "two"), roles, rules, not_rules)


def codes(made):
    """The remarks on a pack, without their texts."""
    return [(remark.code, remark.rules) for remark in lint(made)]


def test_a_healthy_pack_gets_no_remark():
    """Names that differ by more than a slip, and short ones such as api and app, are nobody's misprint."""
    assert not codes(
        pack(
            rule("a", names=("api.vendor.example",)),
            rule("b", names=("app.vendor.example",)),
            rule("c", names=("eu-websocket.vendor.example",)),
            rule("d", names=("jp-websocket.vendor.example",)),
            rule("e", names=("registry.vendor.example", "registry.other.example.com")),
            rule("f", addresses=("192.0.2.1",)),
            rule("g", addresses=("198.51.100.1",)),
        )
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("websocket.vendor.example", "websockets.vendor.example"),
        ("rasbian.vendor.example", "raspbian.vendor.example"),
        ("updates.vendor.example", "updatez.vendor.example"),
    ],
)
def test_names_one_letter_apart_are_told(first, second):
    """One letter more, less or other in a long label, for one purpose, may be a misprint; a reading says so."""
    assert codes(pack(rule("a", names=(first,)), rule("b", names=(second,)))) == [("similar-names", ("a", "b"))]
    reading = rule("b", names=(second,), basis=Basis.READING)
    assert codes(pack(rule("a", names=(first,)), reading)) == [("misspelt-name", ("a", "b"))]
    other = dataclasses.replace(rule("b", names=(second,)), purpose="time")
    assert not codes(pack(rule("a", names=(first,)), other))


def test_an_address_outside_its_siblings_block_is_told():
    """One of three that lies in another /8 is told with all rules that name it; two alone, or a mix, tell nothing."""
    at = ("18.1.0.1", "18.2.0.1", "182.3.0.1")
    a, b = rule("a", names=("a.vendor.example",), at=at), rule("b", addresses=("182.3.0.1",))
    assert codes(pack(a, b)) == [("odd-address", ("a", "b"))]
    for siblings in (
        ("18.1.0.1", "182.3.0.1"),
        ("54.1.0.1", "52.1.0.1", "35.1.0.1"),
        ("18.0.0.0/8", "182.3.0.1", "18.1.0.1"),
    ):
        assert not codes(pack(rule("a", names=("a.vendor.example",), at=siblings)))
    elsewhere = rule("b", addresses=("182.3.0.1",), variants=("two",))
    assert not codes(pack(rule("a", names=("a.vendor.example",), at=at[:2], variants=("one",)), elsewhere))


def test_one_port_under_two_names_is_told():
    """A port in two lines of a quote, or in two rules about one role, is told; another protocol's is not."""
    both = rule("a", quote="Citizen M700683\nMitsubishi683", role="machine", ports=(Port(683, "tcp"),))
    assert codes(pack(both)) == [("port-twice", ("a",))]
    one = rule("a", quote="Citizen M700683", role="machine", ports=(Port(683, "tcp"),))
    two = rule("b", quote="Mitsubishi683", role="machine", ports=(Port(683, "tcp"),), payload=("giop",))
    assert codes(pack(one, two)) == [("port-twice", ("a", "b"))]
    assert not codes(pack(one, rule("b", role="machine", ports=(Port(683, "udp"),))))
    assert not codes(pack(one, rule("b", role="other", ports=(Port(683, "tcp"),))))


def test_names_that_a_wildcard_allows_are_told():
    """A wildcard that covers other rules' names is told once, with all of them; not over ports, roles or variants."""
    wide = rule("w", names=("*.vendor.example",))
    inner = [rule("a", names=("api.vendor.example",)), rule("b", names=("x.y.vendor.example",))]
    assert codes(pack(*inner, wide)) == [("covered-by-wildcard", ("w", "a", "b"))]
    for apart in (
        rule("a", names=("vendor.example",)),
        rule("a", names=("api.vendor.example",), ports=(Port(80, "tcp"),)),
        rule("a", names=("api.vendor.example",), who=("tablet",)),
    ):
        assert ("covered-by-wildcard", ("w", "a")) not in codes(pack(wide, apart))


def test_a_name_in_the_prose_alone_is_told():
    """What the prose asks for and no row does is told; with a row it is not, and a pack without rows has no such."""
    row, prose = rule("a", names=("a.example",)), rule("b", names=("vendor.example",), row=0)
    assert codes(pack(row, prose)) == [("only-in-prose", ("b",))]
    assert codes(pack(row, rule("b", addresses=("192.0.2.9",), row=0))) == [("only-in-prose", ("b",))]
    assert not codes(pack(prose))
    listed = rule("a", names=("a.example",), quote="a.example vendor.example")
    assert not codes(pack(listed, prose))
    longer = rule("a", names=("a.example",), quote="a.example x.vendor.example")
    assert codes(pack(longer, prose)) == [("only-in-prose", ("b",))]


def test_a_name_of_the_document_that_no_rule_names_is_told():
    """A host name or address in the text has a rule or a reason; version numbers and the like need neither."""
    text = "Allow a.example and b.example.\nServer 192.0.2.1, version 1.2, e.g. this, a.exampleWeb\n"
    made = pack(rule("a", names=("a.example",)), text=text)
    assert [remark.text for remark in lint(made)] == [
        "line 1 of the document names b.example, and no rule does",
        "line 2 of the document names 192.0.2.1, and no rule does",
    ]
    reasons = (Omission(Cite("doc.txt", "Ports", 0, "b.example and 192.0.2.1"), "not ours"),)
    assert not lint(dataclasses.replace(made, not_rules=reasons))


def test_rules_that_allow_the_same_are_told():
    """Two rules with one destination for one host are told, for two variants they are not."""
    to = {"names": ("a.example",)}
    assert codes(pack(rule("a", **to), rule("b", **to))) == [("same-destination", ("a", "b"))]
    assert not codes(pack(rule("a", variants=("one",), **to), rule("b", variants=("two",), **to)))


def test_rules_weaker_than_they_look_are_told():
    """Who may answer, on which port and with what is asked for, or its lack is told."""
    assert codes(pack(rule("a"))) == [("anybody", ("a",))]
    assert codes(pack(rule("a", names=("a.example",), payload=()))) == [("any-payload", ("a",))]
    assert codes(pack(rule("a", names=("a.example",), ports=()))) == [("any-port", ("a",))]
    silent = dataclasses.replace(rule("a", names=("a.example",)), remedy="")
    assert codes(pack(silent)) == [("no-remedy", ("a",))]
    assert not codes(pack(dataclasses.replace(silent, required=False)))


def test_roles_that_nothing_tells_are_told():
    """A role that no rule means, or that only a site file can tell, is told."""
    made = pack(rule("a", names=("a.example",), who=("ghost",)), roles=(Role("ghost", ""), Role("idle", "", ("a",))))
    assert codes(made) == [("untold-role", ()), ("unused-role", ())]


def test_the_documents_own_contradictions_are_found():
    """Both documents' known slips are among the remarks, each with the rules that it concerns."""
    found = {(remark.code, remark.rules) for made in shipped() for remark in lint(made)}
    assert {
        ("similar-names", ("sk-websockets", "sk-websocket")),
        ("misspelt-name", ("sk-os-updates", "sk-os-updates-real-name")),
        ("odd-address", ("mm-gov-api", "mm-gov-stream", "mm-nats-gov-3")),
        ("port-twice", ("mm-machine-683",)),
        ("only-in-prose", ("sk-browser",)),
    } <= found
    assert "unread-target" not in {code for code, _ in found}


def test_remarks_come_in_the_order_of_the_pack():
    """A reader who goes through the file meets the remarks in its order."""
    for made in shipped():
        lines = [remark.line for remark in lint(made)]
        assert lines == sorted(lines)
    assert len(CHECKS) == len(set(CHECKS))
