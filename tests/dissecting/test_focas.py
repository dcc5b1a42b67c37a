import pytest

from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told, turned


def frame(kind, data, version=1, sync=b"\xa0\xa0\xa0\xa0"):
    """As in pyfanuc's README: sync, version, type, length, data."""
    return sync + version.to_bytes(2, "big") + kind.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


OPEN, OPENED = frame(0x0101, b"\0\2"), frame(0x0102, b"\0\1" * 180, version=4)


@pytest.mark.parametrize(
    "talk",
    [
        tcp(OPEN, OPENED, frame(0x2101, b"x" * 30), frame(0x2102, b"y" * 60), resp_p=8193),
        tcp(frame(0x2101, b"x" * 30) * 3, resp_p=50000),
        tcp(b"", frame(0x2102, b"y" * 60)[:20], resp_p=8193),
    ],
)
def test_framed_octets_are_focas(talk):
    """From the opening, from the midst, or from one direction, on any port."""
    assert told(dissect(talk)) == told(dissect(turned(talk))) == ("focas", "payload")


@pytest.mark.parametrize(
    "octets",
    [
        frame(0x3333, b"\0\2"),
        frame(0x0101, b"\0\2", version=0x1234),
        frame(0x0101, b"\0\2", sync=b"\xa0\xa0\xa0\xa1"),
        frame(0x0101, b"\0\2") + b"something else",
        b"\xa0" * 64,
        OPEN[:9],
    ],
)
def test_other_octets_are_not(octets):
    """The sync alone, an unknown type, or frames that do not follow each other."""
    assert dissect(tcp(octets, resp_p=8193)) is None
