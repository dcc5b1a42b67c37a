"""Clients that refuse the certificates which they are shown."""

import pytest

from analyzer.judging.ladder import certificate_refused
from analyzer.judging.ladder.certificate_refused import find
from tests.builders.blocked import FAR, NEAR
from tests.builders.certificates import Shown, authority, found, leaf, sight_of
from tests.builders.site import EDGE, MACHINE, PC, PUBLIC

HOST, SAME, OTHER, WORKS = "files.acme.com", "api.acme.com", "api.zebra.net", "www.works.org"
ROOT = authority("Plant root")
CLOCK = "203.0.113.123"


def refuse(scene, name, alert=48, client=EDGE, server=PUBLIC, chain=(), **given):
    """A session that its client ended with this alert in clear."""
    row = scene.show(client, server, name, *chain, **given)
    scene.rows["tls"][-1].update(established=False, alert=alert, alert_from="client", alert_frame=10 * row + 7)
    return row


def encrypted(scene, name, *records, **tls):
    """A TLS 1.3 session that went on no further than these records of the client's."""
    cells = {"version": "TLSv13", "established": False, "client_records": ("22:517", "20:1", *records), **tls}
    return scene.show(EDGE, PUBLIC, name, tls=cells)


def told(scene, **given):
    """The strengths of what is found, in the order of flows."""
    return [strength for _, strength in found(certificate_refused, scene, **given)]


@pytest.mark.parametrize("alert", [42, 46, 48])
def test_two_operators_are_refused(alert):
    """Strong: their servers are not wrong at the same time."""
    scene = Shown()
    rows = [refuse(scene, name, alert) for name in (HOST, OTHER)]
    assert found(certificate_refused, scene) == [(row, "strong") for row in rows]


@pytest.mark.parametrize("alert", [40, 45, 49, 70, 0, 90])
def test_other_alerts_are_not_on_who_signed(alert):
    """An expired certificate is the server's or the clock's (45); the others are on something else."""
    scene = Shown()
    for name in (HOST, OTHER):
        refuse(scene, name, alert)
    assert told(scene) == []


def test_a_servers_alert_is_the_servers():
    """It minds the client's certificate."""
    scene = Shown()
    for name in (HOST, OTHER):
        refuse(scene, name)
        scene.rows["tls"][-1].update(alert_from="server")
    assert told(scene) == []


def test_once_is_too_few():
    """Suggestive: a device without the root, or a chain without its intermediate, looks the same."""
    scene = Shown()
    refuse(scene, HOST)
    assert told(scene) == ["suggestive"]
    (seen,) = find(sight_of(scene))
    said = f"the client refused the certificate of {HOST} with the alert unknown_ca"
    assert seen.detail == f"{said}; nothing else of this client works either"


@pytest.mark.parametrize(
    ("times", "works", "strength"),
    [(3, [WORKS], "strong"), (2, [WORKS], "suggestive"), (9, [], "suggestive"), (9, ["www.acme.com"], "suggestive")],
)
def test_one_operator_again_and_again(times, works, strength):
    """Strong from the third time on, where another operator's servers work; where nothing works it may be the clock."""
    scene = Shown()
    for name in works:
        scene.show(EDGE, FAR, name)
    for _ in range(times):
        refuse(scene, HOST)
    assert told(scene) == [strength] * times


def test_each_client_for_itself():
    """One refuses one operator and another one the other: that makes no two."""
    scene = Shown()
    refuse(scene, HOST)
    refuse(scene, OTHER, client=PC)
    assert told(scene) == ["suggestive", "suggestive"]


def test_a_good_certificate_is_refused():
    """Suggestive, all of them: it is the client that is wrong."""
    scene = Shown()
    refuse(scene, HOST, chain=[leaf(HOST, issuer=ROOT)])
    refuse(scene, OTHER)
    assert told(scene, roots=[ROOT]) == ["suggestive", "suggestive"]
    assert told(scene) == ["strong", "strong"]
    details = {seen.detail.partition("; ")[2] for seen in find(sight_of(scene, roots=[ROOT]))}
    assert details == {f"it also refuses the good certificate of {HOST}"}


@pytest.mark.parametrize(
    ("alerts", "answered", "strength"),
    [
        ((42, 42), False, "suggestive"),
        ((42, 46), False, "suggestive"),
        ((42, 42), True, "strong"),
        ((42, 48), False, "strong"),
    ],
)
def test_a_clock_in_doubt(alerts, answered, strength):
    """Suggestive, where its time server does not answer, unless it says that it does not know who signed (48)."""
    scene = Shown()
    scene.clock(EDGE, CLOCK)
    if not answered:
        scene.rows["ntp"].pop()
    for name, alert in zip((HOST, OTHER), alerts, strict=True):
        refuse(scene, name, alert)
    assert told(scene) == [strength, strength]


def test_another_hosts_clock():
    """Is not this one's."""
    scene = Shown()
    scene.clock(PC, CLOCK)
    scene.rows["ntp"].pop()
    for name in (HOST, OTHER):
        refuse(scene, name, 42)
    assert told(scene) == ["strong", "strong"]


@pytest.mark.parametrize("length", [19, 35])
def test_an_encrypted_alert(length):
    """The first encrypted record has an alert's length, padded or not; a Finished is longer."""
    scene = Shown()
    for name in (HOST, OTHER):
        encrypted(scene, name, f"23:{length}")
    assert told(scene) == ["strong", "strong"]
    assert "with an encrypted record of an alert's length" in next(iter(find(sight_of(scene)))).detail


@pytest.mark.parametrize(
    ("records", "tls"),
    [
        (("23:53", "23:19"), {}),
        (("23:53",), {}),
        (("23:69",), {}),
        (("23:19", "23:19"), {}),
        (("23:19",), {"established": True}),
        (("23:19",), {"resumed": True}),
        (("23:19",), {"version": "TLSv12"}),
        (("23:19",), {"server_hello_frame": 0}),
        (("23:11",), {}),
        (("23:19",), {"cipher": "TLS_AES_128_CCM_8_SHA256"}),
        ((), {}),
    ],
)
def test_records_that_are_no_refusal(records, tls):
    """A later record of that length is an ordinary close; the client's first one is its Finished."""
    scene = Shown()
    for name in (HOST, OTHER):
        encrypted(scene, name, *records, **tls)
    assert told(scene) == []


def test_a_short_tag():
    """Of one cipher suite eight octets shorter."""
    scene = Shown()
    for name in (HOST, OTHER):
        encrypted(scene, name, "23:11", cipher="TLS_AES_128_CCM_8_SHA256")
    assert told(scene) == ["strong", "strong"]


def silent(scene, name, history="ShADadF", **tls):
    """A session that its client left after its Finished, without a request."""
    cells = {"established": False, "client_records": ("22:200", "22:70", "20:1", "22:40"), **tls}
    return scene.show(EDGE, PUBLIC, name, tls=cells, history=history)


def test_a_silent_session_of_the_same_operator_joins():
    """As strong as those that say so; those of others, and such as went on, do not."""
    scene = Shown()
    rows = [refuse(scene, name) for name in (HOST, OTHER)]
    rows.append(silent(scene, SAME))
    silent(scene, WORKS)
    silent(scene, SAME, established=True)
    silent(scene, SAME, resumed=True)
    silent(scene, SAME, history="ShADadfF")
    silent(scene, SAME, server_hello_frame=0, client_records=())
    assert found(certificate_refused, scene) == [(row, "strong") for row in rows]
    assert [seen.detail for seen in find(sight_of(scene)) if seen.flow == rows[2]] == [
        f"the client left {SAME} without a request, and refuses others of acme.com"
    ]


def test_silent_sessions_prove_nothing_by_themselves():
    """Nor beside a refusal that is too few."""
    scene = Shown()
    silent(scene, HOST)
    silent(scene, OTHER)
    assert told(scene) == []
    refuse(scene, HOST)
    assert found(certificate_refused, scene) == [(2, "suggestive")]


def test_a_silent_session_with_a_good_certificate():
    """It has nothing to refuse."""
    scene = Shown()
    rows = [refuse(scene, name) for name in (HOST, OTHER)]
    scene.show(EDGE, PUBLIC, SAME, leaf(SAME, issuer=ROOT), tls={"established": False}, history="ShADadF")
    assert found(certificate_refused, scene, roots=[ROOT]) == [(row, "strong") for row in rows]


def test_the_same_name_also_works():
    """Suggestive for it: one of the programs on the host has no roots. The other stays strong."""
    scene = Shown()
    scene.show(EDGE, PUBLIC, HOST)
    rows = [refuse(scene, name) for name in (HOST, OTHER)]
    assert found(certificate_refused, scene) == [(rows[0], "suggestive"), (rows[1], "strong")]
    assert next(iter(find(sight_of(scene)))).detail.endswith("; the same name also works")


def test_devices_of_the_site_are_refused():
    """That their certificates are of their own making is no interception."""
    scene = Shown()
    for name in (HOST, OTHER):
        refuse(scene, name, server=MACHINE)
    assert told(scene) == []


def test_what_is_told():
    """The alert, its frame, and who answers, where that is nearer than the server can be."""
    scene = Shown()
    scene.tls(EDGE, FAR, WORKS)
    row = refuse(scene, HOST, 46, **NEAR)
    (seen,) = find(sight_of(scene))
    assert (seen.code, seen.target, seen.by) == ("certificate-refused", HOST, "02:00:00:00:00:01")
    assert seen.frames == (10 * row + 3, 10 * row + 7)
    assert seen.detail == (
        f"the client refused the certificate of {HOST} with the alert certificate_unknown; too few to tell;"
        f" its answers passed no router, and between {EDGE} and {PUBLIC} there is one"
    )


def test_hidden_alerts_may_come_of_a_wrong_clock():
    """An encrypted alert has a number that nobody sees; where the time server is silent, it may be on dates."""
    scene = Shown()
    scene.clock(EDGE, CLOCK)
    scene.rows["ntp"].pop()
    for name in (HOST, OTHER):
        encrypted(scene, name, "23:19")
    assert {strength for _, strength in found(certificate_refused, scene)} == {"suggestive"}
