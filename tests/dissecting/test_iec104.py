import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, iec104
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["iec104"])
def test_its_messages_are_recognised(service, certainty, talk):
    """IEC 60870-5-104: APDUs without a gap; a single one, off its port, in part."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x68\4\5\0\x28\0"),
        tcp(b"\x68\x04\x07\0\0\0GET /"),
        tcp(b"\x68\5\7\0\0\0\0"),
        tcp(b"\x68\x0e\0\0\1\0\1\1\3\0\1\0\1\0\0\1"),
        tcp(b"\x68\x0e\0\0\0\0\1\1\0\0\1\0\1\0\0\1"),
        tcp(b"\x68\x0e\0\0\0\0\xf1\1\3\0\1\0\1\0\0\1"),
        tcp(b"\x68\x08\x08\x68\x53\1\x51\0\0\0\0\0\xa5\x16"),
        tcp(b"\x68\4\7\0\0\0", b"hello"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Control fields and causes that do not exist, something behind, M-Bus, another answer."""
    assert iec104.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x68\4\7\0\0\0\x68"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        iec104.dissect(talk)
