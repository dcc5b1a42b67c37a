"""The system's clock is held against one that nobody sets, so that a step of it is told."""

from __future__ import annotations

import datetime as dt
import time

STEP_S = 2.0
"""A clock that is disciplined, not set, never jumps so far (RFC 5905 section 11.3: steps of more than 128 ms)."""

TOLD = 3


def running_s() -> float:
    """Seconds by a clock that nobody sets, and that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Clock:
    """Steps of the system's clock: `told` has the last ones, in words."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._offset_s = time.time() - running_s()

    def look(self) -> None:
        """Tell where the clock was set since the last look."""
        now_s = time.time()
        offset_s = now_s - running_s()
        step_s = offset_s - self._offset_s
        if abs(step_s) >= STEP_S:
            at = dt.datetime.fromtimestamp(now_s, dt.UTC)
            way = "forward" if step_s > 0 else "back"
            self.told.append(
                f"the clock of this machine was set {way} by {abs(step_s):.1f} s at {at:%Y-%m-%dT%H:%M:%SZ}:"
                " times before and after it do not fit together"
            )
            self.told = self.told[-TOLD:]
        self._offset_s = offset_s
