"""TLS from end to end."""

from tests.builders.site import API, EDGE, PUBLIC, Scene, because, outcome


def test_flows_without_a_sign_are_not_observable():
    """With how many there are, and what would settle it."""
    scene = Scene()
    scene.edge()
    scene.tls(EDGE, PUBLIC, API)
    made = scene.judged()
    assert (outcome(made, "mm-dpi-never"), outcome(made, "mm-dpi-nats")) == ("not_observable", "not_observed")
    assert because(made, "mm-dpi-never").startswith("2 TLS flows: 2 without a sign")
    assert because(made, "mm-dpi-domains").startswith("1 TLS flow: 1 without a sign")
    assert "second capture" in because(made, "mm-dpi-never")


def test_other_hosts_tls_is_not_counted():
    """A browser's is nobody's business."""
    scene = Scene()
    scene.edge()
    scene.tls("10.7.0.50", PUBLIC, "news.example")
    assert because(scene.judged(), "mm-dpi-https").startswith("1 TLS flow:")
