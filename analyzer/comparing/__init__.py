"""Two captures of one site, inside and outside of a firewall or proxy, are laid side by side: which flow is which."""

from __future__ import annotations

from analyzer.comparing.clocks import read_clock
from analyzer.comparing.pairing import Sides, pair
from analyzer.comparing.passages import passages
from analyzer.comparing.sidedness import SidesError, has_border
from analyzer.comparing.splitting import split
from analyzer.observations import Observations
from analyzer.taps import Taps

__all__ = ["SidesError", "lay", "split"]


def lay(inside: Observations, outside: Observations) -> Taps:
    """The flows of two captures in pairs.

    What has octets in common is paired first: a ClientHello, a connection's initial sequence numbers, the first
    payload. These tell how the clocks stand to each other. The rest is paired by name or address, by time.

    Raises SidesError for one capture that is given twice, and for sides that are given in the wrong order.
    """
    sides = Sides(inside, outside)
    exact = sides.exact()
    clock = read_clock(sides, exact)
    pairs = pair(sides, exact, clock)
    border = has_border(sides, pairs)
    return Taps(inside, outside, passages(sides, pairs, clock), clock, border)
