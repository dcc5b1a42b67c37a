"""Kinds of flows, and why flows do not work."""

import numpy as np
import pytest

from analyzer.judging.traffic import TROUBLES, Traffic, Trouble, coded, troubles
from tests.builders.site import EDGE, PUBLIC, Scene

PORTS = frozenset({443, 53})


def test_coded_numbers_stand_for_cells():
    """Equal cells have equal numbers."""
    codes, cells = coded(["b", "a", "b"], 3)
    assert (codes.tolist(), cells) == ([0, 1, 0], ["b", "a"])


def test_flows_that_differ_in_time_and_client_port_are_one_kind():
    """A client's own port and the time say nothing; a server's name does."""
    scene = Scene()
    rows = [scene.tls(EDGE, PUBLIC, name) for name in ("a.example", "a.example", "b.example")]
    traffic = Traffic(scene.seen(), PORTS, frozenset())
    groups = traffic.groups(np.ones(traffic.count, np.bool_))
    assert groups.kind.tolist()[rows[0]] == groups.kind.tolist()[rows[1]] != groups.kind.tolist()[rows[2]]
    assert [kind.name for kind in groups.kinds] == ["a.example", "b.example"]
    assert {kind.orig_p for kind in groups.kinds} == {0}


def test_a_server_port_on_the_originators_side_is_kept():
    """Where the capture begins within an exchange, the port tells that the server seems to have begun it."""
    scene = Scene()
    scene.udp("8.8.8.8", EDGE, 40000, orig_p=53)
    traffic = Traffic(scene.seen(), PORTS, frozenset())
    assert traffic.groups(np.ones(1, np.bool_)).kinds[0].orig_p == 53


def test_a_part_of_a_hello_is_no_hello():
    """QUIC spreads a hello over datagrams: where one is missing, the name may stand in it."""
    scene = Scene()
    rows = [scene.tls(EDGE, PUBLIC), scene.quic(EDGE, PUBLIC), scene.quic(EDGE, PUBLIC, whole=False)]
    hello = Traffic(scene.seen(), PORTS, frozenset()).hello
    assert hello[rows].tolist() == [True, True, False]


def test_requests_to_a_proxy_are_part_of_a_kind_without_path_and_agent():
    """Of a proxy's request the host and port count, of a package source's the path and the program."""
    scene = Scene()
    scene.connect(EDGE, "10.7.0.8", "a.example")
    scene.fetch(EDGE, PUBLIC, "b.example", "/pool/x.deb", "Debian APT-HTTP/1.3")
    traffic = Traffic(scene.seen(), PORTS, frozenset({80}))
    kinds = traffic.groups(np.ones(2, np.bool_)).kinds
    assert [kind.requests[0] for kind in kinds] == [
        (True, "a.example", 443, "", ""),
        (False, "b.example", 0, "/pool/x.deb", "Debian APT-HTTP/1.3"),
    ]


@pytest.mark.parametrize(
    ("given", "trouble"),
    [
        ({}, Trouble.NONE),
        ({"unanswered": True}, Trouble.UNANSWERED),
        ({"resp_synacks": 0, "resp_rsts": 1, "resp_payload_octets": 0}, Trouble.REFUSED),
        ({"resp_payload_octets": 0}, Trouble.SILENT),
        ({"resp_payload_octets": 0, "resp_rsts": 1}, Trouble.RESET),
        ({"resp_payload_octets": 0, "orig_payload_octets": 0}, Trouble.IDLE),
        ({"resp_payload_octets": 0, "orig_payload_octets": 0, "orig_fins": 1}, Trouble.NONE),
        ({"resp_rsts": 1}, Trouble.NONE),
        ({"one_sided": True, "resp_payload_octets": 0}, Trouble.UNSEEN),
        ({"midstream": True, "resp_synacks": 0}, Trouble.NONE),
        ({"proto": 17, "resp_packets": 0}, Trouble.NO_ANSWER),
    ],
)
def test_what_a_flow_lacks_tells_its_trouble(given, trouble):
    """A reset after data, and a connection that nobody used, are no trouble."""
    scene = Scene()
    scene.flow(EDGE, PUBLIC, 443, **given)
    assert TROUBLES[troubles(scene.seen())[0]] is trouble


def test_an_unanswered_datagram_in_a_one_sided_capture_is_unseen():
    """Where most TCP flows have one side only, the missing answer says nothing."""
    scene = Scene(one_sided_flows=2)
    scene.udp(EDGE, "8.8.8.8", 53, unanswered=True)
    assert TROUBLES[troubles(scene.seen())[0]] is Trouble.UNSEEN


def test_a_proxy_that_refuses_is_trouble_until_it_grants():
    """407 alone is trouble; 407 and then 200 in one flow is how authentication goes."""
    scene = Scene()
    refused = scene.connect(EDGE, "10.7.0.8", "a.example", status=407)
    granted = scene.connect(EDGE, "10.7.0.8", "a.example", status=407)
    scene.request(granted, method="CONNECT", form="authority", host="a.example", port=443, status=200)
    found = [TROUBLES[number] for number in troubles(scene.seen())]
    assert (found[refused], found[granted]) == (Trouble.PROXY, Trouble.NONE)


def test_an_alert_before_any_data_is_trouble():
    """An alert in a session that carried data is an ordinary close."""
    scene = Scene()
    for established in (False, True):
        scene.tls(EDGE, PUBLIC, "a.example")
        scene.rows["tls"][-1].update(alert=40, alert_from="server", established=established)
    assert [TROUBLES[number] for number in troubles(scene.seen())] == [Trouble.ALERT, Trouble.NONE]


def test_no_flows_are_no_kinds():
    """An empty capture makes empty codes."""
    traffic = Traffic(Scene().seen(), PORTS, frozenset())
    assert traffic.groups(np.zeros(0, np.bool_)).kinds == ()
    assert traffic.code("10.0.0.1") == -1


def test_macs_are_those_of_frames_from_an_address():
    """On either side of a flow, each once."""
    scene = Scene()
    scene.flow(EDGE, PUBLIC, 1, orig_mac="aa", resp_mac="bb")
    scene.flow(PUBLIC, EDGE, 1, orig_mac="bb", resp_mac="cc")
    scene.flow(EDGE, "10.7.0.9", 1, orig_mac="aa", resp_mac="")
    assert Traffic(scene.seen(), PORTS, frozenset()).carried == {EDGE: ("aa", "cc"), PUBLIC: ("bb",)}
