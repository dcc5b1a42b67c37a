"""What an ethertype announces, in plain Python: tags, LLC, and headers that wrap a packet without IP.

Source: IEEE 802.1Q, 802.1ah (PBB), 802.1AE (MACsec), 802.2; RFC 1042, RFC 1661, RFC 2516, RFC 3032, RFC 4385, RFC 4448,
RFC 8300. A kind is an ethertype; what is read is (kind, piece behind the header).
"""

from __future__ import annotations

from tests.oracle.pieces import EncryptedError, NotIpError

IPV4, IPV6, ETHERNET, PPP, MPLS = 0x0800, 0x86DD, 0x6558, 0x880B, 0x8847
TAGS = {0x8100, 0x88A8, 0x9100}
PPP_PROTOCOLS = {0x21: IPV4, 0x57: IPV6, 0x281: MPLS, 0x283: MPLS}
NSH_PROTOCOLS = {1: IPV4, 2: IPV6, 3: ETHERNET, 4: 0x894F, 5: MPLS}
LABELS = 16


def by_nibble(piece):
    """An IP packet without anything that says which version it is."""
    kind = {4: IPV4, 6: IPV6}.get(piece.u8(0) >> 4)
    if kind is None:
        raise NotIpError
    return kind, piece


def ethernet(piece, wrapping):
    """Destination, source, and what follows them."""
    piece.after(14)
    wrapping.sender(piece.octets[6:12])
    return ethertype(piece.after(12), wrapping)


def ethertype(piece, wrapping):
    """The type field and what it announces, behind any tags; a length announces LLC."""
    for _ in range(8):
        kind, piece = piece.be16(0), piece.after(2)
        if kind in TAGS:
            piece.after(4)
            wrapping.tag(piece.be16(0))
            piece = piece.after(2)
        elif kind < 1536:
            return llc(piece)
        else:
            return kind, piece
    raise NotIpError


def tag(piece, wrapping):
    """A tag whose type was read elsewhere."""
    piece.after(4)
    wrapping.tag(piece.be16(0))
    return ethertype(piece.after(2), wrapping)


def llc(piece):
    """LLC, with SNAP or for IP at once."""
    if len(piece.octets) >= 8 and piece.octets[:6] == b"\xaa\xaa\x03\x00\x00\x00":
        return piece.be16(6), piece.after(8)
    if len(piece.octets) >= 3 and piece.octets[:3] == b"\x06\x06\x03":
        return by_nibble(piece.after(3))
    raise NotIpError


def mpls(piece, wrapping):
    """A stack of labels; what it carries is told by the first half octet alone."""
    for _ in range(LABELS):
        label, piece = piece.be32(0), piece.after(4)
        if label & 0x100:
            break
    else:
        raise NotIpError
    wrapping.tunnel += ("mpls",)
    nibble = piece.u8(0) >> 4
    if nibble in {4, 6}:
        return by_nibble(piece)
    if nibble == 1:
        raise NotIpError
    if nibble == 0 and piece.be16(0) == 0:
        return ETHERNET, piece.after(4)
    return ETHERNET, piece


def pppoe(piece, wrapping):
    """A PPPoE session's header, whose length bounds the rest."""
    behind = piece.after(6)
    if piece.be16(0) != 0x1100:
        raise NotIpError
    wrapping.tunnel += ("pppoe",)
    return PPP, behind.first(piece.be16(4))


def ppp(piece, _):
    """The protocol field, behind the framing of HDLC where it is there."""
    if piece.octets[:2] == b"\xff\x03":
        piece = piece.after(2)
    if piece.u8(0) & 1:
        protocol, piece = piece.u8(0), piece.after(1)
    else:
        protocol, piece = piece.be16(0), piece.after(2)
    if protocol not in PPP_PROTOCOLS:
        raise NotIpError
    return PPP_PROTOCOLS[protocol], piece


def pbb(piece, wrapping):
    """The tag of a provider's backbone, and the customer's frame."""
    wrapping.tunnel += ("pbb",)
    return ETHERNET, piece.after(4)


def nsh(piece, wrapping):
    """The header of a service chain."""
    piece.after(4)
    base, length = piece.be16(0), (piece.be16(0) & 0x3F) * 4
    if base >> 14 or length < 8:
        raise NotIpError
    behind = piece.after(length)
    if piece.u8(3) not in NSH_PROTOCOLS:
        raise NotIpError
    wrapping.tunnel += ("nsh",)
    return NSH_PROTOCOLS[piece.u8(3)], behind


def macsec(piece, wrapping):
    """The tag of MACsec; what only its integrity is protected of can be read."""
    behind, control = piece.after(6), piece.u8(0)
    if control & 0x80:
        raise NotIpError
    if control & 0x0C:
        raise EncryptedError
    wrapping.tunnel += ("macsec",)
    return ethertype(behind.after(8) if control & 0x20 else behind, wrapping)


READERS = {
    ETHERNET: ethernet, PPP: ppp, MPLS: mpls, 0x8848: mpls, 0x8864: pppoe, 0x88E7: pbb, 0x894F: nsh, 0x88E5: macsec,
    **dict.fromkeys(TAGS, tag),
}  # fmt: skip


def read(kind, piece, wrapping):
    """(kind, piece) behind the header that a kind announces."""
    if kind not in READERS:
        raise NotIpError
    return READERS[kind](piece, wrapping)
