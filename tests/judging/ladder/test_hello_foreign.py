"""Hellos outside that are no device's."""

import numpy as np
import pytest

from analyzer.judging.baseline import Baseline
from analyzer.judging.ladder import hello_foreign
from analyzer.judging.sessions import read_sessions
from analyzer.judging.sight import Sight
from analyzer.judging.vantage import Vantage
from tests.builders.site import API, EDGE, OUTSIDE, PUBLIC, STORE, Scene

OWN = "t13d3112h1_e8f1e7e78f70_b26ce05bbdd6"
RELAY = "t13d2812h1_a01be8c064b6_ef4b9b248d72"
RELAY_PLAIN = "t13d281100_a01be8c064b6_ef4b9b248d72"
CHROME = "t13d1516h2_8daaf6152771_b0da82dd1658"
NAT = "203.0.113.151"
APP = "app.machinemetrics.com"


def scene_of(*sessions, client=NAT, server=PUBLIC, **columns):
    """Sessions from one address, each given by its name and JA4."""
    scene = Scene()
    for name, ja4 in sessions:
        scene.tls(client, server, name)
        scene.rows["tls"][-1].update(ja4=ja4, **columns)
    return scene


INSIDE = scene_of((API, OWN), (STORE, OWN), (APP, OWN), client=EDGE)


def evidence(scene, inside=INSIDE):
    """What is found in a scene against the facts of an inside tap, None for no baseline."""
    seen = scene.seen()
    every = np.ones(len(seen.flows.proto), np.bool_)
    sessions = read_sessions(seen, every, (), lambda _: frozenset())
    baseline = Baseline.of([inside.seen()]) if inside else None
    return list(hello_foreign.find(Sight(Vantage(seen, every), sessions, ~every, None, baseline)))


def strengths(scene, inside=INSIDE):
    """Flow and strength of what is found."""
    return [(found.flow, str(found.strength)) for found in evidence(scene, inside)]


def test_one_foreign_stack_for_unrelated_operators_is_a_relay():
    """A relay speaks with one stack for all."""
    first, second = evidence(scene_of((API, RELAY), (STORE, RELAY)))
    assert (str(first.leaning), str(first.strength), first.flow, first.frames) == ("intercepted", "strong", 0, (3,))
    assert (first.target, first.by) == (API, "a box between the devices and this tap")
    assert first.detail == (
        f"the hello for {API} has JA4 {RELAY}, which the baseline has nowhere (for this name {OWN});"
        f" one stack speaks so for {API}, {STORE}"
    )
    assert (second.flow, str(second.strength), second.target) == (1, "strong", STORE)


def test_a_relay_that_copies_the_protocols_of_the_devices_has_one_stack():
    """Its JA4 differ in ALPN only, which it takes over from each device."""
    assert strengths(scene_of((API, RELAY), (STORE, RELAY_PLAIN))) == [(0, "strong"), (1, "strong")]


def test_one_operator_alone_is_suggestive():
    """An updated program that speaks with its maker only looks the same."""
    (first, second) = evidence(scene_of((API, RELAY), (APP, RELAY)))
    assert [str(first.strength), str(second.strength)] == ["suggestive", "suggestive"]
    assert (first.by, first.detail.rpartition("; ")[2]) == ("", "it does not speak for unrelated operators")


def test_two_foreign_stacks_are_suggestive():
    """Each speaks for one operator, as devices of several kinds do."""
    assert strengths(scene_of((API, RELAY), (STORE, CHROME))) == [(0, "suggestive"), (1, "suggestive")]


def test_another_host_behind_the_same_address_is_suggestive():
    """The devices' own hellos for the same names go out beside those of an office's browser."""
    scene = scene_of((API, OWN), (API, CHROME), (STORE, CHROME), (STORE, OWN))
    found = evidence(scene)
    assert [(seen.flow, str(seen.strength)) for seen in found] == [(1, "suggestive"), (2, "suggestive")]
    assert found[0].detail.rpartition("; ")[2] == "hellos of the devices' own go out for it as well"


def test_names_that_are_exempt_from_decryption_do_not_clear_the_others():
    """A relay lets some names pass with the device's own hello."""
    scene = scene_of((APP, OWN), (API, RELAY), (STORE, RELAY))
    assert strengths(scene) == [(1, "strong"), (2, "strong")]


def test_an_updated_program_beside_the_others_is_suggestive():
    """One name goes out in a new hello, and the rest go as before."""
    assert strengths(scene_of((API, RELAY), (STORE, OWN))) == [(0, "suggestive")]


@pytest.mark.parametrize(
    "ja4",
    [OWN, "t13d311100_e8f1e7e78f70_b26ce05bbdd6", "t13d3113h1_e8f1e7e78f70_0123456789ab", ""],
    ids=["same", "other ALPN", "with a ticket", "not seen whole"],
)
def test_the_devices_own_hello_is_not_foreign(ja4):
    """The healthy twin changes its protocol and its tickets from session to session, and is known by the rest."""
    assert evidence(scene_of((API, ja4), (STORE, ja4))) == []


def test_a_hello_that_the_devices_spoke_to_another_name_is_theirs():
    """The whole baseline counts, not that of one name."""
    inside = scene_of((API, OWN), (STORE, OWN), ("works.example", CHROME), client=EDGE)
    assert evidence(scene_of((API, CHROME), (STORE, CHROME)), inside) == []


@pytest.mark.parametrize(
    ("given", "columns"),
    [({"client": EDGE}, {}), ({"server": "10.7.0.200"}, {}), ({}, {"ech": True})],
    ids=["inside", "to a server of the site", "Encrypted ClientHello"],
)
def test_sessions_that_are_not_seen_outside_in_clear_tell_nothing(given, columns):
    """Inside the hello is the device's own, and another hello is its own affair."""
    assert evidence(scene_of((API, RELAY), (STORE, RELAY), **given, **columns)) == []


def test_names_that_the_baseline_lacks_tell_nothing():
    """A session without a name tells nothing either, nor does a name that the baseline knows by failures only."""
    inside = scene_of((API, OWN), (STORE, OWN), client=EDGE, established=False)
    found = [evidence(scene_of(("works.example", RELAY), ("", RELAY))), evidence(scene_of((API, RELAY)), inside)]
    assert found == [[], []]


def test_another_carrier_has_hellos_of_its_own():
    """A hello over QUIC differs from one over TCP, though one program speaks both."""
    scene = Scene()
    for name in (API, STORE):
        scene.quic(NAT, OUTSIDE, name)
        scene.rows["tls"][-1].update(ja4="q13d0310h3_55b375c5d22e_cd85d2d88918")
    assert evidence(scene) == []


def test_without_a_baseline_nothing_is_foreign():
    """The rung needs facts from when all was well."""
    assert evidence(scene_of((API, RELAY), (STORE, RELAY)), None) == []
