import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, tns
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES, TNS


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["tns"])
def test_its_messages_are_recognised(service, certainty, talk):
    """A CONNECT of its own length that holds a description."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(TNS.replace(b"DESCRIPTION", b"description"[::-1])),
        tcp(TNS[:4] + b"\2" + TNS[5:]),
        tcp(b"\0\5" + TNS[2:]),
        tcp(TNS[:40]),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """No description, another type, another length, a cut packet."""
    assert tns.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\0\x64\0\0\1\0\0\0"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        tns.dissect(talk)
