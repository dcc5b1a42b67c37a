import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, wsdiscovery
from tests.builders.conversations import told, turned, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["wsdiscovery"])
def test_its_messages_are_recognised(service, certainty, talk):
    """The namespace in XML, on any port."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b"http://schemas.xmlsoap.org/ws/2005/04/discovery"),
        udp(b"<?xml?><e/>"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """The namespace alone, other XML."""
    assert wsdiscovery.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"<"
    for talk in (
        udp(start + one, start + other, resp_p=0),
        udp(one, start + other, resp_p=0),
    ):
        wsdiscovery.dissect(talk)
