import copy
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import packformat
from analyzer.yamlfile import YamlError, parse, read

RULES = Path(__file__).parent.parent / "rules"
SMALL = {
    "pack": "robots",
    "title": "Robots",
    "variants": ["one"],
    "roles": [{"name": "arm", "title": "Arm", "originates": ["r-*"], "together": [[["r-a"], ["r-b"]]]}],
    "rules": [
        {
            "id": "r-a",
            "kind": "destination",
            "basis": "documented",
            "cite": {"section": "Ports", "row": 1},
            "quote": "443",
            "title": "Cloud",
            "who": "arm",
            "to": {"names": ["*.robots.example"], "ports": "443/tcp", "payload": "tls"},
            "severity": "high",
        },
        {
            "id": "r-b",
            "kind": "budget",
            "basis": "documented",
            "cite": {"section": "Rates"},
            "quote": "1 kbps",
            "title": "Rate",
            "who": ["arm"],
            "severity": "low",
            "options": {"direction": "up", "bps": 1000},
        },
    ],
    "not_rules": [{"cite": {"section": "Other"}, "quote": "x", "reason": "y"}],
}


def places(value, path=()):
    """Every place in a nested value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


ODD = st.sampled_from(
    [None, True, 0, 1, 1e13, -1, "", "x", "X y", "*.a.example", "10.0.0.0/8", [], ["a"], {}, {"a": 1}]
)


SCHEMA = jsonschema.Draft202012Validator(packformat.schema())


@settings(deadline=None)
@given(st.sampled_from([place for place in places(SMALL) if place]), ODD)
def test_what_the_loader_takes_the_schema_takes(place, odd):
    """A pack that is changed anywhere is refused by the loader wherever the schema refuses it."""
    pack = copy.deepcopy(SMALL)
    at = pack
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = odd
    try:
        packformat.PACK.read(parse(json.dumps(pack)))
    except YamlError:
        return
    SCHEMA.validate(pack)


def test_the_committed_schema_is_the_loaders():
    """rules/rulepack.schema.json is what the loader's tables give."""
    assert packformat.schema() == json.loads((RULES / "rulepack.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(packformat.schema())


@pytest.mark.parametrize("name", ["machinemetrics", "skala"])
def test_the_shipped_packs_satisfy_the_schema(name):
    """An editor that knows the schema finds nothing wrong in the shipped packs, and finds the schema by itself."""
    file = RULES / f"{name}.yaml"
    SCHEMA.validate(read(file).plain)
    assert file.read_text().startswith("# yaml-language-server: $schema=rulepack.schema.json\n")


def test_the_small_pack_is_good_as_it_stands():
    """The pack that the other tests change is taken by loader and schema."""
    packformat.PACK.read(parse(json.dumps(SMALL)))
    SCHEMA.validate(SMALL)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "destinations"}, "expected one of destination, no-inbound"),
        ({"to": None}, "expected a destination, found nothing"),
        ({"to": {"ports": "443/tcp"}}, "expects in 'to' one of names, addresses, role, payload"),
        ({"to": {"names": "robots"}}, "expected a host name"),
        ({"to": {"names": "a.example", "ports": "70000/tcp"}}, "expected a port as 443/tcp"),
        ({"to": {"names": "a.example", "ports": "443/sctp"}}, "expected a port as 443/tcp"),
        ({"to": {"names": "a.example", "payload": "https"}}, "expected one of tls, quic"),
        ({"to": {"addresses": "1.2.3"}}, "expected an IP address"),
        ({"to": {"addresses": "1.2.3.4", "at": "1.2.3.4"}}, "'at' expects 'names'"),
        ({"who": []}, "without 'who'"),
        ({"basis": "reading"}, "expected 'because'"),
        ({"basis": "guess"}, "expected one of documented, reading"),
        ({"severity": "bad"}, "expected one of critical, high, medium, low, info"),
        ({"options": {"bps": 1}}, "unknown key 'bps'; expected one of direction"),
        ({"topologies": "ring"}, "expected one of company, isolated"),
        ({"because": ""}, "expected text, found ''"),
        ({"colour": "red"}, "unknown key 'colour'"),
    ],
)
def test_a_rule_that_is_no_rule_says_what_was_expected(change, words):
    """Each mistake in a rule is told with what was expected in its place."""
    pack = copy.deepcopy(SMALL)
    pack["rules"][0].update(change)
    with pytest.raises(YamlError) as caught:
        packformat.PACK.read(parse(json.dumps(pack)))
    assert words in caught.value.reason


def test_options_are_asked_for_where_a_kind_needs_them():
    """A budget without a rate is refused; what may be left out has its default."""
    pack = copy.deepcopy(SMALL)
    assert packformat.PACK.read(parse(json.dumps(pack)))["rules"][1]["options"] == {
        "direction": "up",
        "bps": 1000.0,
        "machine_class": "",
        "per": "",
        "window_s": 300.0,
        "purposes": (),
    }
    del pack["rules"][1]["options"]
    with pytest.raises(YamlError, match="options of budget without 'direction'"):
        packformat.PACK.read(parse(json.dumps(pack)))
