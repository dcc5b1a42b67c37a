"""What no capture shows."""

from tests.builders.site import Scene, because, outcome


def test_it_says_why_and_what_would_tell():
    """Wi-Fi signal strength is not on an Ethernet."""
    made = Scene().judged(profiles=["machinemetrics"])
    assert outcome(made, "mm-ts-intermittent-2") == "not_observable"
    assert "carry no radio figures; what would tell: the access point's client table" in because(
        made, "mm-ts-intermittent-2"
    )
