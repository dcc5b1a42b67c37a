"""One capture on its way: what is swept is handed on, under a guard, in the order of the capture."""

from __future__ import annotations

from unittest.mock import patch

from analyzer.capturing.source import open_source
from analyzer.metering.sweep import Sweep
from analyzer.reading import Reading
from analyzer.settings import Settings
from tests.builders import frames as fr
from tests.builders.captures import Shot, pcap


def test_what_is_swept_is_handed_on(tmp_path):
    """All records, once and in order, however the file is cut into buffers; the guard is held only meanwhile."""
    shots = [Shot(k, fr.linked(fr.ipv4("10.0.0.1", "10.0.0.2", fr.UDP, fr.udp(1, 2, b"%04d" % k)))) for k in range(200)]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(shots))
    taken, held, turns = [], [], []

    class Guard:
        def __enter__(self):
            turns.append(len(held))
            held.append(True)

        def __exit__(self, *told):
            held.pop()

    def tee(octets, at, end, form, interfaces):
        assert held == [True]
        taken.append(octets[at:end].tobytes())

    reading = Reading(str(path), Sweep(Settings()))
    with patch("analyzer.capturing.buffers.FRESH", 1000), open_source(str(path)) as source:
        reading.run(source, lambda consumed: None, Guard(), tee)
    assert b"".join(taken) == path.read_bytes()[24:]
    assert (reading.kind, reading.cut, held) == ("pcap", "", [])
    assert len(turns) > 5
