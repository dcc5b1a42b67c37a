"""Certificates of TLS 1.3 sessions, made with Python's own TLS in memory, come back as tshark decrypts them."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import ssl
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from analyzer.errors import AnalyzerError, CaptureError, SourceError
from analyzer.inspecting import wireshark
from analyzer.inspecting.secrets import MAX_CERTIFICATES, MAX_DER, Ends, certificates, read_chains
from tests.builders.captures import enhanced, interface, pcap, pcapng, section
from tests.builders.hellos import HANDSHAKE, certificate_message, client_hello, server_hello_message, tls_record
from tests.builders.readings import program
from tests.builders.sealed import (
    hidden,
    session,
    shots,
    signed,
)

LIMIT_S = 60
RECORD = 1 << 14
HERE, THERE = Ends("10.0.0.1", 40000, "10.0.0.2", 443), Ends("fd00::1", 40001, "fd00::2", 44443)


@pytest.fixture
def put(tmp_path):
    """A function that writes a file and gives its path."""

    def write(name, octets):
        path = tmp_path / name
        path.write_bytes(octets)
        return str(path)

    return write


@pytest.fixture
def tshark(needs_program):
    """tshark, or the test is skipped."""
    needs_program("tshark")


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A function that makes the only tshark on the PATH a program that runs some Python."""

    def make(code):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        monkeypatch.setenv("PATH", str(folder))
        return program(folder, code)

    return make


@pytest.mark.parametrize("ends", [HERE, THERE])
def test_a_keylog_shows_the_chain(put, tshark, ends):
    """Leaf and authority come in DER, octet by octet as sent, over IPv4 and IPv6, on a port that is nobody's too."""
    made = session("server.example")
    capture, keys = put("a.pcap", pcap(shots((ends, made.said)))), put("keys", made.secrets)
    assert read_chains([capture], keys, [ends], LIMIT_S) == {ends: made.chain}


def test_nothing_is_seen_without_secrets(put, tshark):
    """Under TLS 1.3, no certificate can be seen without the secrets of just that session."""
    made, other = session("server.example"), session("other.example")
    capture = put("a.pcap", pcap(shots((HERE, made.said))))
    assert read_chains([capture], "", [HERE], LIMIT_S) == {}
    assert read_chains([capture], put("keys", other.secrets), [HERE], LIMIT_S) == {}
    assert read_chains([capture], put("none", b"no\0key\xfflog\n"), [HERE], LIMIT_S) == {}


@pytest.mark.parametrize("packing", [bytes, gzip.compress])
def test_secrets_inside_the_capture_are_used(put, tshark, packing):
    """A decryption secrets block before the packets does what a keylog does, in a compressed capture as well."""
    made = session("server.example")
    packets = b"".join(map(enhanced, shots((HERE, made.said))))
    capture = put("a.pcapng", packing(section() + hidden(made.secrets) + interface() + packets))
    assert read_chains([capture], "", [HERE], LIMIT_S) == {HERE: made.chain}
    unnamed = put("b.pcapng", packing(section() + hidden(made.secrets, kind=7) + interface() + packets))
    assert read_chains([unnamed], "", [HERE], LIMIT_S) == {}


def test_only_wanted_connections_come_back(put, tshark):
    """Of two sessions, the one not asked for is absent, and so are the certificates of a client."""
    made, other = session("server.example", mutual=True), session("other.example")
    capture = put("a.pcap", pcap(shots((THERE, other.said), (HERE, made.said))))
    keys = put("keys", made.secrets + other.secrets)
    turned = Ends(HERE.resp_h, HERE.resp_p, HERE.orig_h, HERE.orig_p)
    absent = Ends("10.0.0.1", 39999, "10.0.0.2", 443)
    assert read_chains([capture], keys, [HERE, absent], LIMIT_S) == {HERE: made.chain}
    assert read_chains([capture], keys, [absent], LIMIT_S) == {}
    assert read_chains([capture], keys, [HERE, THERE], LIMIT_S) == {HERE: made.chain, THERE: other.chain}
    assert read_chains([capture], keys, [turned], LIMIT_S)[turned] != made.chain  # asked so, the client is the server


def test_several_captures_and_runs(put, tshark, monkeypatch):
    """Connections that do not fit into one run are sought in the next, and in the next capture."""
    monkeypatch.setattr("analyzer.inspecting.secrets.BATCH", 1)
    made, other = session("server.example"), session("other.example")
    captures = [put("a.pcap", pcap(shots((HERE, made.said)))), put("b.pcapng", pcapng(shots((THERE, other.said))))]
    keys = put("keys", made.secrets + other.secrets)
    assert read_chains(captures, keys, [THERE, HERE], LIMIT_S) == {HERE: made.chain, THERE: other.chain}


def test_a_full_run_fits_into_a_command_line(put, tshark):
    """As many connections as are sought at once, with the longest addresses there are."""
    made = session("server.example")
    long = "fd00:1111:2222:3333:4444:5555:6666:"
    wanted = [Ends(f"{long}{at:x}", 60000, f"{long}7777", 50000) for at in range(0x8000, 0x8000 + 700)]
    capture = put("a.pcap", pcap(shots((wanted[-1], made.said), (wanted[0], made.said))))
    found = read_chains([capture], put("keys", made.secrets), wanted, LIMIT_S)
    assert found == {wanted[0]: made.chain, wanted[-1]: made.chain}


def test_plain_certificates_come_too(put, tshark):
    """TLS 1.2 needs no secrets."""
    made = session("old.example", version=ssl.TLSVersion.TLSv1_2)
    assert read_chains([put("a.pcap", pcap(shots((HERE, made.said))))], "", [HERE], LIMIT_S) == {HERE: made.chain}


def test_a_chain_is_bounded(put, tshark):
    """Certificates after the tenth, and from one of more than 64 KiB on, are left out."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [f"{at}.example" for at in range(MAX_CERTIFICATES + 2)]
    few = [signed(name, name, key, key, authority=True).public_bytes(Encoding.DER) for name in names]
    big = signed("big.example", "big.example", key, key, authority=True, padding=MAX_DER).public_bytes(Encoding.DER)
    for chain, kept in ((few, few[:MAX_CERTIFICATES]), ([few[0], big, few[1]], few[:1]), ([big], [])):
        message = server_hello_message() + certificate_message(*chain)
        records = [tls_record(HANDSHAKE, message[at : at + RECORD]) for at in range(0, len(message), RECORD)]
        said = client_hello("a.example"), b"".join(records)
        capture = put("a.pcap", pcap(shots((HERE, said))))
        assert read_chains([capture], "", [HERE], LIMIT_S) == ({HERE: tuple(kept)} if kept else {})


def test_a_capture_cut_short_shows_what_precedes(put, tshark):
    """What can be read of it is read."""
    made = session("server.example")
    capture = put("a.pcap", pcap(shots((HERE, made.said)))[:-9])
    late = Ends("10.0.0.1", 39999, "10.0.0.2", 443)
    assert read_chains([capture], put("keys", made.secrets), [HERE, late], LIMIT_S) == {HERE: made.chain}


def one_line(error):
    """Whether an error is one line that names a file."""
    return re.fullmatch(r"[^\n]+", str(error.value)) is not None and str(error.value).startswith(error.value.path)


def test_what_cannot_be_opened_is_told_in_one_line(put, tshark, tmp_path):
    """A keylog or capture that is absent, a folder or a pipe is named; nothing is waited for."""
    capture, keys, pipe = put("a.pcap", pcap([])), put("keys", b""), tmp_path / "pipe"
    os.mkfifo(pipe)
    for bad in (str(tmp_path / "absent"), str(tmp_path), str(pipe), "a\0b"):
        for captures, keylog in (([capture], bad), ([bad], keys)):
            with pytest.raises(SourceError) as error:
                read_chains(captures, keylog, [HERE], LIMIT_S)
            assert one_line(error)


def test_what_tshark_cannot_read_is_told_in_one_line(put, tshark):
    """With what tshark says of it."""
    with pytest.raises(CaptureError, match=r"tshark ended with exit code \d+ \(.*capture file") as error:
        read_chains([put("a.txt", b"no capture\n" * 9)], "", [HERE], LIMIT_S)
    assert one_line(error)


def test_other_compressions(put, tshark):
    """What this tshark was not built with is an error, and nothing else is."""
    made = session("server.example")
    capture = put("a.pcap.zst", zstandard.compress(pcap(shots((HERE, made.said)))))
    with suppress(CaptureError):
        assert read_chains([capture], put("keys", made.secrets), [HERE], LIMIT_S) == {HERE: made.chain}


def test_it_works_where_a_loop_runs_and_warns_of_nothing(put, tshark):
    """As in a notebook, whose loop runs in the same thread."""
    made = session("server.example")
    capture, keys = put("a.pcap", pcap(shots((HERE, made.said)))), put("keys", made.secrets)

    async def cell():
        return read_chains([capture], keys, [HERE], LIMIT_S)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert asyncio.run(cell()) == {HERE: made.chain}
    assert told == []


def test_nothing_sought_runs_nothing(monkeypatch):
    """Neither is tshark needed then, nor are the files."""
    monkeypatch.setenv("PATH", "")
    nobody = Ends("00:16:3e:00:00:01", 1, "fe80::1%) || frame", 2)
    assert read_chains(["absent"], "absent", [], LIMIT_S) == {}
    assert read_chains(["absent"], "absent", [nobody], LIMIT_S) == {}


def test_without_tshark_it_says_so(put, monkeypatch):
    """And how to get it."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(wireshark, "ON_MACOS", "/absent/tshark")
    with pytest.raises(AnalyzerError, match="tshark is not installed"):
        read_chains([put("a.pcap", b"")], "", [HERE], LIMIT_S)


def test_a_hanging_program_is_ended(put, fake, tmp_path):
    """In time, and all that it started with it."""
    fake(f"open({str(tmp_path / 'ids')!r}, 'w').write(f'{{os.getpid()}} {{os.fork() or os.getpid()}}'); time.sleep(60)")
    begun = time.monotonic()
    with pytest.raises(SourceError, match="tshark did not end within 2 s") as error:
        read_chains([put("a.pcap", b"")], "", [HERE], 2)
    assert one_line(error)
    assert time.monotonic() - begun < 10
    for number in (tmp_path / "ids").read_text().split():
        for _ in range(100):  # until somebody has fetched its exit code
            if not (status := Path("/proc") / number / "stat").exists() or status.read_text().split()[2] == "Z":
                break
            time.sleep(0.05)
        else:
            pytest.fail("still runs")


@pytest.mark.parametrize(
    "code",
    [
        "write('<packet>' + '<' * (1 << 25)); time.sleep(60)",
        "write('<packet></packet>')",
        "write('<packet>\\0<<</packet>')",
        "write('<packet><proto name=\"geninfo\"/></packet>')",
        'write(\'<packet><proto name="geninfo"><field name="num" new=""/></proto></packet>\')',
        "write('<packet><proto/></packet>')",
        "sys.stderr.write('x' * (1 << 22)); sys.exit(3)",
        "sys.stderr.buffer.write(b'tshark: \\xff\\n'); sys.exit(3)",
    ],
)
def test_a_program_that_prints_nonsense_is_told_in_one_line(put, fake, code):
    """Nothing of it reaches the user as a traceback, nor does it fill the memory."""
    fake(code)
    with pytest.raises(CaptureError) as error:
        read_chains([put("a.pcap", b"")], "", [HERE], LIMIT_S)
    assert one_line(error)


def test_a_program_that_cannot_be_run_is_told_in_one_line(put, fake):
    """Such as one for another machine."""
    fake("").write_text("#!/absent/interpreter\n")
    with pytest.raises(SourceError, match="tshark cannot be run") as error:
        read_chains([put("a.pcap", b"")], "", [HERE], LIMIT_S)
    assert one_line(error)


def test_the_users_preferences_are_not_read(put, fake, tmp_path):
    """The program is given a folder of preferences that is empty, and nothing on standard input."""
    fake(
        f"folder = os.environ['WIRESHARK_CONFIG_DIR']; told = sys.stdin.read(), os.listdir(folder), sys.argv[1:]\n"
        f"open({str(tmp_path / 'told')!r}, 'w').write(repr(told))"
    )
    capture, keys = put("a.pcap", b""), put("keys", b"")
    assert read_chains([capture], keys, [HERE], LIMIT_S) == {}
    told = (tmp_path / "told").read_text()
    assert told.startswith("('', [], ['-l', '-n', '-T', 'pdml', '-Y', 'tls.handshake.certificate && (")
    assert f"'tls.keylog_file:{keys}'" in told


@pytest.mark.parametrize("config", ["[tshark]\ntshark_path = {evil}\n", "no config at all \xff"])
def test_a_config_of_the_current_folder_names_no_program(put, fake, root, tmp_path, config):
    """The `config.ini` that pyshark looks for there is not read."""
    evil = program(tmp_path, f"open({str(tmp_path / 'done')!r}, 'w')", "evil")
    right = fake(f"open({str(tmp_path / 'right')!r}, 'w')")
    put("config.ini", config.format(evil=evil).encode("latin-1"))
    put("a.pcap", b"")
    code = (
        "from analyzer.inspecting.secrets import *;"
        f"print(read_chains(['a.pcap'], '', [Ends({', '.join(map(repr, HERE))})], 60))"
    )
    words = [sys.executable, "-W", "error", "-c", code]
    environment = {"PATH": str(right.parent), "PYTHONPATH": str(root)}
    run = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr, run.returncode) == ("{}\n", "", 0)
    assert (tmp_path / "right").exists()
    assert not (tmp_path / "done").exists()


class Field(NamedTuple):
    """A field of a layer, as pyshark gives it."""

    show: str
    raw_value: str | None = None

    @property
    def main_field(self):
        """Itself."""
        return self

    @property
    def all_fields(self):
        """Only itself."""
        return [self]


class Layer(NamedTuple):
    """A layer of a packet, as pyshark gives it."""

    layer_name: str
    fields: dict

    def get_field(self, name):
        """The field of this name."""
        return self.fields.get(name)


class Packet(NamedTuple):
    """A packet, as pyshark gives it."""

    layers: list


def headers(source, sport, target, dport):
    """The layers of IPv4 and TCP."""
    ip = {"ip.src": Field(source), "ip.dst": Field(target)}
    return Layer("ip", ip), Layer("tcp", {"tcp.srcport": Field(sport), "tcp.dstport": Field(dport)})


def test_the_ends_are_those_of_the_nearest_headers():
    """Of a tunnel, the inner ones."""
    shown = Layer("tls", {"tls.handshake.certificate": Field("30:01", "3001")})
    inner, outer = headers("10.0.0.2", "443", "10.0.0.1", "40000"), headers("192.0.2.1", "1", "192.0.2.2", "2")
    (((*who,), chain),) = certificates(Packet([*outer, *inner, shown, *outer]))
    assert ([str(one) for one in who], chain) == (["10.0.0.2", "443", "10.0.0.1", "40000"], (b"\x30\x01",))
    with pytest.raises(ValueError, match="does not appear"):
        [*certificates(Packet([shown]))]
