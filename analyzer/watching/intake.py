"""Frames of a feed are swept by a thread of their own, while others look at what was found."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.kernels import flows as fl
from analyzer.metering.sweep import Room
from analyzer.observations import Observations
from analyzer.observing import Observer
from analyzer.settings import Settings
from analyzer.watching.feeds import Feed

if TYPE_CHECKING:
    from analyzer.capturing.keeping import Keeper

COUNTED = (0, 0)
RECORDS = 3
MARGIN = 2
"""So many times the flows that are to be held may be there before some are shed at once."""


class Tally(NamedTuple):
    """How much came: frames and octets on the wire since the start, flows in the tables and shed, times in ns.

    records  read from flows that are in the tables
    """

    frames: int
    octets: int
    flows: int
    records: int
    shed: int
    first_ns: int
    last_ns: int


class Intake:
    """What a feed gives, observed as it comes.

    most       flows that are to be held
    error      what ended the feed before its end, None where nothing did
    forgotten  messages of DNS and DHCP that were not kept, of flows without end that say more than is to be held
    """

    def __init__(self, feed: Feed, most: int, settings: Settings, keeper: Keeper | None = None) -> None:
        self.feed = feed
        self.most = most
        self.error: BaseException | None = None
        self.forgotten = 0
        self._forget_at = MARGIN * self.most_records
        self.over = threading.Event()
        self.lock = threading.Lock()
        self._keeper = keeper
        self._observer = Observer(settings, Room(flows=(MARGIN + 1) * most))
        self._reading = self._observer.begin(feed.interface)
        self._reading.steady = True
        self._shed = 0
        self._times_shed = 0
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    @property
    def most_records(self) -> int:
        """How many records may be held: DNS over one pair of ports has thousands, most flows have one."""
        return RECORDS * self.most

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, wait_s: float) -> None:
        """End the feed; what it still holds is observed, as far as that takes no longer than so many seconds."""
        self.feed.stop()
        self._thread.join(wait_s)
        if self._thread.is_alive():
            self.feed.close()

    def tally(self) -> Tally:
        """How much came until now."""
        count = self._observer.sweep.counter
        times = max(count(fl.FIRST_NS), 0), max(count(fl.LAST_NS), 0)
        return Tally(count(fl.FRAMES), count(fl.OCTETS), count(fl.FLOWS), self._observer.records, self._shed, *times)

    def tidy(self) -> None:
        """Hold less, before a look: what waits is read, as far as it can be, and what comes without end is bounded."""
        with self.lock:
            self._observer.tidy()
            self._forget()

    def look(self, remark: str) -> tuple[Observations, int]:
        """All facts that are held, as they are now, and what `leave` wants to know of them; a remark is noted."""
        dropped = self.feed.counts().dropped
        with self.lock:
            if dropped is not None and {*self._reading.drops} <= {COUNTED}:  # else the capture itself tells them
                self._reading.drops[COUNTED] = dropped
            self._reading.remark = remark
            held, turn = self._observer.clone(), self._times_shed
        return held.finish(), turn

    def leaving(self, seen: Observations, turn: int) -> npt.NDArray[np.bool_]:
        """Which of the flows of a look are over and still as they were; none where flows were shed since."""
        with self.lock:
            if turn != self._times_shed:
                return np.zeros(seen.flows.proto.size, np.bool_)
            return self._observer.leaving(seen)

    def leave(self, seen: Observations, goes: npt.NDArray[np.bool_], turn: int) -> npt.NDArray[np.bool_]:
        """Flows of a look leave memory, but for those that frames came for meanwhile; returns those that left."""
        with self.lock:
            if turn != self._times_shed:
                return np.zeros_like(goes)
            left: npt.NDArray[np.bool_] = goes & self._observer.leaving(seen)
            self._observer.shed(left)
            return left

    def _run(self) -> None:
        try:
            self.feed.run(self._reading, self._told, self.lock, self._keeper.take if self._keeper else None)
        except BaseException as error:  # noqa: BLE001 - told by who waits for the end
            self.error = error
        finally:
            self.over.set()

    def _told(self, consumed: int) -> None:
        """Read what flows began with, and keep the tables within their bounds; the lock is held."""
        del consumed
        self._observer.dissect()
        self._forget()
        if self._observer.sweep.counter(fl.FLOWS) > MARGIN * self.most:
            self._shed += self._observer.relieve(self.most)
            self._times_shed += 1

    def _forget(self) -> None:
        """Keep what flows without end say within bounds: one may ask anything any number of times; the lock is held."""
        if self._observer.said > self._forget_at:
            self.forgotten += self._observer.forget(self.most_records)
            self._forget_at = max(MARGIN * self.most_records, self._observer.said + self.most_records)
