import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, haas
from tests.builders.conversations import tcp, told, turned


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"?Q100\r\n", b">SERIAL NUMBER, 1234567\r\n", resp_p=4001),
        tcp(b"Q104\r", b"\x02MODE, (MEM)\x17\r\n>", resp_p=4001),
        tcp(b"?Q500\r\n", b"?Q500\r\n>PROGRAM, O00123, IDLE, PARTS, 42\r\n", resp_p=4002),
        tcp(b"?Q600 3901\r\n?Q102\r\n", b"\r\n>MACRO, 3901, 7.000000\r\n>MODEL, VF2\r\n"),
        tcp(b"?E10900 1.5\r\n", b">STATUS, BUSY\r\n"),
    ],
)
def test_a_query_and_its_answer_are_haas(talk):
    """Haas, Machine Data Collection: older controls between STX and ETB, newer after a prompt, with or without echo."""
    assert told(dissect(talk)) == told(dissect(turned(talk))) == ("haas-q", "payload")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"?Q100\r\n"),
        tcp(b"Q100\r\n", resp_p=4001),
        tcp(b"", b">SERIAL NUMBER, 1234567\r\n", resp_p=4001),
        tcp(b"", b"\x02MODEL, VF2\x17\r\n"),
    ],
)
def test_one_direction_alone_is_partial(talk):
    """A query, or an answer that only such a control frames so."""
    assert told(dissect(talk)) == ("haas-q", "partial")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"", b"MODEL, VF2\r\n"),
        tcp(b"Q100\r\n"),
        tcp(b"%\r\nO0001\r\nG0 X0\r\n%\r\n", resp_p=4001),
        tcp(b"QUIT\r\n", b"221 STATUS, bye\r\n"),
        tcp(b"?Q100\r\n", b"unknown command\r\n", resp_p=4001),
        tcp(b"?help\r\n", b">MODEL, VF2\r\n"),
    ],
)
def test_other_serial_lines_are_not(talk):
    """A program that is sent down the line, other dialogues, answers without their frame."""
    assert haas.dissect(talk) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_octets_never_raise(query, answer):
    """Whatever stands behind the question mark and the prompt."""
    haas.dissect(tcp(b"?Q" + query, b">MODEL, " + answer))
