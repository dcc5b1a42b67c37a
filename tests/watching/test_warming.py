"""What a live capture calls has been called before an interface is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from analyzer.capturing.stream import frames
from analyzer.watching import warming

SAMPLE = Path(__file__).resolve().parents[2] / "captures" / "mm-clean.pcapng.gz"


def test_the_frames_are_those_of_a_sample():
    """A lookup and two sessions, nothing else."""
    whole = {frame.octets for frame in frames([str(SAMPLE)])}
    held = [frame.octets for frame in frames([str(warming.CAPTURE)])]
    assert len(held) > 10
    assert set(held) <= whole


CODE = """
import sys
from analyzer import api
from analyzer.kernels.jit import PLAIN, Kernel
from analyzer.watching import warming
def ready():
    return {(one.function.__name__, repr(kinds)) for one in Kernel.everyone for kinds in one.bound}
warming.warm()
before = ready()
for path in sys.argv[1:]:
    api.observe([path])
print(sorted(ready() - before), PLAIN or any(name == "merge" for name, _ in before))
"""


def test_it_does_what_a_live_capture_does(root):
    """No kernel that any sample capture needs is compiled or loaded after it, nor the one that long captures need."""
    samples = sorted(str(path) for path in SAMPLE.parent.glob("*.pcap*"))
    words = [sys.executable, "-c", CODE, *samples]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
