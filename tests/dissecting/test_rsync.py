import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, rsync
from tests.builders.conversations import tcp, told
from tests.builders.services import SAMPLES


@pytest.mark.parametrize(("service", "certainty", "talk"), SAMPLES["rsync"])
def test_its_messages_are_recognised(service, certainty, talk):
    """The daemon of rsync, git and Subversion."""
    assert told(dissect(talk)) == (service, certainty)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"@RSYNCD? 31\n"),
        tcp(b"0032git-shell /x\0"),
        tcp(b"( failure ( 2 2 ("),
    ],
)
def test_what_contradicts_itself_or_is_another_protocol_is_not(talk):
    """Other words."""
    assert rsync.dissect(talk) is None


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_octets_never_raise(one, other):
    """Whatever stands behind what opens a message, in either direction."""
    start = b"@RSYNCD: "
    for talk in (
        tcp(start + one, other, resp_p=0),
        tcp(one, start + other, resp_p=0),
    ):
        rsync.dissect(talk)
