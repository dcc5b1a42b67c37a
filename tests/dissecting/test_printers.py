import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, printers
from tests.builders.conversations import tcp, told
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["printers"])
def test_its_messages_are_recognised(service, certainty, talk):
    """UEL and PJL, PostScript."""
    assert told(dissect(talk)) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x1b%-12345Y"),
        tcp(b"", b"\x1b%-12345X@PJL\r\n"),
        tcp(b"%PDF-1.7"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other escapes, a server that sends a job, a document by itself."""
    assert printers.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x1b%-12345X"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        printers.dissect(talk)
