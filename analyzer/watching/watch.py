"""The live loop: what an intake holds is judged again and again, kept on disk, and told as pictures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analyzer.errors import AnalyzerError
from analyzer.kernels.memory import give_back
from analyzer.locking import FolderLock
from analyzer.merging import subset, together
from analyzer.observations import Observations
from analyzer.planning import Usage
from analyzer.result import Result
from analyzer.watching.archive import Archive
from analyzer.watching.clock import Clock
from analyzer.watching.folder import Folder
from analyzer.watching.intake import Intake, Tally
from analyzer.watching.ledger import Ledger
from analyzer.watching.limits import Limits
from analyzer.watching.picture import Picture, Seen

REST = 3
"""Judging rests for so many times as long as it took: it has a quarter of a processor at most."""

RATE_S = 10
"""The last seconds over which the uplink's rate is told."""

NOTES = 5
CLOSING_S = 2.0


@dataclass(frozen=True)
class Moment:
    """A judging: the result, when it was made, how long it took, and what went over the uplink at its end, bit/s."""

    result: Result
    took_s: float
    up_bps: float
    down_bps: float


class Watch:
    """A live capture that is judged every few seconds.

    judge       facts in, result out
    write       writes the files of a result to a folder
    uplink_bps  what the uplink carries, 0 where not known
    on_finding  is called for each new finding, from the thread that judges
    troubles    what else went wrong, in words

    Raises OSError where the folder of the limits cannot be made, AnalyzerError where another program writes there.
    """

    def __init__(  # noqa: PLR0913 - its parts, put together once
        self,
        intake: Intake,
        judge: Callable[[Observations], Result],
        limits: Limits,
        write: Callable[[Result, Path], object],
        *,
        uplink_bps: float = 0.0,
        on_finding: Callable[[Seen], None] | None = None,
        troubles: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._intake, self._judge, self._every_s = intake, judge, limits.every_s
        self._lock: FolderLock | None = None
        self._folder: Folder | None = None
        self._archive: Archive | None = None
        if limits.out:
            self._lock = FolderLock(Path(limits.out))
            self._folder = Folder(Path(limits.out), write)
            self._archive = Archive(Path(limits.out) / "facts", limits.facts_octets)
        self._uplink_bps, self._on_finding, self._troubles = uplink_bps, on_finding, troubles
        self._ledger = Ledger()
        self._clock = Clock()
        self._moment: Moment | None = None
        self._left = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="judging", daemon=True)
        self._error: BaseException | None = None
        self._before = (time.monotonic(), Tally(0, 0, 0, 0, 0, 0, 0))
        self._rates = (0.0, 0.0)

    @property
    def over(self) -> bool:
        """Whether the feed came to its end, or something failed."""
        return self._intake.over.is_set() or self._error is not None

    @property
    def unkept(self) -> tuple[str, ...]:
        """What of the last moment could not be written to the folder, in words."""
        return tuple(part.trouble for part in (self._folder, self._archive) if part is not None and part.trouble)

    def start(self) -> None:
        """Begin to take frames in and to judge."""
        self._intake.start()
        self._thread.start()

    def finish(self) -> Result:
        """End the capture; returns the result of all that is held, which is also what is in the folder.

        Others may then write to the folder. Raises what ended the judging, and what ended the feed, but where frames
        came before the interface was gone.
        """
        try:
            return self._last()
        finally:
            if self._lock is not None:
                self._lock.close()

    def _last(self) -> Result:
        """The result when the capture has ended."""
        self._intake.stop(CLOSING_S)
        self._stopping.set()
        self._thread.join()
        error = self._error or self._intake.error
        gone = isinstance(error, AnalyzerError) and error is self._intake.error and self._intake.tally().frames > 0
        if error is not None and not gone:
            raise error
        return self._turn(last=True)

    def picture(self) -> Picture:
        """How things stand."""
        now, tally = time.monotonic(), self._intake.tally()
        then, before = self._before
        if now - then >= 1 or tally.frames < before.frames:
            passed = max(now - then, 1e-3)
            self._rates = (tally.frames - before.frames) / passed, (tally.octets - before.octets) * 8 / passed
            self._before = now, tally
        moment, counts = self._moment, self._intake.feed.counts()
        open_flows = self._still_open(moment.result.observations) if moment else tally.flows
        return Picture(
            interface=self._intake.feed.interface, feed=self._intake.feed.name, now_ns=tally.last_ns,
            since_ns=tally.first_ns, frames=tally.frames, octets=tally.octets, dropped=counts.dropped,
            frames_s=self._rates[0], bps=self._rates[1], up_bps=moment.up_bps if moment else 0.0,
            down_bps=moment.down_bps if moment else 0.0, uplink_bps=self._uplink_bps, open_flows=open_flows,
            held_flows=tally.flows, left_flows=self._left, shed_flows=tally.shed,
            judged_s=moment.took_s if moment else 0.0, result=moment.result if moment else None,
            findings=self._ledger.newest(), notes=self._notes(),
        )  # fmt: skip

    def _notes(self) -> tuple[str, ...]:
        """What went wrong, or is to be known."""
        error = str(self._intake.error) if self._intake.error else ""
        told = [*self._clock.told, *self.unkept, self._intake.feed.counts().trouble, *self._troubles(), error]
        return tuple(text for text in told if text)[-NOTES:]

    @staticmethod
    def _still_open(seen: Observations) -> int:
        """Flows of TCP that were opened, or begun before, and not closed."""
        flows = seen.flows
        closed = (flows.rst_frame > 0) | ((flows.orig_fins > 0) & (flows.resp_fins > 0))
        return int(((flows.proto == 6) & ~closed & (flows.conn_state != "S0")).sum())

    def _work(self) -> None:
        """Judge again and again."""
        rest_s, frames = self._every_s, -1
        try:
            while not self._stopping.wait(rest_s):
                self._clock.look()
                count = self._intake.tally().frames
                if count == frames:
                    continue
                frames, begun = count, time.monotonic()
                give_back()  # by now nobody holds what the last look left behind
                self._turn(last=False)
                rest_s = max(self._every_s, REST * (time.monotonic() - begun))
        except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits
            self._error = error
            self._stopping.set()

    def _turn(self, *, last: bool) -> Result:
        """Look, judge, keep."""
        begun = time.monotonic()
        self._intake.tidy()
        seen, turn = self._intake.look(self._remark())
        result = self._judge(seen)
        up, down = _uplink(result)
        self._moment = Moment(result, time.monotonic() - begun, up, down)
        now_ns = max((capture.end_ns for capture in seen.captures), default=0)
        for fresh in self._ledger.update(result.conclusions.findings, now_ns):
            if self._on_finding is not None:
                self._on_finding(fresh)
        if self._folder is not None:
            self._folder.update(result)
        if last:
            if self._archive is not None and seen.flows.proto.size:
                self._archive.add(seen)
        else:
            self._let_go(seen, turn)
        return result

    def _let_go(self, seen: Observations, turn: int) -> None:
        """Flows that are over leave memory where too many are held, or too much of them, the oldest first."""
        most, held = self._intake.most, seen.flows.proto.size
        many = self._intake.tally().records > self._intake.most_records
        if held <= most and not many:
            return
        spare = held if many else held - most // 2
        goes = _oldest(seen, self._intake.leaving(seen, turn), spare)
        left = self._intake.leave(seen, together(seen.flows, goes), turn)
        if left.any():
            self._left += int(left.sum())
            if self._archive is not None:
                self._archive.add(subset(seen, left))

    def _remark(self) -> str:
        """What a reader of the result has to know about what it does not hold."""
        told = []
        if self._left:
            where = f"; their facts are in {self._archive.folder}" if self._archive is not None else ""
            told.append(f"{self._left} flows that were over have left memory and are not judged here{where}")
        if self._archive is not None and self._archive.lost:
            told.append(f"facts of {self._archive.lost} flows could not be kept ({self._archive.trouble})")
        if self._archive is not None and self._archive.given_up:
            told.append(f"the oldest {self._archive.given_up} parts of those facts were deleted for newer ones")
        told += [text for text in self._troubles() if text]
        if self._intake.error is not None:
            told.append(str(self._intake.error).removeprefix(f"{self._intake.feed.interface}: "))
        shed = self._intake.tally().shed
        if shed:
            told.append(f"{shed} flows were not kept, attempts without answer first: more came than --flows holds")
        if self._intake.forgotten:
            told.append(f"{self._intake.forgotten} messages of DNS and DHCP were not kept: more came than is held")
        told += self._clock.told
        return "; ".join(told)


def _oldest(seen: Observations, goes: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.bool_]:
    """So many of the flows that may go: those silent for longest, and look-ups after others, for names rest on them."""
    looked_up = np.zeros(goes.size, np.bool_)
    looked_up[seen.dns.flow] = True
    order = np.lexsort((seen.flows.last_frame, looked_up, ~goes))[:count]
    chosen = np.zeros(goes.size, np.bool_)
    chosen[order] = True
    picked: npt.NDArray[np.bool_] = chosen & goes
    return picked


def _uplink(result: Result) -> tuple[float, float]:
    """What went to and came from public addresses in the last seconds, bit/s."""
    usage = Usage(result)
    bins = max(round(RATE_S * 1e9 / usage.span.bin_ns), 1)
    if not usage.span.bins:
        return 0.0, 0.0
    up, down = (
        float(usage.octets("uplink", "uplink", direction)[-bins:].sum()) * 8 / (bins * usage.span.bin_ns / 1e9)
        for direction in ("up", "down")
    )
    return up, down
