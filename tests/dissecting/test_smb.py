import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, smb
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES, smb_message


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["smb"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Messages of each version, directly and in a NetBIOS session."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(smb_message(b"\xfbSMB")),
        tcp(smb_message()[:3] + b"\x05" + smb_message()[4:]),
        tcp(b"\0\0\x85\xffSMBr" + bytes(8)),
        tcp(b"\x81\0\0\x45\x20" + bytes(68)),
        tcp(b"\x83\0\0\1\x77"),
        tcp(smb_message(), b"HTTP/1.1 200 OK\r\n\r\n"),
        tcp(b"\x85\0\0\0"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other marks and lengths, a cut frame, a session without names, an unknown error, another answer."""
    assert smb.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\0\0\x40\xfeSMB"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        smb.dissect(talk)
