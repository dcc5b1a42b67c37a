import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting.quickeys import SALTS, expand, initial_keys, is_retry, open_packet, whole_number
from analyzer.dissecting.quicpackets import read_packets
from tests.builders import quicsealing as qs

V1, V2, DRAFT_29, FIRST = qs.V1, qs.V2, qs.DRAFT_29, qs.FIRST

# RFC 9001 and RFC 9369 appendix A.2: the frame of the client's Initial, which PADDING follows
CLIENT_FRAME = bytes.fromhex(
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
    "04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
    "616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
    "baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
    "0d0010000e0403050306030203080408050806002d00020101001c0002400100"
    "3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
    "75300901100f088394c8f03e51570806048000ffff"
)
# … appendix A.3: the server's
SERVER_FRAMES = bytes.fromhex(
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739"
    "88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94"
    "0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00"
    "020304"
)
SERVER = {
    V1: "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
    "5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
    "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
    "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
    "2158407dd074ee",
    V2: "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698"
    "baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17"
    "f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2"
    "c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8"
    "4bed8521e2e140",
}
# … appendix A.2: begin and end of the protected packet; its tag, the last 16 octets, is over all of it
CLIENT_ENDS = {
    V1: (
        "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
        "e221af44860018ab0856972e194cd934",
    ),
    V2: (
        "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
        "a18b2faa745b6fe189cf772a9f84cbfc",
    ),
}
# … appendix A.4; draft-ietf-quic-tls-29 appendix A.4
RETRIES = {
    V1: "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba",
    V2: "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6",
    DRAFT_29: "ffff00001d0008f067a5502a4262b5746f6b656ed16926d81f6f9ca2953a8aa4575e1e49",
}


def opened(octets, side, version=V1, largest=-1):
    """Number and payload of the first packet of a datagram."""
    return open_packet(initial_keys(version, FIRST)[side], octets, read_packets(octets)[0], largest)


def client_packet(version):
    """The packet of appendix A.2."""
    return qs.initial(CLIENT_FRAME, version=version, number=2, least=1200)


@pytest.mark.parametrize(
    ("version", "client", "server"),
    [
        (
            V1,
            ("1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"),
            ("cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314"),
        ),
        (
            V2,
            ("8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"),
            ("82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652", "edf6d05c83121201b436e16877593c3a"),
        ),
        (
            DRAFT_29,
            ("175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f", "9ddd12c994c0698b89374a9c077a3077"),
            ("149d0b1662ab871fbe63c49b5e655a5d", "bab2b12a4c76016ace47856d", "c0c499a65a60024a18a250974ea01dfa"),
        ),
    ],
)
def test_the_keys_are_those_of_the_standards(version, client, server):
    """RFC 9001 and RFC 9369 appendix A.1; the same of draft 29."""
    keys = initial_keys(version, FIRST)
    assert tuple(tuple(part.hex() for part in side) for side in keys) == (client, server)


def test_the_drafts_share_salts_as_their_texts_have_them():
    """Draft 23 changed the salt, drafts 29 and 33 did again, and 34 is what became the RFC."""
    assert initial_keys(0xFF000017, FIRST)[0].key.hex() == "af7fd7efebd21878ff66811248983694"
    assert SALTS[0xFF00001C] == SALTS[0xFF000017] == SALTS[0xFACEB002] != SALTS[0xFF000016]
    assert SALTS[0xFF000020] == SALTS[DRAFT_29] != SALTS[0xFF00001C]
    assert SALTS[0xFF000022] == SALTS[0xFF000021] == SALTS[V1]
    assert initial_keys(0xFF000015, FIRST) is None
    assert initial_keys(0x1A2A3A4A, FIRST) is None


@pytest.mark.parametrize(
    ("label", "key", "iv", "hp", "ku"),
    [
        (
            "quic",
            "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8",
            "e0459b3474bdd0e44a41c144",
            "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4",
            "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9",
        ),
        (
            "quicv2",
            "3bfcddd72bcf02541d7fa0dd1f5f9eeea817e09a6963a0e6c7df0f9a1bab90f2",
            "a6b5bc6ab7dafce30ffff5dd",
            "d659760d2ba434a226fd37b35c69e2da8211d10c4f12538787d65645d5d1b8e2",
            "c69374c49e3d2a9466fa689e49d476db5d0dfbc87d32ceeaa6343fd0ae4c7d88",
        ),
    ],
)
def test_labels_expand_as_in_the_example_of_chacha20(label, key, iv, hp, ku):
    """RFC 9001 and RFC 9369 appendix A.5; its packet has a short header, which nobody can open from outside."""
    secret = bytes.fromhex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b")
    sizes = {"key": 32, "iv": 12, "hp": 32, "ku": 32}
    made = {name: expand(secret, f"{label} {name}", size).hex() for name, size in sizes.items()}
    assert made == {"key": key, "iv": iv, "hp": hp, "ku": ku}


@pytest.mark.parametrize("version", [V1, V2])
def test_the_clients_initial_is_opened(version):
    """RFC 9001 and RFC 9369 appendix A.2: packet 2, 1,162 octets of CRYPTO and PADDING."""
    octets = client_packet(version)
    begin, end = CLIENT_ENDS[version]
    assert (len(octets), octets[:32].hex(), octets[-16:].hex()) == (1200, begin, end)
    assert opened(octets, 0, version) == (2, CLIENT_FRAME + bytes(917))


@pytest.mark.parametrize("version", [V1, V2])
def test_the_servers_initial_is_opened(version):
    """RFC 9001 and RFC 9369 appendix A.3: packet 1, ACK and CRYPTO; the client's keys do not open it."""
    octets = bytes.fromhex(SERVER[version])
    assert opened(octets, 1, version) == (1, SERVER_FRAMES)
    assert opened(octets, 0, version) is None


@pytest.mark.parametrize("version", [V1, V2, DRAFT_29])
def test_a_retry_is_known_by_its_tag(version):
    """RFC 9001 and RFC 9369 appendix A.4, draft 29; for another connection id, or changed, it is none."""
    octets = bytes.fromhex(RETRIES[version])
    packet = read_packets(octets)[0]
    assert is_retry(octets, packet, FIRST) is True
    assert is_retry(octets, packet, FIRST[::-1]) is False
    assert is_retry(octets[:-1] + b"\0", packet, FIRST) is False
    assert is_retry(octets[:20], read_packets(octets[:20])[0], FIRST) is False


def test_a_retry_without_a_known_tag_is_neither():
    """Drafts before 25 had none."""
    octets = qs.header(0xFF000018, 3, b"", b"r" * 8) + b"token" * 9
    assert is_retry(octets, read_packets(octets)[0], FIRST) is None


@given(st.integers(0, 8 * 1200 - 1))
def test_one_changed_bit_opens_nothing(bit):
    """AES-GCM: neither header nor payload can differ by a bit."""
    octets = bytearray(client_packet(V1))
    packet = read_packets(bytes(octets))[0]
    octets[bit // 8] ^= 1 << bit % 8
    assert open_packet(initial_keys(V1, FIRST)[0], bytes(octets), packet, -1) is None


@pytest.mark.parametrize("kept", [18, 30, 38, 60, 1199])
def test_a_packet_that_is_cut_opens_nothing(kept):
    """The tag stands at the end, the sample behind the packet number."""
    octets = client_packet(V1)
    assert open_packet(initial_keys(V1, FIRST)[0], octets[:kept], read_packets(octets)[0], -1) is None


def test_packet_numbers_are_completed():
    """RFC 9000 appendix A.3: its example; the ends of the range."""
    assert whole_number(0xA82F30EA, 0x9B32, 16) == 0xA82F9B32
    assert whole_number(-1, 0xFFFFFFFF, 32) == 0xFFFFFFFF
    assert whole_number(0x1FE, 0x01, 8) == 0x201
    assert whole_number(0x201, 0xFE, 8) == 0x1FE


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_packet_number_of_any_size_is_read(size):
    """One to four octets, completed by the largest number so far."""
    octets = qs.initial(b"\1" + bytes(40), number=0x1000003, size=size)
    assert opened(octets, 0, largest=0x1000002) == (0x1000003, b"\1" + bytes(40))
