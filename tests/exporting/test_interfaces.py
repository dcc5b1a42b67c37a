"""Interfaces as a table: what each is, and what it may do."""

from __future__ import annotations

import io

from analyzer.capturing.interfaces import Interface
from analyzer.exporting.interfaces import listed

ETH = Interface("eth0", 2, "ethernet", True, True, ("192.0.2.7",), 1, 1500, False, True, "", "segments are joined")
TUN = Interface("tun\x1b0", 3, "tunnel", False, False, (), None, 0, False, False, "is down", "")


def test_each_interface_is_told(monkeypatch):
    """With its addresses, whether it can be captured on and if not, why; what is hostile in names is shown only."""
    monkeypatch.setenv("COLUMNS", "80")
    stream = io.StringIO()
    listed([ETH, TUN], "CAP_NET_RAW: use sudo", stream)
    told = stream.getvalue()
    for words in ("ethernet, up, MTU 1500", "192.0.2.7", "by a ring", "segments are joined", "tunnel, down", "is down"):
        assert words in told
    assert "CAP_NET_RAW: use sudo" in told
    assert "\x1b" not in told
