import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.conversations import Conversation, Message, Stream
from analyzer.dissecting import DISSECTORS, Dissected, dissect, http1, mdns
from tests.builders.conversations import tcp, told, udp
from tests.builders.corpus import read_conversations
from tests.builders.services import SAMPLES

MACHINE = {"ethernet-ip", "focas", "shdr", "mtconnect", "haas-q", "giop", "lsv2", "opcua", "modbus"}
PARTS = {part.name: part for part in DISSECTORS}
EVERY = [(module, *sample) for module, samples in SAMPLES.items() for sample in samples]
OWN = {module: {service for service, *_ in samples} for module, samples in SAMPLES.items()}
KNOWN_PORTS = sorted({talk.resp_p for *_, talk in EVERY} | {0, 443})
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the public captures are not beside the project")

STARTS = st.sampled_from(
    [
        *(b"", b"\0\0", b"\0\1\0\0\0\6\1", b"GET /current HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"INFO {", b"GIOP\1"),
        *(b"HELF", b"MSGF", b"\xa0\xa0\xa0\xa0\0\1", b"A_LG", b"\0\0\0\0T_OK", b"* PING\n", b"2026-01-01T00:00:00|"),
        *(b"?Q100\r", b"\x65\0\4\0", b"\xc0\0\0\0\1", b"\x16\x03\x01", b"<13>", b"\x30\x26\x02\x01", b"\x81\x0b"),
        *(b"\x23" + bytes(47), b"\0\x0e\x38", b"220 a SMTP", b"* OK ", b"+OK ", b"\x30\x0c\2\1\1"),
        *(b"\x12\1\0\x1a\0\0\1\0", b"\3\0\0\x13\x0e\xe0", b"\x16\xfe\xfd\0\0"),
    ]
)
PORTS = st.sampled_from(
    [
        *(0, 53, 67, 68, 80, 123, 137, 138, 161, 443, 502, 514, 683, 1900, 2222, 4001, 4840, 5000, 5353, 7422),
        *(7878, 8193, 44818),
    ]
)
OCTETS = st.builds(bytes.__add__, STARTS, st.binary(max_size=80))


def test_each_dissector_has_a_name_and_says_which_transport_it_reads():
    """The door promises a service name and the protocol numbers of TCP and UDP."""
    assert len({part.module.SERVICE for part in DISSECTORS}) == len(DISSECTORS)
    assert all(part.protos and set(part.protos) <= {6, 17} for part in DISSECTORS)


@given(st.lists(OCTETS, max_size=4), PORTS, PORTS)
def test_any_octets_never_raise(sent, orig_p, resp_p):
    """Whatever is sent, by whom and on which port, the answer is a record of the promised form."""
    for talk in (tcp(*sent, orig_p=orig_p, resp_p=resp_p), udp(*sent, orig_p=orig_p, resp_p=resp_p)):
        for found in (dissect(talk), *(part.module.dissect(talk) for part in DISSECTORS)):
            assert found is None or (isinstance(found, Dissected) and found.certainty in {"payload", "partial", "port"})


def test_every_dissector_has_samples():
    """All that tells by octets is in the matrix of samples below."""
    assert set(SAMPLES) == set(PARTS) - {"ports"}


@pytest.mark.parametrize(("module", "service", "certainty", "talk"), EVERY)
def test_a_protocols_messages_are_named_by_its_own_dissector_only(module, service, certainty, talk):
    """No dissector knows another one's messages; of MTConnect, which is HTTP, both do."""
    assert told(dissect(talk)) == (service, certainty)
    named = {name for name, part in PARTS.items() if talk.proto in part.protos and part.module.dissect(talk)} - {
        "ports"
    }
    assert named == {module} | ({"http1"} if module == "mtconnect" else set())


@pytest.mark.parametrize(("module", "service", "certainty", "talk"), EVERY)
def test_no_port_makes_a_message_another_protocols(module, service, certainty, talk):
    """On a port that is known for something else it keeps its name, or has none but the port's."""
    for port in KNOWN_PORTS:
        found = told(dissect(talk._replace(resp_p=port)))
        same_form = module == "netbios" and port in mdns.SERVICES  # RFC 1002 section 4.2.1: a message of DNS
        assert found is None or found[0] in OWN[module] or found[1] == "port" or same_form


@given(st.sampled_from(EVERY), st.integers(0, 200), st.integers(0, 255), st.integers(0, 200))
def test_altered_messages_never_raise_and_no_reader_is_left_out(sample, at, octet, cut):
    """One octet changed, and the message cut, wherever that is: asking few dissectors tells what asking all does."""
    talk = sample[3]

    def altered(octets):
        return (octets[:at] + bytes([octet]) + octets[at + 1 :])[: len(octets) - cut]

    streams = [stream._replace(octets=altered(stream.octets)) for stream in (talk.orig, talk.resp)]
    messages = tuple(message._replace(octets=altered(message.octets)) for message in talk.messages)
    for changed in (
        talk._replace(orig=streams[0], resp=streams[1], messages=messages),
        talk._replace(orig=streams[0], messages=messages[:1]),
        talk._replace(resp=streams[1]),
    ):
        known = [part for part in DISSECTORS if changed.proto in part.protos and part.module.dissect(changed)]
        assert dissect(changed) == (known[0].module.dissect(changed) if known else None)


@given(st.integers(0, 1 << 64), st.integers(1, 400), PORTS)
def test_random_octets_are_never_called_anything_by_payload(seed, length, resp_p):
    """Octets drawn by chance (not chosen to meet a signature) meet none."""
    drawn = random.Random(seed).randbytes(2 * length)
    orig, resp = drawn[:length], drawn[length:]
    for talk in (tcp(orig, resp, resp_p=resp_p), udp(orig, resp, resp_p=resp_p)):
        found = dissect(talk)
        assert found is None or found.certainty != "payload"


@pytest.mark.parametrize("part", [part for part in DISSECTORS if part.name != "ports"])
def test_without_octets_nothing_is_claimed(part):
    """Neither a connection on which nothing was sent nor an empty datagram is of any protocol."""
    empty = udp()._replace(messages=(Message(1, 1, True, b""),))
    for talk in (tcp(), udp(), empty):
        assert talk.proto not in part.protos or part.module.dissect(talk) is None


@pytest.mark.parametrize("proto", [1, 47, 58, 132])
def test_other_transports_are_left_alone(proto):
    """ICMP, GRE and SCTP have no dissector here."""
    assert dissect(Conversation(0, proto, 0, 0, Stream(b"GET / HTTP/1.1\r\n\r\n"), Stream(b"x"))) is None


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 300, b"\x16\x03\x03\x00\x7a\x02" + b"s" * 200),
        (
            b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc1\x02\x01\x00\xc2\x02\x01\x02\xc0\x01\x0a",
            b"\x03\x00\x00\x16\x11\xd0",
        ),
        (b"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21", b"\x05\x64\x0a\x44\x00\x04\x01\x00"),
        (b"\x68\x04\x07\x00\x00\x00", b"\x68\x04\x0b\x00\x00\x00"),
        (b"\x00\x00\x2c\x00\x00\x00\xc0\xa8\x00\x01\x01\x01\x51\xc3", b"\x00\x00\x28\x00\x00\x00\x0a\x0a"),
        (b"\x00\x00\x00\x85\xff\x53\x4d\x42\x72\x00\x00\x00\x00", b"\x00\x00\x00\x85\xff\x53\x4d\x42\x72\x00\x00"),
        (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00", b"\x00\x5a" + bytes(6)),
        (b"\x05\x01\x00", b"\x05\x00"),
        (b"FINS\x00\x00\x00\x0c" + bytes(12), b"FINS\x00\x00\x00\x10" + bytes(16)),
        (b"initialize:", b"INIT OK\r\n"),
    ],
)
@pytest.mark.parametrize("port", [502, 683, 4001, 4840, 4880, 5000, 7422, 7878, 8082, 8193, 19000, 44818, 49320, 56000])
def test_other_protocols_on_a_machines_port_are_not_its_protocol(octets, answer, port):
    """TLS, TPKT, DNP3, IEC 104, ADS, SMB, Redis, SOCKS, FINS, HiSLIP: a port proves nothing."""
    for talk in (tcp(octets, answer, resp_p=port), tcp(octets, resp_p=port), tcp(b"", octets, resp_p=port)):
        found = dissect(talk)
        assert found is None or found.service not in MACHINE


@pytest.mark.parametrize("port", [502, 5000, 7878, 8082, 8193, 44818])
def test_http_on_a_machines_port_is_http(port):
    """Many controls have a web page."""
    page = tcp(b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", resp_p=port)
    assert told(dissect(page)) == ("http", "payload")


@pytest.mark.parametrize(
    "unit",
    [
        b"\n",
        b"\r\n",
        b"0\r\n",
        b"A: b\r\n",
        b"<",
        b"|",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\1\0\0\0\2\1\1",
        b"\x00\x09\x30",
        b"2026-01-01T00:00:00|a|",
        b'{ "',
    ],
)
@pytest.mark.parametrize(
    "start",
    [
        *(
            b"",
            b"GET /current HTTP/1.1\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"INFO {",
            b"\x24",
        ),
        *(b"220 ", b"NICK a\r\n", b"\r\n", b"*1\r\n", b"\x68\4\x43\0\0\0", b"\x04\1\0\1\0\0\0\1", b"\xc0\0"),
        *(b"* OK ", b"+OK POP", b"<stream:stream ", b"EHLO ", b"\0\0\0\x08\x04\xd2\x16\x2f", b"\x30\x0c\2\1\1\x77\7"),
    ],
)
def test_long_streams_end_in_time(start, unit):
    """Sixty-four kilobytes of the same few octets behind each beginning: no reading that grows with the square."""
    octets = start + unit * (65536 // len(unit))
    begin = time.process_time()
    dissect(tcp(octets, octets, resp_p=7878))
    dissect(tcp(b"", octets, resp_p=123))
    dissect(udp(octets, octets, resp_p=123))
    assert time.process_time() - begin < 0.5


def services(folder):
    """How often each service was read by payload or in part, per capture of a folder of the corpus."""
    seen = {}
    for path in sorted((CORPUS / folder).rglob("*")):
        kinds = [told(dissect(talk)) for talk in read_conversations(path)] if path.is_file() else []
        seen[path.name] = [kind[0] for kind in kinds if kind and kind[1] != "port"]
    return seen


@needs_corpus
@pytest.mark.parametrize(("folder", "service"), [("modbus", "modbus"), ("opcua", "opcua"), ("enip_cip", "ethernet-ip")])
def test_recordings_of_a_machine_protocol_are_read_as_such(folder, service):
    """Of each folder at least nine of ten recordings that hold a conversation at all."""
    holding = {name: found for name, found in services(f"ics/{folder}").items() if found}
    right = [name for name, found in holding.items() if service in found]
    assert len(right) >= 0.9 * len(holding) > 5


# Recordings of mixed plants, or of devices that speak a second protocol, as tshark names it too.
BESIDE = {
    "iti--mb2.pcap": {"ethernet-ip", "modbus"},
    "malcolm--Modicon.pcap": {"modbus"},
}


@needs_corpus
@pytest.mark.parametrize(
    ("folder", "own"),
    [
        *(
            (f"ics/{folder}", set())
            for folder in ("bacnet", "beckhoff_ads", "c1222", "dnp3", "fins", "genisys", "iec104")
        ),
        *((f"ics/{folder}", set()) for folder in ("iec61850", "other", "profinet", "s7", "synchrophasor")),
        ("ics/modbus", {"modbus"}),
        ("ics/opcua", {"opcua"}),
        ("ics/enip_cip", {"ethernet-ip"}),
        *((folder, set()) for folder in ("blocked", "dns", "http", "iot_cloud", "proxy", "quic", "remote_vpn", "tcp")),
        *((folder, set()) for folder in ("tls", "tls_private_pki", "udp_misc", "ntp", "scans", "interception_wan")),
    ],
)
def test_no_recording_is_called_a_machine_protocol_that_it_is_not(folder, own):
    """A false machine would draw a verdict on somebody else's traffic."""
    wrong = {name: set(found) & MACHINE - own - BESIDE.get(name, set()) for name, found in services(folder).items()}
    assert {name: found for name, found in wrong.items() if found} == {}


@needs_corpus
@pytest.mark.parametrize(
    ("folder", "service", "least"),
    [("http", "http", 30), ("quic", "quic", 30), ("ntp", "ntp", 2), ("remote_vpn", "ssh", 15)],
)
def test_recordings_of_other_protocols_are_read_as_such(folder, service, least):
    """The captures that a folder is named for."""
    assert sum(service in found for found in services(folder).values()) >= least


@needs_corpus
def test_tunnels_of_recorded_proxies_are_found():
    """Each recording of an accepted CONNECT to TLS tells where TLS begins."""
    found = [http1.dissect(talk) for path in (CORPUS / "proxy").iterdir() for talk in read_conversations(path)]
    assert sum(bool(one and one.via == "connect") for one in found) >= 4
