"""Filters are compiled by tcpdump, whatever stands in them, and its complaint is one line."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from analyzer.capturing import bpf
from analyzer.capturing.bpf import INSTRUCTION, compile_filter
from analyzer.errors import SourceError
from tests.builders.wires import TAP, wired


@pytest.fixture
def wire(needs_namespaces, needs_program):
    """A wire in a namespace of this test's own, and tcpdump."""
    needs_program("tcpdump")
    with wired():
        yield


def test_a_filter_is_a_program(wire):
    """`tcp` on Ethernet begins by loading the type at offset 12 (BPF_LD|BPF_H|BPF_ABS)."""
    program = np.frombuffer(compile_filter("tcp port 443", TAP), INSTRUCTION)
    assert (program[0]["code"], program[0]["k"]) == (0x28, 12)
    assert program[-1]["code"] == 6


def test_an_empty_filter_lets_all_through(wire):
    """One instruction: return the snaplen."""
    (only,) = np.frombuffer(compile_filter("", TAP), INSTRUCTION)
    assert (only["code"], only["k"]) == (6, 262144)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("tcp port", "syntax error"),
        ("-w stolen.pcap", "syntax error"),
        ("--version", "syntax error"),
        ("tcp; touch stolen", "syntax error"),
        ("$(touch stolen)", "syntax error"),
        ("port 1 \x1b[31m", r"syntax error"),
        ("tcp\0", "cannot be run"),
        ("x" * 200_000, "cannot be run"),
    ],
)
def test_what_is_no_filter_is_one_line(wire, tmp_path, monkeypatch, expression, said):
    """Nothing of it is an option, a file or a command."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"^filter: ") as raised:
        compile_filter(expression, TAP)
    assert said in str(raised.value)
    assert str(raised.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_an_interface_that_is_not_there(wire):
    """Tcpdump says so."""
    with pytest.raises(SourceError, match=r"filter: eth77: .*"):
        compile_filter("tcp", "eth77")


def test_without_tcpdump(monkeypatch):
    """The way out is named."""
    monkeypatch.setattr(bpf, "which", lambda _: None)
    with pytest.raises(SourceError, match="tcpdump, which compiles it, is not installed; dumpcap"):
        compile_filter("tcp", "eth0")


def without_rights(monkeypatch):
    """Tcpdump may not open an interface."""
    real = bpf._run  # noqa: SLF001 - what is stood in for

    def run(words):
        return (1, "", "tcpdump: lo: You don't have permission") if "-i" in words else real(words)

    monkeypatch.setattr(bpf, "_run", run)


def test_tcpdump_without_the_right_compiles_by_link_type(wire, monkeypatch):
    """The same program, as long as no tag is asked for."""
    expected = compile_filter("udp", TAP)
    without_rights(monkeypatch)
    assert compile_filter("udp", TAP) == expected
    with pytest.raises(SourceError, match="`vlan` in it needs"):
        compile_filter("udp and vlan", TAP)
    with pytest.raises(SourceError, match="eth77: no such interface"):
        compile_filter("udp", "eth77")


def test_a_tcpdump_that_hangs_is_given_up(monkeypatch):
    """It is a program as any other."""

    def hang(words, **_):
        raise subprocess.TimeoutExpired(words, 1)

    monkeypatch.setattr(bpf, "which", lambda _: "tcpdump")
    monkeypatch.setattr(bpf.subprocess, "run", hang)
    with pytest.raises(SourceError, match="did not compile it within"):
        compile_filter("udp", "lo")


@pytest.mark.parametrize(
    "out", ["", "x", "2\n6 0 0 1\n", "1\n6 0\n", "1\n99999 0 0 1\n", "0\n", "5000\n" + "6 0 0 1\n" * 5000]
)
def test_what_is_no_program_is_refused(monkeypatch, out):
    """The kernel never sees it."""
    monkeypatch.setattr(bpf, "which", lambda _: "tcpdump")
    monkeypatch.setattr(bpf, "_run", lambda _: (0, out, ""))
    with pytest.raises(SourceError, match=r"^filter: "):
        compile_filter("udp", "lo")
