"""An explicit proxy."""

from tests.builders.site import API, EDGE, Scene, because, codes, outcome

PROXY = "10.7.0.8"


def plant(**given):
    """An Edge that fetches through a proxy."""
    scene = Scene()
    scene.connect(EDGE, PROXY, "mm-edge-uploads.s3.us-west-2.amazonaws.com")
    row = scene.connect(EDGE, PROXY, API)
    scene.rows["http"][-1].update(given)
    return scene, row


def test_a_proxy_that_works_holds():
    """Each flow is judged by whom it asked for."""
    made = plant()[0].judged()
    assert (outcome(made, "mm-proxy"), outcome(made, "mm-std-api")) == ("holds", "holds")
    assert "2 flows through 10.7.0.8 port 3128" in because(made, "mm-proxy")


def test_credentials_in_clear_are_a_finding():
    """The flow stays expected, and nothing of the credentials is shown."""
    scene, row = plant(proxy_credentials=True)
    made = scene.judged()
    assert (outcome(made, "mm-proxy"), codes(made)) == ("fails", ["proxy-credentials-clear"])
    assert made.flows.verdict[row] == "expected"
    assert made.findings[0].evidence[0].frames == (10 * row + 3,)


def test_a_proxy_that_lets_nobody_through_is_not_observed():
    """Only 407."""
    scene = Scene()
    scene.connect(EDGE, PROXY, "mm-edge-uploads.s3.us-west-2.amazonaws.com", status=407)
    assert outcome(scene.judged(), "mm-proxy") == "not_observed"


def test_without_a_proxy_nothing_was_observed():
    """It is an option of the document."""
    scene = Scene()
    scene.edge()
    assert outcome(scene.judged(), "mm-proxy") == "not_observed"
