"""What a live capture calls has been called before an interface is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from analyzer.capturing.stream import frames
from analyzer.watching import warming

SAMPLE = Path(__file__).resolve().parents[2] / "captures" / "mm-clean.pcapng.gz"

LIVE = """
import sys
from analyzer.kernels.jit import Kernel
from analyzer.live import watch
from analyzer.metering.rates import compact
from analyzer.watching import warming
from analyzer.watching.feeds import StreamFeed
from analyzer.watching.limits import Limits

def called():
    return {(kernel.function.__name__, kinds) for kernel in Kernel.everyone for kinds in kernel.bound}

warming.run()
before = called()
watched = watch(StreamFeed(sys.argv[1]), limits=Limits(0.1))
watched.start()
while not watched.over:
    pass
watched.finish()
tables = watched._intake._observer.sweep.tables
compact(tables.rates[:9], 50, 2_000_000_000)
print(len(before), sorted(name for name, _ in called() - before))
"""

APART = """
import sys
from analyzer.kernels.jit import must_compile
from analyzer.watching import warming
print(must_compile())
for _ in range(2):
    warming.warm()
    print(must_compile())
warming.run()
print("numba" in sys.modules)
"""


def test_the_frames_are_those_of_a_sample():
    """A lookup and two sessions, nothing else."""
    whole = {frame.octets for frame in frames([str(SAMPLE)])}
    held = [frame.octets for frame in frames([str(warming.CAPTURE)])]
    assert len(held) > 10
    assert set(held) <= whole


@pytest.mark.skipif(warming.PLAIN, reason="nothing is compiled")
def test_it_does_what_a_live_capture_does():
    """No kernel is called later that was not called before, so that none is compiled while frames come."""
    told = subprocess.run(
        [sys.executable, "-c", LIVE, str(SAMPLE)], capture_output=True, text=True, check=True, timeout=200
    )
    count, _, missing = told.stdout.partition(" ")
    assert int(count) > 15
    assert missing.strip() == "[]"


@pytest.mark.slow
@pytest.mark.skipif(warming.PLAIN, reason="nothing is compiled")
def test_the_compiler_stays_out_of_a_process_that_goes_on(tmp_path):
    """A child compiles, and its machine code is all that is needed."""
    told = subprocess.run(
        [sys.executable, "-c", APART], capture_output=True, text=True, check=True, timeout=300,
        env={"XDG_CACHE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert told.stdout.split() == ["True", "False", "False", "False"]


@pytest.mark.parametrize("kept", [False, True])
def test_where_a_child_cannot_they_are_compiled_all_the_same(tmp_path, kept):
    """Nothing can be kept, or no child can be started."""
    ran = []
    with (
        patch.object(warming, "cache_folder", lambda: tmp_path if kept else None),
        patch.object(warming, "PLAIN", False),
        patch.object(warming, "run", lambda: ran.append(True)),
        patch.object(warming.subprocess, "run", side_effect=OSError) as child,
    ):
        warming.warm()
        warming.main()
        warming.warm()
    assert (len(ran), child.call_count) == (3, int(kept))


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
print([] if PLAIN else sorted(ready() - before), PLAIN or any(name == "merge" for name, _ in before))
"""


def test_it_does_what_any_sample_needs(root):
    """No kernel that any sample capture needs is compiled or loaded after it, nor the one that long captures need."""
    samples = sorted(str(path) for path in SAMPLE.parent.glob("*.pcap*"))
    words = [sys.executable, "-c", CODE, *samples]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
