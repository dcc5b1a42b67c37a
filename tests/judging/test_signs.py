"""What the capture shows of hosts' parts."""

from analyzer.judging.lookups import Lookups
from analyzer.judging.place import Cast, lists
from analyzer.judging.signs import gather, relays
from analyzer.judging.traffic import Traffic
from analyzer.rulepack import shipped
from analyzer.sitefile import Site
from tests.builders.site import API, EDGE, GOOGLE, MACHINE, NEXUS, PC, PUBLIC, STORE, Scene

PACKS = {pack.name: pack for pack in shipped()}


def signs(scene, name="machinemetrics"):
    """The signs for a pack, by all its destinations."""
    seen, pack = scene.seen(), PACKS[name]
    traffic = Traffic(seen, frozenset({53, 443}), frozenset())
    bare = Cast((), (), lists(seen, Site()), Site(), Lookups(seen), stated=False)
    telling = [rule for rule in pack.rules if rule.kind in {"destination", "local-name"}]
    return gather(pack, telling, traffic, bare, relays(traffic, bare.lookups))


def test_flows_tell_what_was_opened_and_answered():
    """A cloud name tells of its client; a machine protocol of both ends."""
    scene = Scene()
    scene.tls(EDGE, PUBLIC, STORE)
    scene.poll(EDGE, MACHINE, "modbus", 502)
    found = signs(scene)
    assert set(found.opened[EDGE]) == {"mm-std-adapter-store", "mm-machine-modbus"}
    assert found.answered[MACHINE]["mm-machine-modbus"][0] == EDGE
    assert PUBLIC not in found.answered


def test_a_machine_port_without_its_protocol_tells_nothing():
    """502 may be anything, and an unanswered poll shows no machine."""
    scene = Scene()
    scene.flow(EDGE, MACHINE, 502)
    scene.poll(EDGE, MACHINE, "modbus", 502, resp_payload_octets=0)
    assert MACHINE not in signs(scene).answered
    assert "mm-machine-modbus" in signs(scene).opened[EDGE]


def test_questions_count_beside_flows_only():
    """A resolver asks for everybody; a host that opened nothing is told by nothing."""
    scene = Scene()
    scene.lookup(EDGE, STORE, PUBLIC)
    assert signs(scene).of(EDGE).keys() == {"mm-dns-google-primary"} | {"mm-std-adapter-store"}
    resolver = Scene()
    resolver.lookup("10.7.0.1", STORE, PUBLIC)
    resolver.lookup(PC, STORE, PUBLIC, resolver="10.7.0.1")
    found = signs(resolver)
    assert "10.7.0.1" in found.relaying
    assert "mm-std-adapter-store" not in found.of("10.7.0.1")


def test_a_proxys_requests_are_its_clients():
    """The client is told by whom it asked for; the proxy relays."""
    scene = Scene()
    scene.connect(EDGE, "10.7.0.8", API)
    found = signs(scene)
    assert ("mm-std-api" in found.opened[EDGE], "10.7.0.8" in found.relaying) == (True, True)


def test_a_local_name_tells_of_the_address_that_it_stands_for():
    """A public answer for it tells nothing of anybody."""
    scene = Scene()
    scene.lookup(PC, "lab1.skalanexus.com", NEXUS)
    scene.lookup(PC, "lab2.skalanexus.com", PUBLIC)
    assert set(signs(scene, "skala").resolved) == {NEXUS}


def test_signs_name_the_frame_where_they_were_seen():
    """So that anyone can look."""
    scene = Scene()
    scene.lookup(PC, "x.example", PUBLIC, resolver=GOOGLE)
    scene.edge()
    sign = signs(scene).opened[EDGE]["mm-std-adapter-store"]
    assert (sign.frame, STORE in sign.text) == (11, True)
