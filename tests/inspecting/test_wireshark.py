"""What tshark prints becomes a reading, and whatever else may be called tshark becomes one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError, SourceError
from analyzer.inspecting.wireshark import (
    BETWEEN,
    FIELDS,
    Frame,
    Tally,
    find,
    nanoseconds,
    read,
    split,
    unquoted,
    version,
)
from tests.builders.captures import Shot, pcap
from tests.builders.readings import program, reading, signed

SECOND = 1_000_000_000
PRINTED = {"length": "60", "caplen": "60", "time": "1.000000000", "protocols": "eth:ethertype:ip:tcp"}


def line(**given):
    """A line of tshark's with these fields."""
    told = PRINTED | given
    return "\t".join(told.get(name, "") for name in Frame._fields).encode()


def tallied(*lines, cut=False):
    """The reading that lines give."""
    tally = Tally()
    for one in lines:
        tally.count(split(one))
    return tally.reading(cut=cut)


def several(*values):
    """Several values of one field."""
    return BETWEEN.join(values)


def test_a_frame_has_a_field_for_each_that_is_asked_for():
    """The fields asked for and those of a frame are as many."""
    assert len(FIELDS) == len(Frame._fields)


def test_frames_are_counted():
    """Packets, octets on the wire, times, snaplen and streams add up."""
    first = line(tcp_stream="0", tcp_srcport="40000")
    later = line(length="1500", time="3.5", tcp_stream="0", tcp_srcport="443")
    early = line(time="0.999999999", protocols="eth:ethertype:ip:udp:dns", udp_stream="0", udp_srcport="53")
    seen = tallied(first, later, early)
    expected = reading(
        packets=3, octets=1620, start_ns=999_999_999, end_ns=3_500_000_000, snaplen_cut_frames=1, udp_conversations=1,
        server_names=frozenset(),
    )  # fmt: skip
    assert seen == expected
    assert tallied(cut=True) == reading(
        packets=0, octets=0, start_ns=0, end_ns=0, cut=True, tcp_conversations=0, server_names=frozenset()
    )


def test_names_go_where_they_were_read():
    """Names of TLS, QUIC, DTLS, DNS and CONNECT are kept apart, in lower case; mDNS and other methods do not count."""
    seen = tallied(
        line(sni="A.example"), line(sni="b.example", protocols="eth:ethertype:ip:udp:quic:tls"),
        line(gquic_sni="c.example"), line(dtls_sni="d.example"),
        line(dns_names=several("E.example", "<Root>"), protocols="eth:ethertype:ip:udp:dns"),
        line(dns_names="printer.local", protocols="eth:ethertype:ip:udp:mdns"),
        line(methods=several("GET", "CONNECT"), targets=several("/", "f.example:443")),
    )  # fmt: skip
    assert (seen.server_names, seen.quic_server_names) == ({"a.example"}, {"b.example", "c.example"})
    assert (seen.dtls_server_names, seen.dns_names) == ({"d.example"}, {"e.example", "."})
    assert seen.connect_targets == {"f.example:443"}


def test_the_issuer_is_that_of_the_servers_leaf():
    """The first certificate of the server counts; those above it, and the client's, do not."""
    leaf, above, own = (signed({"CN": name}).hex() for name in ("Acme CA", "Root", "Devices CA"))
    stream = {"tcp_stream": "0"}
    seen = tallied(
        line(**stream, tcp_srcport="40000", handshakes="1"),
        line(**stream, tcp_srcport="443", handshakes=several("2", "11"), certificates=several(leaf, above)),
        line(**stream, tcp_srcport="40000", handshakes=several("11", "16"), certificates=own),
        line(udp_stream="0", udp_srcport="443", dtls_handshakes="11", dtls_certificates=signed({"O": "Acme"}).hex()),
    )  # fmt: skip
    assert seen.issuers == {"Acme CA", "O=Acme"}


@pytest.mark.parametrize(
    ("streams", "protocols", "counted"),
    [
        (["0"], "ip:tcp", ["0"]),
        (["0", "1"], "ip:tcp:ip:tcp", ["0", "1"]),
        (["1"], "ip:icmp:ip:tcp", []),
        (["0", "1"], "ip:tcp:icmpv6:ipv6:tcp", ["0"]),
    ],
)
def test_streams_of_quoted_packets_do_not_count(streams, protocols, counted):
    """What stands behind ICMP in a frame is quoted."""
    assert list(unquoted(streams, protocols.split(":"), ("tcp",))) == counted


@pytest.mark.parametrize(("text", "ns"), [("1.5", 1_500_000_000), ("-0.25", -250_000_000), ("7", 7 * SECOND)])
def test_times_are_exact(text, ns):
    """A time in decimal is that many ns."""
    assert nanoseconds(text) == ns


@given(
    st.one_of(st.binary(max_size=80), st.lists(st.text("0123456789.-:abef\x1f", max_size=6), min_size=18, max_size=18))
)
def test_any_line_is_counted_or_refused(made):
    """Whatever a program prints, there is a frame or a ValueError."""
    octets = made if isinstance(made, bytes) else "\t".join(made).encode()
    try:
        tallied(octets)
    except ValueError:
        return
    assert octets.count(b"\t") == len(FIELDS) - 1


def fake(tmp_path, code, limit_s=10.0):
    """What a made-up tshark gives of a capture."""
    return read(str(program(tmp_path, code)), "a.pcap", limit_s)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("time.sleep(60)", "tshark did not end within 0.5 s"),
        ("while True: sys.stderr.write('no\\n')", "tshark did not end within 0.5 s"),
        ("write('rubbish\\n')", "line 1 of what tshark printed is no frame"),
        (f"write({line().decode()!r} + '\\n' + 'x' * 9)", "line 2 of what tshark printed is no frame"),
        ("sys.stdout.buffer.write(b'\\xff\\0' * 999)", "line 1 of what tshark printed is no frame"),
        (
            "sys.stderr.write('tshark: The file is odd.\\n'); sys.exit(2)",
            "tshark ended with exit code 2 (The file is odd.)",
        ),
        (f"print({line().decode()!r}, flush=True); os.kill(os.getpid(), 9)", "tshark ended with exit code -9"),
    ],
    ids=["hangs", "floods", "rubbish", "half", "octets", "refuses", "dies"],
)
def test_a_program_that_is_no_tshark_is_one_line(tmp_path, code, why):
    """Hanging, flooding, garbage, refusal and death are told with the capture's name and the reason."""
    with pytest.raises(SourceError) as caught:
        fake(tmp_path, code, 0.5 if "within" in why else 10.0)
    assert str(caught.value) == f"a.pcap: {why}"


def test_a_cut_file_is_read_to_the_cut(tmp_path):
    """Tshark ends with 2 there, and has printed what stands before the cut."""
    said = 'tshark: The file "a.pcap" appears to have been cut short in the middle of a packet.'
    told = fake(tmp_path, f"print({line().decode()!r}); sys.stderr.write({said!r}); sys.exit(2)")
    assert (told.packets, told.cut) == (1, True)


def test_the_program_is_given_no_option_by_a_name(tmp_path, monkeypatch):
    """A capture called like an option is handed over as an absolute path, and no preferences of a user count."""
    monkeypatch.chdir(tmp_path)
    code = "sys.exit('tshark: %s %s %s' % (*sys.argv[-2:], os.listdir(os.environ['WIRESHARK_CONFIG_DIR'])))"
    path = program(tmp_path, code)
    with pytest.raises(SourceError) as caught:
        read(str(path), "-Xlua_script:evil.lua", 10)
    assert str(caught.value).endswith(f"(-r {tmp_path}/-Xlua_script:evil.lua [])")


def test_tshark_is_looked_for_on_the_path(tmp_path, monkeypatch):
    """It is found where the PATH leads, not where a file of the current folder says, and its absence is told."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "config.ini").write_text(f"[tshark]\ntshark_path = {program(tmp_path / 'here', '')}\n")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnalyzerError, match=r"^tshark is not installed: apt-get install tshark$"):
        find()
    path = program(tmp_path, "")
    assert find() == str(path)


@pytest.mark.parametrize("said", ["", "Usage: nothing\\n", "\\xff\\n", "TShark\\n"])
def test_a_version_that_is_none_is_refused(tmp_path, said):
    """A program that does not say that it is TShark is none."""
    path = program(tmp_path, f"write('{said}')")
    with pytest.raises(SourceError, match="does not say that it is TShark"):
        version(str(path))


def test_the_version_is_told(tmp_path):
    """Name and number, without what was packaged how."""
    path = program(tmp_path, "write('TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0).\\n\\nmore\\n')")
    assert version(str(path)) == "TShark 4.0.17"


def test_the_installed_tshark_says_what_is_expected(tmp_path, needs_program):
    """The real one knows every field, and counts the frame of a capture whose name has all that may confuse it."""
    needs_program("tshark")
    path = tmp_path / "-r it's ; 100% [x].pcap"
    path.write_bytes(pcap([Shot(1_500_000_000, b"\0" * 60)]))
    told = read(find(), str(path), 60)
    assert (told.packets, told.octets, told.start_ns, told.cut) == (1, 60, 1_500_000_000, False)
    assert version(find()).startswith("TShark ")
