"""Octets become numbers, and numbers octets, here and nowhere else. All are int64; the caller checked the length."""

from __future__ import annotations

import numpy as np

from analyzer.kernels.jit import kernel, loads, moves, stores


@kernel
def u8(octets, at):
    """The octet at `at`."""
    return np.int64(octets[at])


@loads(2, "big")
def be16(octets, at):
    """Two octets in network order."""
    return np.int64(octets[at]) << 8 | np.int64(octets[at + 1])


@kernel
def be24(octets, at):
    """Three octets in network order."""
    return u8(octets, at) << 16 | be16(octets, at + 1)


@loads(4, "big")
def be32(octets, at):
    """Four octets in network order."""
    return (
        np.int64(octets[at]) << 24
        | np.int64(octets[at + 1]) << 16
        | np.int64(octets[at + 2]) << 8
        | np.int64(octets[at + 3])
    )


@loads(8, "big")
def be64(octets, at):
    """Eight octets in network order, as the int64 of the same bits."""
    return be32(octets, at) << 32 | be32(octets, at + 4)


@loads(2, "little")
def le16(octets, at):
    """Two octets in little-endian order."""
    return np.int64(octets[at]) | np.int64(octets[at + 1]) << 8


@loads(4, "little")
def le32(octets, at):
    """Four octets in little-endian order."""
    return (
        np.int64(octets[at])
        | np.int64(octets[at + 1]) << 8
        | np.int64(octets[at + 2]) << 16
        | np.int64(octets[at + 3]) << 24
    )


@kernel
def u16(octets, at, little):
    """Two octets in the order of the file."""
    return le16(octets, at) if little else be16(octets, at)


@kernel
def u32(octets, at, little):
    """Four octets in the order of the file."""
    return le32(octets, at) if little else be32(octets, at)


@stores(2, "big")
def be16_to(octets, at, number):
    """Write two octets in network order."""
    octets[at] = np.uint8(number >> 8 & 0xFF)
    octets[at + 1] = np.uint8(number & 0xFF)


@stores(2, "little")
def le16_to(octets, at, number):
    """Write two octets in little-endian order."""
    octets[at] = np.uint8(number & 0xFF)
    octets[at + 1] = np.uint8(number >> 8 & 0xFF)


@stores(4, "little")
def le32_to(octets, at, number):
    """Write four octets in little-endian order."""
    le16_to(octets, at, number)
    le16_to(octets, at + 2, number >> 16)


@moves
def copy(out, to, octets, at, count):
    """Copy `count` octets from `at` on to `out`, from `to` on; it may be the same array."""
    if count > 0:
        out[to : to + count] = octets[at : at + count].copy()
