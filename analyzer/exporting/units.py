"""Numbers with their units, as a person reads them."""

from __future__ import annotations

UNITS = ((9, "GB"), (6, "MB"), (3, "kB"))
RATES = ((9, "Gbit/s"), (6, "Mbit/s"), (3, "kbit/s"))


def octets(count: float) -> str:
    """Octets in steps of a thousand."""
    return next((f"{count / 10**power:.1f} {unit}" for power, unit in UNITS if count >= 10**power), f"{count:.0f} B")


def rate(bps: float) -> str:
    """Bits per second in steps of a thousand, with three digits."""
    return next((f"{bps / 10**power:.3g} {unit}" for power, unit in RATES if bps >= 10**power), f"{bps:.0f} bit/s")


def span(low: float, high: float) -> str:
    """A rate, or from one to another."""
    return rate(low) if low == high else f"{low / 1000:.3g} to {rate(high)}"


def kbps(bps: float) -> str:
    """A rate in kbit/s without the unit, for columns."""
    told = bps / 1000
    return f"{told:.2f}" if told < 10 else f"{told:.1f}" if told < 100 else count(told)


def count(number: float) -> str:
    """A whole number, its thousands apart."""
    return f"{number:,.0f}".replace(",", " ")


def window(seconds: float) -> str:
    """The length of a window in the largest unit that divides it, else a span."""
    for length, unit in ((3600, "h"), (60, "min")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s" if seconds < 60 else duration(seconds)


def duration(seconds: float) -> str:
    """A span in its two largest units."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {left} s"
