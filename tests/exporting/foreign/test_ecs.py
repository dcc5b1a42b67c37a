"""Documents are those of the Elastic Common Schema, by its field list."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from parsezeeklogs.ecs import ecs_index_body

from analyzer import api
from analyzer.exporting.foreign import ecs, logs
from analyzer.findings import Outcome
from analyzer.result import Result
from analyzer.tables import Certificates, Dns, Tls
from tests.builders.plant import FINDING, FLOWS, RULES, conclusions, flow, observations, result, table, verdicts
from tests.exporting.foreign.test_junit import CAPTURES, EVIL

# Fields and their types as the ECS field reference has them (elastic.co/docs/reference/ecs, release 9.0); those with
# "[]" are arrays by "Note: this field should contain an array of values".
FIELDS = {
    line.split()[0]: line.split()[1]
    for line in """
        @timestamp date
        message match_only_text
        tags keyword[]
        labels object
        ecs.version keyword
        event.module keyword
        event.dataset keyword
        event.category keyword[]
        event.kind keyword
        event.type keyword[]
        event.id keyword
        event.code keyword
        event.action keyword
        event.outcome keyword
        event.reason keyword
        event.severity long
        event.start date
        event.end date
        event.duration long
        observer.product keyword
        observer.type keyword
        source.address keyword
        source.ip ip
        source.port long
        source.bytes long
        source.packets long
        source.mac keyword
        destination.address keyword
        destination.ip ip
        destination.port long
        destination.bytes long
        destination.packets long
        destination.mac keyword
        destination.domain keyword
        network.type keyword
        network.iana_number keyword
        network.transport keyword
        network.protocol keyword
        network.community_id keyword
        network.bytes long
        network.packets long
        network.vlan.id keyword
        dns.type keyword
        dns.question.name keyword
        dns.question.type keyword
        dns.response_code keyword
        dns.answers object[]
        dns.answers.data keyword
        dns.answers.ttl long
        dns.resolved_ip ip[]
        dns.header_flags keyword[]
        tls.version keyword
        tls.version_protocol keyword
        tls.cipher keyword
        tls.resumed boolean
        tls.established boolean
        tls.next_protocol keyword
        tls.client.server_name keyword
        tls.client.ja3 keyword
        tls.server.ja3s keyword
        tls.server.subject keyword
        tls.server.issuer keyword
        tls.server.not_before date
        tls.server.not_after date
        tls.server.hash.sha256 keyword
        rule.id keyword
        rule.ruleset keyword
        rule.name keyword
        rule.category keyword
        rule.description keyword
        host.name keyword
        related.ip ip[]
        related.hosts keyword[]
    """.strip().splitlines()
}
# ecs-allowed-values-event-kind, -category, -outcome; of -type those that are expected for the category network;
# ecs-dns (type, header_flags) and RFC 7042 as source.mac has it.
ALLOWED = {
    "event.kind": ["alert", "event", "state"],
    "event.category": ["network"],
    "event.type": ["access", "allowed", "connection", "denied", "end", "info", "protocol", "start"],
    "event.outcome": ["failure", "success", "unknown"],
    "dns.type": ["answer", "query"],
    "dns.header_flags": ["AA", "TC", "RD", "RA", "AD", "CD", "DO"],
}
FORMS: dict[str, dict[str, Any]] = {
    "keyword": {"type": "string", "minLength": 1},
    "match_only_text": {"type": "string", "minLength": 1},
    "long": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$"},
    "ip": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
    "object": {"type": "object"},
}
NEEDED = ["@timestamp", "ecs", "event", "observer"]


def schema() -> dict[str, Any]:
    """The JSON schema that the field list makes."""
    root: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False, "required": NEEDED}
    for name, kind in FIELDS.items():
        *parents, leaf = name.split(".")
        at = root
        for parent in parents:
            empty = {"type": "object", "properties": {}, "additionalProperties": False}
            at = at["properties"].setdefault(parent, empty)
            at = at.get("items", at)
        form = dict(FORMS[kind.removesuffix("[]")])
        if name in ALLOWED:
            form["enum"] = ALLOWED[name]
        if name.endswith(".mac"):
            form["pattern"] = "^([0-9A-F]{2}-){5}[0-9A-F]{2}$"
        if name == "labels":
            form["additionalProperties"] = FORMS["keyword"]
        if kind == "object[]":
            form |= {"properties": {}, "additionalProperties": False}
        at["properties"][leaf] = {"type": "array", "minItems": 1, "items": form} if kind.endswith("[]") else form
    return root


VALIDATOR = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())


def written(made: Result, folder: Any) -> list[dict[str, Any]]:
    """The documents of a result, read from the file, each valid."""
    assert ecs.write(made, folder) == ()
    text = (folder / "ecs.jsonl").read_text(encoding="ascii")
    assert text.replace("\n", "").isprintable()
    documents = [json.loads(line) for line in text.splitlines()]
    for document in documents:
        VALIDATOR.validate(document)
    return documents


def of(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Those of one kind."""
    return [document for document in documents if document["event"]["dataset"] == f"analyzer.{kind}"]


def test_the_field_list_is_that_of_another_program():
    """Types are those by which a foreign loader of Zeek's logs maps the same fields."""
    mapping = ecs_index_body()["mappings"]["properties"]
    compared = 0
    for name, kind in FIELDS.items():
        node: Any = {"properties": mapping}
        for part in name.split("."):
            node = node.get("properties", {}).get(part, {})
        if "type" in node and node["type"] != "object":
            assert (name, kind.removesuffix("[]")) == (name, node["type"])
            compared += 1
    assert compared > len(FIELDS) // 2


def test_the_schema_refuses_what_is_not_of_ecs():
    """A field that is not there, a number as text, an address that is none."""
    good = next(ecs.documents(result()))
    VALIDATOR.validate(json.loads(json.dumps(good)))
    for name, value in (("verdict", "x"), ("source", {"port": "443"}), ("source", {"ip": "host"}), ("tags", "x")):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({**good, name: value})


def test_every_flow_question_finding_and_rule_is_a_document(tmp_path):
    """In this order, flows with the ids of Zeek's logs."""
    made = result()
    documents = written(made, tmp_path)
    counts = {kind: len(of(documents, kind)) for kind in ("flow", "dns", "finding", "rule")}
    assert counts == {"flow": len(FLOWS), "dns": 1, "finding": 1, "rule": len(RULES)}
    assert sum(counts.values()) == len(documents)
    assert [document["event"]["id"] for document in of(documents, "flow")] == logs.uids(made)
    assert of(documents, "dns")[0]["event"]["id"] == logs.uids(made)[1]


def test_a_flow_says_who_with_whom_and_what_became_of_it(tmp_path):
    """Ends, octets, Community ID, verdict and rule."""
    seen = observations([flow(orig_mac="02:57:fa:21:5c:50", vlan=7, server_name="x.example")], dns=table(Dns, []))
    (document,) = of(written(Result(seen, conclusions(flows=verdicts(["unexpected"]), findings=())), tmp_path), "flow")
    assert document["source"] == {
        "address": "10.20.30.10",
        "ip": "10.20.30.10",
        "port": 40000,
        "bytes": 2400,
        "packets": 12,
        "mac": "02-57-FA-21-5C-50",
    }
    assert document["destination"]["domain"] == "x.example"
    assert (document["network"]["bytes"], document["network"]["vlan"]) == (7500, {"id": "7"})
    assert document["network"]["community_id"] == "1:LQU9qZlK+B5F3KDmev6m5PMibrg="
    assert (document["event"]["action"], document["event"]["outcome"]) == ("unexpected", "success")
    assert document["event"]["duration"] == 60_000_000_000
    assert (document["tags"], document["labels"]["verdict"]) == (["undocumented-name"], "unexpected")


@pytest.mark.parametrize(
    ("verdict", "proto", "state", "outcome", "kinds"),
    [
        ("blocked", 6, "SF", "failure", ["connection", "denied"]),
        ("expected", 6, "SF", "success", ["connection"]),
        ("undetermined", 6, "S0", "failure", ["connection"]),
        ("expected", 17, "S0", "unknown", ["connection"]),
    ],
)
def test_only_what_is_known_to_fail_has_failed(tmp_path, verdict, proto, state, outcome, kinds):
    """A datagram without an answer may have needed none."""
    seen = observations([flow(proto=proto, conn_state=state)], dns=table(Dns, []))
    document = written(Result(seen, conclusions(flows=verdicts([verdict]), findings=())), tmp_path)[0]
    assert (document["event"]["outcome"], document["event"]["type"]) == (outcome, kinds)


def test_tls_and_dns_have_their_fields(tmp_path):
    """Versions as numbers, the server's certificate, answers that are addresses."""
    session = {"flow": 0, "version": "TLSv12", "server_name": "x.example", "chain": ("ab" * 32,), "alert": -1}
    kept = {"fingerprint": "ab" * 32, "subject": "CN=x", "issuer": "CN=y", "not_after_ns": 10**18}
    asked = {
        "flow": 1,
        "query": "x.example",
        "qtype_name": "A",
        "rcode_name": "NOERROR",
        "rtt_ns": 5,
        "answers": ("y.example", "203.0.113.7", "fe80::1%x"),
        "ttls": ("60", "nix", "1"),
        "truncated": True,
    }
    facts = observations(
        tls=table(Tls, [session, {"flow": 0}, {"flow": 2, "version": "unknown-4660", "alert": -1}]),
        certificates=table(Certificates, [kept]),
        dns=table(Dns, [asked, {"flow": 1, "rtt_ns": -1, "query": "z"}]),
    )
    documents = written(Result(facts, conclusions()), tmp_path)
    told = documents[0]["tls"]
    assert (told["version"], told["version_protocol"], told["client"]) == ("1.2", "tls", {"server_name": "x.example"})
    assert told["server"]["hash"] == {"sha256": "AB" * 32}
    assert (told["server"]["issuer"], told["server"]["not_after"][:10]) == ("CN=y", "2001-09-09")
    assert documents[2]["tls"] == {"resumed": False, "established": False}
    whole, lone = of(documents, "dns")
    assert whole["dns"]["answers"] == [
        {"data": "y.example", "ttl": 60},
        {"data": "203.0.113.7", "ttl": 0},
        {"data": "fe80::1%x", "ttl": 1},
    ]
    assert (whole["dns"]["resolved_ip"], whole["dns"]["header_flags"]) == (["203.0.113.7"], ["TC"])
    assert (whole["event"]["outcome"], whole["dns"]["type"]) == ("success", "answer")
    assert (lone["event"]["outcome"], lone["dns"]) == ("unknown", {"type": "query", "question": {"name": "z"}})
    assert not {"bytes", "packets"} & {*whole["source"], *whole["destination"], *whole["network"]}


def test_a_finding_is_an_alert_and_a_rule_a_state(tmp_path):
    """With the row of the document, and what to change."""
    documents = written(result(), tmp_path)
    (alert,) = of(documents, "finding")
    assert (alert["event"]["kind"], alert["event"]["severity"], alert["event"]["code"]) == ("alert", 4, FINDING.code)
    assert (alert["message"], alert["host"]) == (FINDING.title, {"name": "m1"})
    assert alert["rule"]["name"] == "machines have no internet access"
    assert alert["related"] == {"ip": ["10.20.30.21", "198.51.100.99"], "hosts": ["telemetry.vendor.example"]}
    assert alert["labels"]["remedy"] == FINDING.remedy
    outcomes = {Outcome.HOLDS: "success", Outcome.FAILS: "failure"}
    for rule, state in zip(RULES, of(documents, "rule"), strict=True):
        assert (state["rule"]["id"], state["event"]["action"]) == (rule.rule, rule.outcome.value)
        assert state["event"]["outcome"] == outcomes.get(rule.outcome, "unknown")


def test_hostile_names_are_values(tmp_path):
    """One document per line stays one, whatever stands in it."""
    facts = observations(
        [flow(server_name=EVIL, service=EVIL, resp_h="nix"), flow(proto=17)],
        dns=table(Dns, [{"flow": 1, "query": EVIL, "answers": (EVIL,), "ttls": ("1",), "rcode_name": "NOERROR"}]),
        tls=table(Tls, [{"flow": 0, "server_name": EVIL, "version": EVIL, "alert": -1}]),
    )
    documents = written(Result(facts, conclusions(flows=verdicts(["expected"] * 2), findings=())), tmp_path)
    assert "ip" not in documents[0]["destination"]
    sound = EVIL.encode("utf-8", "backslashreplace").decode()
    assert documents[0]["destination"]["domain"] == documents[0]["tls"]["client"]["server_name"] == sound
    assert of(documents, "dns")[0]["dns"]["question"]["name"] == sound


@pytest.mark.parametrize("name", ["mm-intercepted.pcapng.gz", "office.pcapng", "skala-blocked.pcapng"])
def test_captures_of_the_lab_give_valid_documents(tmp_path, name):
    """With certificates, multicast, ICMP and all."""
    made = api.check([str(CAPTURES / name)])
    documents = written(made, tmp_path)
    assert len(of(documents, "flow")) == len(made.flows)
    assert len(of(documents, "dns")) == made.observations.dns.flow.size
