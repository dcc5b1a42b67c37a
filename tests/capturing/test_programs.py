"""A child that captures gives frame for frame what passes, tells what it counted, and never outlives us."""

from __future__ import annotations

import pwd
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analyzer.capturing import programs
from analyzer.capturing.buffers import Buffers
from analyzer.capturing.programs import Program
from analyzer.errors import SourceError
from tests.builders.rights import CAPTURE, standing
from tests.builders.wires import TAP, ethernet, run, send, wired
from tests.oracle import records as oracle

SENT = [ethernet(bytes([k]) * (46 + 5 * k)) for k in range(100)] + [
    ethernet(b"tagged" * 8, (0x8100, k + 1)) for k in range(20)
]  # fmt: skip


@pytest.fixture
def wire(needs_namespaces):
    """A wire in a namespace of this test's own."""
    with wired():
        yield


@pytest.fixture(params=["dumpcap", "tcpdump"])
def only(request, needs_program, monkeypatch):
    """One of the two programs, as if the other were not installed."""
    needs_program(request.param)
    real = programs.which
    monkeypatch.setattr(programs, "which", lambda name: real(name) if name == request.param else None)
    return request.param


def listens(program, wait_s=10):
    """Wait until the child says that it captures, and a little longer."""
    until = time.monotonic() + wait_s
    while not re.search(rb"File|listening", program._said):  # noqa: SLF001 - what it says is told to nobody else
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.2)


def read(program, frames):
    """Every octet of the stream, which is ended when so many frames may have come."""
    octets = bytearray()
    with Buffers(program) as buffers:
        ended = False
        until = time.monotonic() + 10
        while not ended:
            part, length, ended = buffers.next(0)
            octets += part[:length].tobytes()
            if len(found_in(octets)) >= frames or time.monotonic() > until:
                program.stop()
    return bytes(octets)


def found_in(octets):
    """The frames of a stream so far."""
    walk = oracle.walk_pcapng if octets[:4] == b"\x0a\x0d\x0d\x0a" else oracle.walk_pcap
    return walk(bytes(octets))[0] if len(octets) >= 28 else []


def test_every_frame_comes_and_is_counted(wire, only):
    """Tags are in place; what the child counted is told when it has ended."""
    with Program.open(TAP) as program:
        listens(program)
        send(SENT)
        assert program.counts() is None
        found = found_in(read(program, len(SENT)))
        assert [one.octets for one in found] == SENT
        program.close()
        assert program.counts() == (len(SENT), 0)
        assert (program.name, program.path) == (only, TAP)


def test_what_root_hands_over_is_the_users(wire, only, needs_program):
    """It captures, counts, and is ended as ever."""
    needs_program("setpriv")
    user = pwd.getpwnam("nobody")
    with Program.open(TAP, user=user) as program:
        listens(program)
        send(SENT)
        uids, rights = standing(program._child.pid)  # noqa: SLF001 - nobody else knows it
        assert uids == {user.pw_uid}
        assert rights | CAPTURE == CAPTURE
        assert [one.octets for one in found_in(read(program, len(SENT)))] == SENT
        program.close()
        assert program.counts() == (len(SENT), 0)
        assert program.name == only


def test_a_missing_right_is_told_with_its_remedy(wire, only, needs_program, root):
    """Not only in the program's own words, which name none."""
    needs_program("setpriv")
    lacking = ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", sys.executable, "-c", LISTEN, TAP, only]
    done = subprocess.run(lacking, cwd=root, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert f"{TAP}: {only}: the right to listen (CAP_NET_RAW) is missing: run it with `sudo`" in done.stderr


def test_what_passed_before_the_end_comes(wire, only):
    """Also what the kernel has not handed to the child by then."""
    with Program.open(TAP) as program:
        listens(program)
        send(SENT)
        program.stop()
        assert [one.octets for one in found_in(read(program, len(SENT)))] == SENT


def test_a_filter_is_handed_on(wire, only):
    """Also one that begins like an option."""
    with Program.open(TAP, filter="vlan 7") as program:
        listens(program)
        send(SENT)
        assert [one.octets for one in found_in(read(program, 1))] == [SENT[106]]
    with Program.open(TAP, filter="-w stolen") as program, pytest.raises(SourceError, match=f"{TAP}: {only}: .*filter"):
        program.readinto(memoryview(bytearray(100)))


@pytest.mark.parametrize(
    "name", ["-", "-i", "/tmp/pipe", "TCP@198.51.100.1:19000", "rpcap://198.51.100.1/eth0", "", "a\0b", "e\nth0"]
)
def test_a_name_that_stands_for_something_else_is_refused(only, name):
    """A pipe, standard input, another host."""
    with pytest.raises(SourceError, match="no such interface"):
        Program.open(name)


def test_an_interface_that_is_not_there_or_leaves_is_told(wire, only):
    """In the program's words, on one line."""
    with Program.open("eth77") as program, pytest.raises(SourceError, match=f"eth77: {only}: ") as raised:
        program.readinto(memoryview(bytearray(100)))
    assert str(raised.value).isprintable()
    with Program.open(TAP) as program:
        listens(program)
        run("ip", "link", "del", TAP)
        with pytest.raises(SourceError, match=f"{TAP}: {only}: .*(disappeared|no longer attached)"):  # noqa: PT012
            while True:
                program.readinto(memoryview(bytearray(1000)))


def test_without_any_program(monkeypatch):
    """Both are named."""
    monkeypatch.setattr(programs, "which", lambda _: None)
    with pytest.raises(SourceError, match="neither dumpcap nor tcpdump is installed"):
        Program.open("eth0")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "ended with exit code 3"),
        ("echo 'File: -' >&2; printf '\\033[31mno\\n' >&2; exit 1", r"\\x1b\[31mno"),
        ("exit 0", "ended with exit code 0"),
    ],
)
def test_a_program_that_ends_by_itself_is_told(script, said):
    """Its words cannot move the terminal."""
    with Program(["/bin/sh", "-c", script], "x") as program, pytest.raises(SourceError, match=f"^x: sh: {said}$"):
        program.readinto(memoryview(bytearray(10)))


def test_a_program_that_cannot_be_run():
    """One line."""
    with pytest.raises(SourceError, match="x: nothing-here cannot be run"):
        Program(["/nothing-here"], "x")


def test_a_stubborn_child_is_killed(monkeypatch):
    """It ignores what can be ignored, talks without end on both pipes, and is gone."""
    monkeypatch.setattr(programs, "PATIENCE_S", (0.2, 0.2))
    script = "trap '' INT TERM; while :; do echo out; echo err >&2; done"
    program = Program(["/bin/sh", "-c", script], "x")
    time.sleep(0.2)
    program.close()
    assert program._child.returncode == -9  # noqa: SLF001 - how it ended
    assert len(program._said) <= programs.SAID_OCTETS  # noqa: SLF001 - what is kept of it
    assert program.readinto(memoryview(bytearray(10))) == 0


LISTEN = """
import sys
from analyzer.capturing import programs
which = programs.which
programs.which = lambda name: which(name) if name == sys.argv[2] else None
program = programs.Program.open(sys.argv[1])
print(program._child.pid, flush=True)
program.readinto(memoryview(bytearray(1)))
sys.stdin.read()
"""


def runs(pid):
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_parent_leaves_no_child(wire, only, root):
    """The next frame that passes ends it: nobody reads its pipe."""
    words = [sys.executable, "-c", LISTEN, TAP, only]
    parent = subprocess.Popen(words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    time.sleep(1)
    assert Path(f"/proc/{child}/exe").readlink().name == only
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 8
    while runs(child) and time.monotonic() < until:
        send(SENT)
        time.sleep(0.1)
    assert not runs(child)
