import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, shdr
from tests.builders.conversations import tcp, told, turned

LINES = b"2026-03-01T10:11:12.123456Z|avail|AVAILABLE\n2026-03-01T10:11:13Z|Xpos|12.5|Ypos|3\r\n"
CONDITION = b"2026-03-01T10:11:12.1Z|dev:servo|NORMAL||||\n2026-03-01T10:11:12|@ASSET@|1|CuttingTool|<a/>\n"


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"", LINES, resp_p=7878),
        tcp(b"", CONDITION, resp_p=9999),
        tcp(b"* PING\n", b"* PONG 10000\n", b"", LINES),
        tcp(b"* PING\r\n", b"* shdrVersion: 2.0\n" + LINES[:60]),
        tcp(b"", b"2|Zpos|1\n" + LINES),
        turned(tcp(b"", LINES, resp_p=7878)),
    ],
)
def test_two_lines_of_data_or_a_pong_are_shdr(talk):
    """MTConnect adapter protocol: time, key, value; the heartbeat; also from amid a line."""
    assert told(dissect(talk)) == ("shdr", "payload")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"", LINES[:45], resp_p=7878),
        tcp(b"* PING\n"),
        tcp(LINES, resp_p=5140),
        tcp(b"", b"* PONG 10000\n", resp_p=7878),
    ],
)
def test_less_is_partial(talk):
    """One line, one half of the heartbeat, or data that a client sends."""
    assert told(dissect(talk)) == ("shdr", "partial")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(b"", LINES[:45], resp_p=9999),
        tcp(b"", b"2026-03-01T10:11:12|INFO|started\n2026-03-01T10:11:12|WARN|slow\n", resp_p=7878),
        tcp(b"", b"2026-03-01 10:11:12|avail|AVAILABLE\n" * 3, resp_p=7878),
        tcp(b"", b"a|b|c\nd|e|f\n", resp_p=7878),
        tcp(b"", b"2026-03-01T10:11:12|key|\x00\x01\n" * 3, resp_p=7878),
        tcp(b"GET / HTTP/1.0\n", LINES, resp_p=9999)._replace(orig_p=1),
        tcp(b"PING\n", b"* PONG 1\n"),
        tcp(b"", b"* list item\n* another item\n"),
    ],
)
def test_other_lines_are_not(talk):
    """Logs with levels, other times, other tables, binary, a bulleted list."""
    assert shdr.dissect(talk) is None


@given(st.binary(max_size=80))
def test_any_octets_never_raise(octets):
    """Whatever follows the time."""
    shdr.dissect(tcp(b"* PING\n", b"2026-03-01T10:11:12|" + octets))


def test_a_line_that_never_ends_is_left_in_time():
    """Sixteen kilobytes of one field are looked at once."""
    assert shdr.dissect(tcp(b"", b"2026-03-01T10:11:12|a|" + b"b|" * 8000)) is None
