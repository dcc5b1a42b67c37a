import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, tftp
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["tftp"])
def test_its_messages_are_recognised(service, certainty, talk):
    """RFC 1350: a request, a first block and its acknowledgement; an error alone in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"\0\1boot.bin\0other\0"),
        udp(b"\0\1\0octet\0"),
        udp(b"\0\7boot.bin\0octet\0"),
        udp(b"\0\3\0\1" + bytes(512)),
        udp(b"\0\3\0\2" + bytes(512), b"\0\4\0\2"),
        udp(b"\0\5\0\1not ended"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other modes, no name, blocks of one side or from the middle, an error that does not end."""
    assert tftp.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\1boot\0octet\0"
    for talk in (
        udp(start + one, start + other, resp_p=69),
        udp(one, start + other, resp_p=69),
    ):
        tftp.dissect(talk)
