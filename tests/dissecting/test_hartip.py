import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, hartip
from tests.builders.conversations import tcp, told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["hartip"])
def test_its_messages_are_recognised(service, certainty, talk):
    """HCF_SPEC-085: an answer with the message id and sequence of its request; in part, on its port, one alone."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\1\0\0\0\0\2\0\x0d\1\0\0\x75\x30"),
        udp(b"\1\0\0\0\0\2\0\x0c\1\0\0\x75", resp_p=5094),
        udp(b"\1\0\x09\0\0\2\0\x0d" + bytes(5), resp_p=5094),
        udp(b"\7\0\0\0\0\2\0\x0d" + bytes(5), resp_p=5094),
        udp(b"\1\0\0\0\0\2\0\x0d\1\0\0\x75\x30", b"\1\1\0\0\0\3\0\x0d\1\0\0\x75\x30"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Off its port without an answer, other lengths, ids, versions, an answer to another request."""
    assert hartip.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\1\0"
    for talk in (
        tcp(start + one, other, resp_p=5094),
        tcp(one, start + other, resp_p=5094),
        udp(start + one, start + other, resp_p=5094),
        udp(one, start + other, resp_p=5094),
    ):
        hartip.dissect(talk)
