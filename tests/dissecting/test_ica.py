import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, ica
from tests.builders.conversations import tcp, told, turned
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["ica"])
def test_its_messages_are_recognised(service, certainty, talk):
    """The mark of both sides."""
    assert told(dissect(talk)) == (service, certainty)
    assert told(dissect(turned(talk))) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"\x7f\x7fICB\0"),
        tcp(b"\x7fELF\2\1"),
        tcp(b"\x7f\x7fICA\0", b"\x16\3\1\0\5hello"),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other marks, another answer."""
    assert ica.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"\x7f\x7fICA"
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        ica.dissect(talk)
