"""An interface is captured by the first feed that may; what may not says why."""

from __future__ import annotations

import pytest

from analyzer.errors import SourceError
from analyzer.watching import opening


@pytest.fixture
def openers(monkeypatch):
    """Feeds of which some may and others may not; returns those that were tried."""
    tried = []

    def only(*names):
        def opened(name, interface, capture_filter, instead, user):
            tried.append(name)
            if name not in names:
                raise SourceError(interface, f"{name} may not")
            return f"{name} on {interface}: {capture_filter}"

        monkeypatch.setattr(opening, "_opened", opened)
        monkeypatch.setattr(opening, "rights", lambda: "CAP_NET_RAW is missing")
        return tried

    return only


@pytest.mark.parametrize(
    ("names", "chosen"), [(("ring", "scapy"), "ring"), (("scapy",), "scapy"), (("program",), "program")]
)
def test_the_first_that_may(openers, names, chosen):
    """In their order."""
    openers(*names)
    assert opening.open_feed("eth0", capture_filter="tcp") == f"{chosen} on eth0: tcp"


def test_the_reason_of_the_best_is_told(openers):
    """Where none may: the ring's, which says how to get the right."""
    tried = openers()
    with pytest.raises(SourceError, match="ring may not"):
        opening.open_feed("eth0")
    assert tried == list(opening.FEEDS)


def test_what_is_asked_for_is_not_replaced(openers):
    """No other one is tried."""
    tried = openers("ring")
    with pytest.raises(SourceError, match="scapy may not"):
        opening.open_feed("eth0", how="scapy")
    assert tried == ["scapy"]


@pytest.mark.parametrize("given", [{"how": "ring"}, {"capture_filter": "port 443"}])
def test_standard_input_takes_no_choice(given):
    """Whoever writes it has chosen."""
    with pytest.raises(SourceError, match="whoever writes the capture"):
        opening.open_feed("-", **given)


def test_who_may_but_cannot_tries_nothing_else(openers, monkeypatch):
    """An interface that is not there is not there for dumpcap either."""
    tried = openers("program")
    monkeypatch.setattr(opening, "rights", lambda: "")
    with pytest.raises(SourceError, match="ring may not"):
        opening.open_feed("eth0")
    assert tried == ["ring"]
