import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, dropbox
from tests.builders.conversations import told, udp
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["dropbox"])
def test_its_messages_are_recognised(service, certainty, talk):
    """Four keys of the object on its port."""
    assert told(dissect(talk)) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        udp(b'{"version": [2, 0], "port": 17500}', resp_p=17500),
        udp(b'{"version": 1, "port": 1, "host_int": 1, "namespaces": []}', resp_p=1),
        udp(b"[1]", resp_p=17500),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Too few keys, another port, another value."""
    assert dropbox.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"{"
    for talk in (
        udp(start + one, start + other, resp_p=17500),
        udp(one, start + other, resp_p=17500),
    ):
        dropbox.dissect(talk)
