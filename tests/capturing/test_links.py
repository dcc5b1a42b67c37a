"""What the kernel tells of an interface is read rightly, and what it does not tell is said in one line."""

from __future__ import annotations

import socket
import struct

import numpy as np
import pytest

from analyzer.capturing import links
from analyzer.errors import SourceError


@pytest.fixture
def asking():
    """A socket to ask with; it needs no rights."""
    if not hasattr(socket, "AF_PACKET"):
        pytest.skip("Linux only")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


def test_the_loopback_interface_is_as_ethernet(asking):
    """It is there on every Linux."""
    assert links.hardware_of(asking, "lo") == 772
    assert links.link_type_of(asking, "lo") == 1


@pytest.mark.parametrize("name", ["", "eth77", "x" * 16, "a\0b", "ß" * 9])
def test_an_interface_that_is_not_there(asking, name):
    """Whatever the name is made of."""
    with pytest.raises(OSError, match=r"(?i)no such"):
        links.hardware_of(asking, name)


@pytest.mark.parametrize(("hardware", "link_type"), [(1, 1), (803, 127), (801, 105), (65534, 101), (512, 101)])
def test_kinds_of_hardware_have_a_link_type(asking, monkeypatch, hardware, link_type):
    """The numbers of linux/if_arp.h, and those of the LINKTYPE registry."""
    monkeypatch.setattr(links, "ioctl", lambda *_: struct.pack("16sH22x", b"x", hardware))
    assert links.link_type_of(asking, "x") == link_type


def test_a_kind_that_is_not_read_is_named(asking, monkeypatch):
    """InfiniBand, say."""
    monkeypatch.setattr(links, "ioctl", lambda *_: struct.pack("16sH22x", b"x", 32))
    with pytest.raises(SourceError, match="ib0: links of kind 32 "):
        links.link_type_of(asking, "ib0")


@pytest.mark.parametrize(("switched_on", "stamped"), [(0, False), (1, True), (12, False)])
def test_hardware_stamps_where_it_stamps_every_frame(asking, monkeypatch, switched_on, stamped):
    """A driver that stamps some frames only would mix two clocks."""

    def answer(_, what, __, rest):
        assert what == "stamping"
        (pointer,) = struct.unpack_from("P", rest)
        view = np.ctypeslib.as_array((links.np.ctypeslib.ctypes.c_int32 * 3).from_address(pointer))
        view[2] = switched_on
        return rest

    monkeypatch.setattr(links, "ioctl", answer)
    assert links.stamped_by_hardware(asking, "x") is stamped


def test_a_driver_that_does_not_tell_does_not_stamp(asking):
    """The loopback interface has no such driver."""
    assert not links.stamped_by_hardware(asking, "lo")


@pytest.mark.parametrize(
    ("error", "said"),
    [(None, ""), (PermissionError(1, "no"), "run it with `sudo`"), (OSError(97, "no"), "opens no packet")],
)
def test_rights_that_are_missing_are_told_with_their_remedy(asking, monkeypatch, error, said):
    """In one line; nothing where nothing is missing."""

    class Opened:
        def __init__(self, *_):
            if error:
                raise error

        def close(self):
            pass

    monkeypatch.setattr(links.socket, "socket", Opened)
    told = links.rights()
    assert said in told
    assert bool(told) == bool(error)
    assert "\n" not in told
