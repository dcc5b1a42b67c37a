"""Two captures of one site, inside and outside of a firewall or proxy, are laid side by side: which flow is which."""

from __future__ import annotations

from analyzer.comparing.clocks import read_clock
from analyzer.comparing.pairing import Sides, pair
from analyzer.comparing.passages import passages
from analyzer.comparing.splitting import SplitError, split
from analyzer.observations import Observations
from analyzer.taps import Taps

__all__ = ["SplitError", "lay", "split"]


def lay(inside: Observations, outside: Observations) -> Taps:
    """The flows of two captures in pairs.

    What has octets in common is paired first: a ClientHello, a connection's initial sequence numbers, the first
    payload. These tell how the clocks stand to each other. The rest is paired by name or address, by time.
    """
    sides = Sides(inside, outside)
    exact = sides.exact()
    clock = read_clock(sides, exact)
    return Taps(inside, outside, passages(sides, pair(sides, exact, clock), clock), clock)
