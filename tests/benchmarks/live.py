"""A capture is replayed along a wire as fast as it goes, and each way to listen tells what it got, and for how much.

Usage (root, Linux): python -m tests.benchmarks.live CAPTURE RUNS [FEED,…]; prints a Markdown table of medians. The
capture goes along the wire once: a second time all of it would have been sent before, which is another work. Feeds
with `sweep` meter flows as `analyzer live` does, those with `keep` write pcapng files as well; `ring` only takes
blocks and gives them back, to be held against `tcpdump -w /dev/null`. The CPU is that of all processes of a feed,
without the start-up of ours.
"""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from typing import NamedTuple

from tests.builders.wires import FAR, TAP, run, wired

ALONE = {
    "tcpdump -w /dev/null": ["tcpdump", "-i", TAP, "-n", "-w", "/dev/null", "-Z", "root"],
    "dumpcap -w /dev/null": ["dumpcap", "-q", "-i", TAP, "-w", "/dev/null"],
}
OURS = ("ring", "ring + sweep", "ring + sweep + keep", "dumpcap > sweep", "tcpdump > sweep", "scapy > sweep")
SETTLE_S = 1.5


class Got(NamedTuple):
    """What a feed got of what was sent; dropped is None where it does not tell."""

    sent: int
    seconds: float
    received: int
    dropped: int | None
    cpu_s: float


def main(capture, runs, feeds=""):
    """The table."""
    names = [*ALONE, *OURS]
    wanted = feeds.split(",") if feeds else names
    got = {name: [] for name in wanted}
    with wired():
        for _ in range(int(runs)):  # in turns: a machine's speed drifts
            for name in wanted:
                got[name].append(heard(name, capture))
    print("| feed | sent | frames/s | received | dropped by its own count | lost | CPU s | CPU s per M frames sent |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, each in got.items():
        print(row(name, each))


def row(name, each):
    """A row of the table, of medians."""
    sent, seconds, received, cpu = (
        statistics.median(column)
        for column in zip(*((g.sent, g.seconds, g.received, g.cpu_s) for g in each), strict=True)
    )
    lost = statistics.median(1 - g.received / g.sent for g in each)
    dropped = [g.dropped for g in each]
    told = "not told" if None in dropped else f"{statistics.median(dropped):,.0f}"
    figures = f"{sent:,.0f} | {sent / seconds:,.0f} | {received:,.0f} | {told} | {lost:.2%} | {cpu:.2f}"
    return f"| {name} | {figures} | {cpu / sent * 1e6:.3f} |"


def replay(capture):
    """Send it; only the first two fields of what comes back are of use."""
    words = ["tcpreplay", "--preload-pcap", "--topspeed", "-i", FAR, capture]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    sent = int(re.search(r"Successful packets:\s+(\d+)", done.stdout)[1])
    seconds = float(re.search(r"in ([\d.]+) seconds", done.stdout)[1])
    return Got(sent, seconds, 0, 0, 0)


def heard(name, capture):
    """What a feed got of a replay."""
    words = ALONE.get(name, [sys.executable, "-m", "tests.benchmarks.live", "--receive", name])
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
    said = []
    ready = threading.Event()

    def listen():
        for line in child.stderr:
            said.append(line)
            if re.search("listening|File:|ready", line):
                ready.set()

    listener = threading.Thread(target=listen)
    listener.start()
    assert ready.wait(60), said
    time.sleep(0.3)
    sent = replay(capture)
    time.sleep(SETTLE_S)
    if child.poll() is not None:
        sys.exit(f"{name}: {''.join(said)}")
    child.send_signal(signal.SIGINT)
    out = child.stdout.read()
    listener.join()
    child.stdout.close()
    child.stderr.close()
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    if name in ALONE:
        return Got(sent.sent, sent.seconds, *counted("".join(said)), usage.ru_utime + usage.ru_stime)
    try:
        return Got(sent.sent, sent.seconds, *json.loads(out))
    except ValueError:
        sys.exit(f"{name}: {out}{''.join(said)}")


def counted(said):
    """What tcpdump or dumpcap counted."""
    told = re.search(r"received/dropped on interface .*?: (\d+)/(\d+)", said)
    if told:
        return int(told[1]), int(told[2])
    passed, dropped = (
        int(re.search(rf"(\d+) packets? {what}", said)[1]) for what in ("received by filter", "dropped by kernel")
    )
    return passed - dropped, dropped


def receive(name):
    """Listen until SIGINT, and print what came, what was dropped, and what it took."""
    import tempfile  # noqa: PLC0415 - only in the child
    from pathlib import Path  # noqa: PLC0415

    from analyzer.capturing.programs import Program  # noqa: PLC0415
    from analyzer.capturing.ring import Ring  # noqa: PLC0415
    from analyzer.capturing.scapysource import ScapySource  # noqa: PLC0415
    from analyzer.kernels import flows as fl  # noqa: PLC0415
    from analyzer.metering.sweep import Sweep  # noqa: PLC0415
    from analyzer.reading import Reading  # noqa: PLC0415
    from analyzer.settings import Settings  # noqa: PLC0415

    sweep = Sweep(Settings())
    warmed(sweep)
    frames = sweep.counter(fl.FRAMES)
    done = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        if name.startswith("ring"):
            with Ring.open(TAP) as ring:
                signal.signal(signal.SIGINT, lambda *_: done.set())
                begun = begin()
                swept(ring, sweep if "sweep" in name else None, done, Path(folder) if "keep" in name else None)
                received, dropped = ring.counts()
        else:
            if name.startswith("tcpdump"):
                os.environ["PATH"] = os.pathsep.join(only("tcpdump", folder))
            source = ScapySource(TAP) if name.startswith("scapy") else Program.open(TAP)
            signal.signal(signal.SIGINT, lambda *_: source.stop())
            time.sleep(1)
            begun = begin()
            source.consumed, source.cut = 0, ""
            Reading(TAP, sweep).run(source, lambda _: None)
            source.close()
            counts = source.counts()
            received, dropped = sweep.counter(fl.FRAMES) - frames, counts.dropped if counts else None
        print(json.dumps([received, dropped, sum(os.times()[:4]) - begun]))


def begin():
    """Tell that it listens; the CPU taken so far."""
    print("ready", file=sys.stderr, flush=True)
    return sum(os.times()[:4])


def warmed(sweep):
    """One frame through every kernel: none is loaded while frames come."""
    import numpy as np  # noqa: PLC0415

    from tests.builders.captures import Shot, pcap  # noqa: PLC0415
    from tests.builders.sweeping import form_of, interfaces_of  # noqa: PLC0415

    octets = np.frombuffer(bytearray(pcap([Shot(1, bytes(60))])), np.uint8)
    sweep.feed(octets, 24, octets.size, form_of(), interfaces_of(1))


def swept(ring, sweep, done, folder):
    """Sweep the ring where a sweep is given, keep its frames where a folder is, until told to end."""
    from analyzer.capturing.keeping import Keeper  # noqa: PLC0415

    keeper = Keeper(folder, link_type=1, octets=64 << 20, files=4, age_s=1e6, interface=TAP) if folder else None
    while True:
        chunk = ring.next(0.5)
        if chunk is not None:
            if sweep:
                sweep.feed(*chunk)
            if keeper:
                keeper.take(*chunk)
        elif done.is_set():
            return


def only(program, folder):
    """A PATH on which there is just this program."""
    place = run("which", program).stdout.strip()
    os.symlink(place, os.path.join(folder, program))  # noqa: PTH211, PTH118 - one line
    return [folder]


if __name__ == "__main__":
    if sys.argv[1] == "--receive":
        receive(sys.argv[2])
    else:
        main(*sys.argv[1:])
