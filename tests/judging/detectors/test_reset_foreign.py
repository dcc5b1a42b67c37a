"""Resets that their alleged sender did not send, on connections without TLS as well."""

from analyzer.judging.detectors import reset_foreign
from tests.builders.blocked import evidence
from tests.builders.site import EDGE, PUBLIC, Scene

CUT = {"resp_payload_octets": 0, "resp_rsts": 1, "rst_frame": 4, "rst_ttl": 63, "rst_delay_ns": 50_000}


def test_a_forged_reset_with_marks_of_its_own():
    """Hops first; IP identification and window stand beside them."""
    scene = Scene()
    row = scene.flow(EDGE, PUBLIC, 7422, resp_ident=4711, rst_ident=0, rst_window=8192, **CUT)
    (found,) = evidence(reset_foreign, scene)
    assert (found.flow, str(found.leaning), str(found.strength)) == (row, "blocked", "strong")
    assert found.detail == (
        f"a reset in the name of {PUBLIC}: its TTL of 63 lost 1 hop, those of {PUBLIC} lose 4;"
        " IP identification 0 after 4711, window 8192"
    )
    assert found.by == f"a box 1 hop from the capture, in the name of {PUBLIC}"


def test_a_path_that_varies_by_a_hop():
    """Packets of one host take parallel paths."""
    scene = Scene()
    scene.flow(EDGE, PUBLIC, 7422, **{**CUT, "rst_ttl": 61, "rst_delay_ns": 25_000_000})
    assert evidence(reset_foreign, scene) == []


def test_a_load_balancer_at_the_same_distance():
    """Its resets begin with another TTL and lose as many hops."""
    scene = Scene()
    scene.flow(EDGE, PUBLIC, 7422, **{**CUT, "rst_ttl": 251, "rst_delay_ns": 25_000_000})
    assert evidence(reset_foreign, scene) == []
