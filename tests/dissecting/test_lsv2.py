import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, turned


def telegram(command, data=b""):
    """As in pyLSV2, docs/protocol.rst: length of the data, command, data."""
    return len(data).to_bytes(4, "big") + command + data


LOGIN = telegram(b"A_LG", b"INSPECT\0")


def test_a_command_and_its_answer_are_lsv2():
    """Login, version, run information: payload, either way round and on any port."""
    for talk in (
        tcp(LOGIN, telegram(b"T_OK"), telegram(b"R_VR", b"\1"), telegram(b"S_VR", b"340590\0"), resp_p=19000),
        tcp(telegram(b"R_RI", b"\0\1"), telegram(b"S_RI", b"\0\1")),
        tcp(telegram(b"R_RI", b"\0\1"), telegram(b"T_ER", b"\1\2")),
        tcp(LOGIN),
    ):
        assert told(dissect(talk)) == told(dissect(turned(talk))) == ("lsv2", "payload")


def test_one_direction_alone_is_partial():
    """Without the login, one side of a connection under way is less."""
    assert told(dissect(tcp(telegram(b"R_RI", b"\0\1") * 3))) == ("lsv2", "partial")
    assert told(dissect(tcp(b"", telegram(b"S_RI", b"\0\1")))) == ("lsv2", "partial")


@pytest.mark.parametrize(
    "octets",
    [
        telegram(b"a_lg"),
        telegram(b"X_YZ"),
        b"\0\1\0\0A_LG",
        telegram(b"R_RI", b"\0\1") + b"rubbish",
        telegram(b"A_LG", b"x" * 5000),
        b"\0\0\0",
    ],
)
def test_other_octets_are_not(octets):
    """Lower case, unknown commands, lengths beyond a control's buffer, telegrams that do not follow each other."""
    assert dissect(tcp(octets, resp_p=19000)) is None


def test_a_foreign_answer_contradicts():
    """A server that answers with text is another."""
    assert dissect(tcp(LOGIN, b"ERROR unknown command\r\n")) is None
