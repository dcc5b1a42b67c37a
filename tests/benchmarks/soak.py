"""A long live capture at a fixed rate: whether memory is constant, and every frame accounted for.

    python -m tests.benchmarks.soak CAPTURE [--seconds 600] [--rate 200000] [--flows N] [--unique]

Replays a capture (tcpreplay, in a network namespace that it makes; root, Linux) to `analyzer live`, and prints one line
of figures, and one for each minute. With --unique, each round has other addresses, so that flows never end to come.
Ends with 1 where memory grew by more than 5 % after the first minute, or frames are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPACE, NEAR, FAR = f"analyzer-soak-{os.getpid()}", "soak0", "soak1"
MOST = 1.05


def run(*words: str) -> None:
    """Runs a command that has to succeed."""
    subprocess.run(words, check=True)


def say(text: str) -> None:
    """Prints a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def resident(pid: int) -> float:
    """Resident memory of a process, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def busy(pid: int) -> float:
    """Processor time of a process, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wired() -> None:
    """A namespace with both ends of a wire, up and silent."""
    run("ip", "netns", "add", SPACE)
    within = ("ip", "-n", SPACE, "link")
    run(*within, "add", NEAR, "type", "veth", "peer", "name", FAR)
    for end in (NEAR, FAR):
        run("ip", "netns", "exec", SPACE, "sysctl", "-qw", f"net.ipv6.conf.{end}.disable_ipv6=1")
        run(*within, "set", end, "up")


def soak(arguments: argparse.Namespace) -> int:
    """Replay, watch, account."""
    inside = ["ip", "netns", "exec", SPACE]
    live = [str(Path(sys.executable).parent / "analyzer")]
    told = subprocess.Popen(
        [*inside, *live, "live", "-i", FAR, "--json", "--flows", str(arguments.flows)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert told.stdout is not None
    json.loads(told.stdout.readline())  # it captures by now
    replay = subprocess.Popen(
        [
            *inside, "tcpreplay", "-q", "-K", "-i", NEAR, "--loop", "0", "--pps", str(arguments.rate),
            "--duration", str(arguments.seconds), *(["--unique-ip"] if arguments.unique else []), arguments.capture,
        ],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        return account(arguments, told, replay)
    finally:
        for child in (replay, told):
            child.kill()
            child.wait()


def account(arguments: argparse.Namespace, told: subprocess.Popen[str], replay: subprocess.Popen[str]) -> int:
    """Look on until the replay is over; 0 where memory was constant and no frame is missing."""
    begun, first, highest, minute = time.monotonic(), 0.0, 0.0, 1
    while replay.poll() is None:
        time.sleep(1)
        passed = time.monotonic() - begun
        if passed < 60:
            first = max(first, resident(told.pid))
        highest = max(highest, resident(told.pid))
        if passed > 60 * minute:
            say(f"minute {minute}: {resident(told.pid):.0f} MB, {busy(told.pid) / passed:.2f} processors")
            minute += 1
    used = busy(told.pid) / (time.monotonic() - begun)
    report = replay.stdout.read() if replay.stdout else ""
    time.sleep(1)
    told.send_signal(signal.SIGINT)
    status = json.loads(told.communicate()[0].splitlines()[-1])
    found = re.search(r"Successful packets:\s+(\d+)", report) or re.search(r"Actual: (\d+) packets", report)
    sent = int(found[1]) if found else -1
    missing = sent - status["frames"] - (status["dropped"] or 0)
    say(
        f"sent {sent}, seen {status['frames']}, dropped {status['dropped']}, missing {missing}; "
        f"first minute {first:.0f} MB at most, later {highest:.0f} MB ({highest / first:.3f}); {used:.2f} processors; "
        f"flows held {status['flows']['held']}, left {status['flows']['left']}, shed {status['flows']['shed']}"
    )
    return int(highest > MOST * first or missing != 0)


def main() -> int:
    """The program."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("capture")
    words.add_argument("--seconds", type=int, default=600)
    words.add_argument("--rate", type=int, default=200_000)
    words.add_argument("--flows", type=int, default=100_000)
    words.add_argument("--unique", action="store_true")
    arguments = words.parse_args()
    wired()
    try:
        return soak(arguments)
    finally:
        run("ip", "netns", "delete", SPACE)


if __name__ == "__main__":
    raise SystemExit(main())
