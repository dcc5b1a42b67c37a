"""Memory stays flat however long a capture is: what is kept is kept per flow, not per frame."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap

ROOT = Path(__file__).resolve().parent.parent.parent
FLOWS = 50
MEASURE = """
import sys
from pathlib import Path
from analyzer.api import observe
seen = observe(sys.argv[1:])
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(seen.flows.proto.size, peak.split()[1])
"""


def written(path, frames):
    """A capture of so many frames of fifty flows, one frame a ms."""
    payload = b"x" * 600
    kinds = [
        fr.linked(fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(10_000 + k, 9, payload))) for k in range(FLOWS)
    ]  # fmt: skip
    path.write_bytes(pcap([Shot(k * 1_000_000, kinds[k % FLOWS]) for k in range(frames)]))
    return path


def measured(path):
    """Flows, and the most memory in KB that observing the capture took."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return tuple(map(int, run.stdout.split()))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux; ru_maxrss is the parent's after a fork")
def test_a_capture_ten_times_as_long_takes_as_much_memory(tmp_path):
    """Ten times the frames of the same flows take a fifth more memory at most."""
    short = written(tmp_path / "short.pcap", 40_000)
    measured(short)  # compiles the kernels, which takes memory of its own
    once, tenfold = measured(short), measured(written(tmp_path / "long.pcap", 400_000))
    assert once[0] == tenfold[0] == FLOWS
    assert tenfold[1] <= 1.2 * once[1]
