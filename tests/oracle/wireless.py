"""IEEE 802.11 and the headers that capturing puts before it, in plain Python: radiotap, PPI, Prism, AVS.

Source: IEEE 802.11-2020 section 9; radiotap.org; the registry of link types of tcpdump.org.
"""

from __future__ import annotations

from tests.oracle.ethertypes import ethernet, llc
from tests.oracle.pieces import CutError, EncryptedError, NotIpError, UnknownLinkError

DATA, NULL, QOS = 2, 4, 8
TO_DS, FROM_DS, MORE_FRAGMENTS, PROTECTED, ORDER = 0x01, 0x02, 0x04, 0x40, 0x80


def wifi(piece, wrapping, *, padded=False):
    """The MAC header of a data frame and LLC behind it; `padded` headers end at a multiple of 4."""
    control, flags = piece.u8(0), piece.u8(1)
    subtype = control >> 4
    if control & 3 or control >> 2 & 3 != DATA or subtype & NULL:
        raise NotIpError
    four = flags & TO_DS and flags & FROM_DS
    quality_at = 30 if four else 24
    length = quality_at + (2 if subtype & QOS else 0) + (4 if subtype & QOS and flags & ORDER else 0)
    behind = piece.after(length + (-length % 4 if padded else 0))
    if flags & PROTECTED:
        raise EncryptedError
    if flags & MORE_FRAGMENTS or piece.le16(22) & 15:
        raise NotIpError
    sender = 24 if four else 16 if flags & FROM_DS else 10
    wrapping.sender(piece.octets[sender : sender + 6])
    if subtype & QOS and piece.u8(quality_at) & 0x80:  # several MSDUs: the first one
        inside = behind.after(14).first(behind.be16(12))
        wrapping.sender(behind.octets[6:12])
        behind = inside
    return llc(behind)


def radiotap(piece, wrapping):
    """A header of fields that its bits announce; of these, the flags tell of an FCS and of padding."""
    length, present, at = piece.le16(2), piece.le32(4), 4
    behind = piece.after(length)
    header = piece.first(length)
    while header.le32(at) & 0x80000000:
        at += 4
    at += 4
    if present & 1:
        at += -at % 8 + 8
    flags = header.u8(at) if present & 2 and at < length else 0
    if flags & 0x10 and behind.whole and len(behind.octets) > 4:
        behind = behind.first(behind.wire - 4)
    return wifi(behind, wrapping, padded=bool(flags & 0x20))


def prism(piece, wrapping):
    """A header that tells its length in either byte order."""
    return wifi(piece.after(least(piece.host32(4))), wrapping)


def avs(piece, wrapping):
    return wifi(piece.after(least(piece.be32(4))), wrapping)


def ppi(piece, wrapping):
    """A header that tells what link follows."""
    behind = piece.after(least(piece.le16(2)))
    inner = {1: ethernet, 105: wifi}.get(piece.le32(4))
    if inner is None:
        raise UnknownLinkError
    return inner(behind, wrapping)


def least(length):
    """A header that claims to end before its length field does is damaged."""
    if length < 8:
        raise CutError
    return length
