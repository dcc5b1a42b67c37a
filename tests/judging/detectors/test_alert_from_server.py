"""Alerts: the server's own, and those of a box that answers in its stead."""

import pytest

from analyzer.judging.detectors import alert_from_server
from tests.builders.blocked import FAR, evidence, leanings
from tests.builders.site import EDGE, PUBLIC, Scene


def refused(scene, alert, **given):
    """A session that an alert of the server's side ended."""
    row = scene.tls(EDGE, PUBLIC, "files.example", **given)
    scene.rows["tls"][-1].update(established=False, alert=alert, alert_from="server", alert_frame=10 * row + 4)
    return row


def test_a_server_that_refuses_is_nobodys_block():
    """unrecognized_name is what a server says of itself."""
    scene = Scene()
    row = refused(scene, 112)
    (found,) = evidence(alert_from_server, scene)
    assert (found.flow, str(found.leaning), found.by) == (row, "undetermined", PUBLIC)
    assert found.detail == "files.example port 443 answered with the alert unrecognized_name: the server itself refuses"


@pytest.mark.parametrize(("alert", "strength"), [(49, "strong"), (40, "suggestive")])
def test_a_box_next_door_answers_in_its_stead(alert, strength):
    """Its packets passed no router, and other public servers are beyond some."""
    scene = Scene()
    scene.tls(EDGE, FAR, "works.example")
    row = refused(scene, alert, resp_ttl=64, resp_ttl_low=64, resp_ttl_high=64)
    assert leanings(alert_from_server, scene) == [(row, "blocked", strength)]


def test_a_close_is_no_refusal():
    """close_notify ends a session in order; a client's alert is the client's."""
    scene = Scene()
    refused(scene, 0)
    refused(scene, 48)
    scene.rows["tls"][-1].update(alert_from="client")
    assert evidence(alert_from_server, scene) == []
