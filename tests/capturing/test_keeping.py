"""What is kept is what passed, whole at every moment, within its bounds, and a disk that is full loses no more."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from analyzer.capturing import keeping
from analyzer.capturing.keeping import Keeper
from analyzer.errors import AnalyzerError, SourceError
from analyzer.kernels import records as rc
from tests.builders.captures import Shot, enhanced, pcap
from tests.builders.sweeping import form_of, interfaces_of
from tests.oracle import records as oracle

START = 1_700_000_000_000_000_000


def keeper(folder, **given):
    """One with room for much."""
    bounds = {"link_type": 1, "octets": 1 << 20, "files": 10, "age_s": 3600, "interface": "tap0"} | given
    return Keeper(folder, **bounds)


def shots(count, first=0, octets=500):
    """Frames that tell their number."""
    return [Shot(START + k * 1_000_000, k.to_bytes(4, "big") * (octets // 4)) for k in range(first, first + count)]


def take(keep, made, link=1):
    """Hand frames to it, as one chunk."""
    octets = np.frombuffer(bytearray(pcap(made)), np.uint8)
    keep.take(octets, 24, octets.size, form_of(), interfaces_of(link))


def files(folder):
    """Its files, the oldest first."""
    return sorted(folder.glob("capture-*.pcapng"))


def numbers(folder):
    """The number of each frame that is kept, and whether a file is cut."""
    walked = [oracle.walk_pcapng(path.read_bytes()) for path in files(folder)]
    return [int.from_bytes(one.octets[:4], "big") for found, *_ in walked for one in found], [cut for *_, cut in walked]


def test_frames_are_kept_as_they_passed(tmp_path):
    """Octets, lengths and times; the file can be read before it is closed."""
    made = shots(50)
    keep = keeper(tmp_path / "new" / "folder")
    take(keep, made[:20])
    (path,) = files(keep.folder)
    assert re.fullmatch(r"capture-000001-\d{8}T\d{6}Z\.pcapng", path.name)
    assert len(oracle.walk_pcapng(path.read_bytes())[0]) == 20
    take(keep, made[20:])
    found, _, cut = oracle.walk_pcapng(path.read_bytes())
    assert not cut
    assert [(one.ts_ns, one.octets, one.origlen) for one in found] == [
        (one.ts_ns, one.octets, len(one.octets)) for one in made
    ]
    assert (keep.kept, keep.lost, keep.trouble) == (50, 0, "")
    keep.close()
    keep.close()
    assert files(keep.folder) == [path]
    assert path.stat().st_mode & 0o077 == 0


def test_tshark_reads_it_too(tmp_path, needs_program):
    """With the interface's name and times to the ns."""
    needs_program("tshark")
    with keeper(tmp_path) as keep:
        take(keep, [Shot(START + 123_456_000, bytes(60))])
    words = ["tshark", "-r", files(tmp_path)[0], "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.interface_name"]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    assert told == ["1700000000.123456000", "tap0"]


def test_files_roll_by_size_and_the_oldest_leave(tmp_path):
    """No more files than are asked for, none larger, and the newest frames are all there."""
    with keeper(tmp_path, octets=10_000, files=3) as keep:
        for first in range(0, 200, 10):
            take(keep, shots(10, first))
            assert len(files(tmp_path)) <= 3
    assert all(path.stat().st_size <= 10_000 for path in files(tmp_path))
    assert sum(path.stat().st_size for path in files(tmp_path)) > 15_000
    found, _ = numbers(tmp_path)
    assert found == list(range(200 - len(found), 200))


def test_a_frame_larger_than_a_file_has_one_of_its_own(tmp_path):
    """It is not lost, and those after it are kept as usual."""
    with keeper(tmp_path, octets=5000) as keep:
        take(keep, [*shots(2), *shots(1, 2, 40_000), *shots(2, 3)])
        assert keep.lost == 0
    assert numbers(tmp_path)[0] == [0, 1, 2, 3, 4]


def test_a_run_goes_on_where_the_one_before_ended(tmp_path):
    """Numbers go on, bounds hold for all files, a cut file stays as it is, and nothing else is ever touched."""
    others = ["capture-000001.pcapng", "capture-1-20261127T112000Z.pcapng", "notes.txt", "capture-000009-x.pcapng"]
    for name in others:
        (tmp_path / name).write_text("not ours")
    (tmp_path / "capture-000008-20261127T112000Z.pcapng").mkdir()
    (tmp_path / "capture-000007-20261127T112000Z.pcapng").symlink_to(tmp_path / "notes.txt")
    with keeper(tmp_path, octets=10_000, files=3) as keep:
        take(keep, shots(40))
    first = [path for path in files(tmp_path) if path.name not in others and path.is_file() and not path.is_symlink()]
    assert len(first) == 3
    cut = first[-1].read_bytes()[:-7]
    first[-1].write_bytes(cut)
    with keeper(tmp_path, octets=10_000, files=3) as keep:
        take(keep, shots(5, 40))
    left = [path for path in files(tmp_path) if path.name not in others and path.is_file() and not path.is_symlink()]
    assert left[:2] == first[1:]
    assert left[1].read_bytes() == cut
    assert int(left[2].name.split("-")[1]) == int(left[1].name.split("-")[1]) + 1
    assert all((tmp_path / name).read_text() == "not ours" for name in others)
    assert (tmp_path / "capture-000008-20261127T112000Z.pcapng").is_dir()
    assert (tmp_path / "capture-000007-20261127T112000Z.pcapng").is_symlink()


def test_what_is_too_old_leaves(tmp_path, monkeypatch):
    """Files of this run by the running clock, those before by their date; a calendar that jumps deletes none."""
    with keeper(tmp_path) as keep:
        take(keep, shots(3))
    (old,) = files(tmp_path)
    os.utime(old, (time.time() - 1000, time.time() - 1000))
    clock = [time.monotonic()]
    monkeypatch.setattr(keeping.time, "monotonic", lambda: clock[0])
    keep = keeper(tmp_path, age_s=1500, files=4)
    take(keep, shots(1, 10))
    monkeypatch.setattr(keeping.time, "time", lambda: 4e9)
    clock[0] += 499
    take(keep, shots(1, 11))
    assert numbers(tmp_path)[0] == [0, 1, 2, 10, 11]
    clock[0] += 2
    take(keep, shots(1, 12))
    assert numbers(tmp_path)[0] == [10, 11, 12]
    assert len(files(tmp_path)) == 2  # a file spans its share of the time at most
    clock[0] += 1498
    take(keep, shots(1, 13))
    assert numbers(tmp_path)[0] == [10, 11, 12, 13]
    clock[0] += 5
    take(keep, shots(1, 14))
    assert numbers(tmp_path)[0] == [12, 13, 14]
    keep.close()


def test_interfaces_of_other_kinds_are_described(tmp_path):
    """A file describes all that its frames came from; one that does not is ended."""
    octets = np.frombuffer(bytearray(enhanced(Shot(START, b"abcd" * 5), index=1)), np.uint8)
    with keeper(tmp_path) as keep:
        take(keep, shots(2))
        keep.take(octets, 0, octets.size, form_of(kind=rc.PCAPNG), interfaces_of(1, 101, snaplen=77))
        take(keep, shots(2, 2))
    first, second = (oracle.walk_pcapng(path.read_bytes())[0] for path in files(tmp_path))
    assert [one.link_type for one in first] == [1, 1]
    assert [one.link_type for one in second] == [101, 1, 1]


def test_many_kinds_of_interfaces_do_not_fill_a_file(tmp_path):
    """A stream whose sections describe other interfaces each time."""
    with keeper(tmp_path, octets=1 << 16) as keep:
        for link in range(0, 3000, 500):
            keep.take(np.zeros(0, np.uint8), 0, 0, form_of(), interfaces_of(*range(link, link + 500)))
        take(keep, shots(1))
    assert [one.octets for one in oracle.walk_pcapng(files(tmp_path)[-1].read_bytes())[0]] == [shots(1)[0].octets]
    assert files(tmp_path)[-1].stat().st_size < 1 << 16


def test_one_program_keeps_frames_in_a_folder(tmp_path):
    """A second would delete what the first has."""
    with keeper(tmp_path), pytest.raises(AnalyzerError, match="another program writes there"):
        keeper(tmp_path)
    keeper(tmp_path).close()


def test_a_folder_that_cannot_be_is_told(tmp_path):
    """One line with its path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match=r"file/sub: cannot be written to \(not a directory\)"):
        keeper(tmp_path / "file" / "sub")


def test_errors_of_the_disk_are_told_not_raised(tmp_path, monkeypatch):
    """What was not kept is counted, what was half written is taken back, and it goes on when the disk does."""
    keep = keeper(tmp_path)
    take(keep, shots(2))
    real = os.write
    left = [3]

    def fail(descriptor, content):
        if left[0]:
            left[0] -= 1
            return real(descriptor, content[:100])
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(keeping.os, "write", fail)
    take(keep, shots(1200, 2, 100))
    take(keep, shots(34, 1202))
    assert keep.trouble == "cannot be written to (input/output error): 1,234 frames not kept"
    assert numbers(tmp_path)[0] == [0, 1]
    monkeypatch.setattr(keeping.os, "write", real)
    take(keep, shots(2, 9000))
    assert (keep.trouble, keep.lost, keep.kept) == ("", 1234, 4)
    assert numbers(tmp_path)[0] == [0, 1, 9000, 9001]


def test_a_full_disk_costs_the_oldest_once_and_then_the_newest(tmp_path, needs_program):
    """On a small file system: all that is there can be read, and it goes on when there is room again."""
    needs_program("mount")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], check=False, capture_output=True
    ).returncode:
        pytest.skip("no file system can be mounted here (root only)")
    try:
        with keeper(disk / "kept", octets=60_000, files=100) as keep:
            for first in range(0, 1000, 20):
                take(keep, shots(20, first))
            assert keep.lost == 0  # the oldest made room, each time
            found, cuts = numbers(keep.folder)
            assert found == list(range(1000 - len(found), 1000))
            assert not any(cuts)
        for path in files(keep.folder):
            path.unlink()
        with keeper(disk / "kept", octets=60_000, files=100) as keep:
            (disk / "other").write_bytes(bytes(shutil.disk_usage(disk).free))
            for first in range(1000, 1200, 20):
                take(keep, shots(20, first))
            assert (keep.lost, keep.trouble) == (200, "disk full: 200 frames not kept")
            assert not any(numbers(keep.folder)[1])
            (disk / "other").unlink()
            take(keep, shots(20, 2000))
            assert keep.trouble == ""
            assert numbers(keep.folder)[0] == list(range(2000, 2020))
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


KEEP_ON = """
import sys
from pathlib import Path
from tests.capturing.test_keeping import keeper, shots, take
keep = keeper(Path(sys.argv[1]), octets=200_000)
print("on", flush=True)
first = 0
while True:
    take(keep, shots(100, first))
    first += 100
"""


def test_a_killed_program_leaves_what_it_kept(tmp_path, root):
    """After SIGKILL each file can be read, the last up to its end or a cut block, and no frame is missing between."""
    child = subprocess.Popen([sys.executable, "-c", KEEP_ON, tmp_path], cwd=root, stdout=subprocess.PIPE)
    child.stdout.readline()
    time.sleep(0.5)
    child.kill()
    child.communicate()
    found, cuts = numbers(tmp_path)
    assert len(found) > 100
    assert found == list(range(found[0], found[0] + len(found)))
    assert not any(cuts[:-1])
    with keeper(tmp_path) as keep:
        take(keep, shots(1, 10**6))
    assert numbers(tmp_path)[0][-1] == 10**6


def test_nothing_is_kept_once_it_is_closed(tmp_path):
    """A feed that ends late begins no file that others may be writing by then."""
    keep = keeper(tmp_path)
    take(keep, shots(3))
    keep.close()
    before = files(tmp_path)
    take(keep, shots(3, first=3))
    assert files(tmp_path) == before
    assert numbers(tmp_path)[0] == [0, 1, 2]
