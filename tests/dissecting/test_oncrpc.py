import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, oncrpc
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import CALL, NFS_CALL, REPLY, SAMPLES, onc


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["oncrpc"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 5531: the program of a call; replies alone over TCP in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(onc(CALL, 3, 100003, 3, 1, 0, 0, 0, 0)),
        tcp(onc(CALL, 2, 0x70000000, 3, 1, 0, 0, 0, 0)),
        tcp(onc(CALL, 2, 100003, 0, 1, 0, 0, 0, 0)),
        tcp(onc(CALL, 2, 100003, 3, 1, 99, 0, 0, 0)),
        tcp(b"\0" + NFS_CALL[1:]),
        udp(NFS_CALL),
        udp(onc(REPLY, 0, 0, 0, 0, stream=False)),
        udp(b"\xe3\0\6\xe8" + bytes(7) + b"\2INIT" + bytes(32)),
        tcp(NFS_CALL, b"HTTP/1.1 200 OK\r\n\r\n" * 2),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other versions, programs and flavors, a record that is not the last fragment, NTP, another answer."""
    assert oncrpc.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x80\0\0\x28" + bytes(7) + b"\0\0\0\0\2"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        oncrpc.dissect(talk)
