"""Community ID v1 of many flows: SHA-1 over the ordered ends of each.

Source: the Community ID specification; FIPS 180-4.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels.headers import V4_MAPPED
from analyzer.kernels.jit import kernel

ICMP4_PAIRS = ((8, 0), (13, 14), (15, 16), (17, 18), (10, 9))
ICMP6_PAIRS = ((128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145))


@kernel
def put(block, at, value, size):
    """Write `value` as `size` octets in network order; returns the offset after them."""
    for k in range(size):
        block[at + k] = (value >> (8 * (size - 1 - k))) & 0xFF
    return at + size


@kernel
def rotate(word, by):
    """A word of 32 bit rotated to the left."""
    return ((word << by) | (word >> (32 - by))) & 0xFFFFFFFF


@kernel
def sha1(block, length, words, digest):
    """SHA-1 of the `length` (at most 55) octets in `block` (u8[64]) to `digest` (u8[20]); `words` is i64[80]."""
    block[length] = 0x80
    for k in range(length + 1, 62):
        block[k] = 0
    put(block, 62, length * 8, 2)
    for k in range(16):
        words[k] = (
            np.int64(block[4 * k]) << 24
            | np.int64(block[4 * k + 1]) << 16
            | np.int64(block[4 * k + 2]) << 8
            | np.int64(block[4 * k + 3])
        )
    for k in range(16, 80):
        words[k] = rotate(words[k - 3] ^ words[k - 8] ^ words[k - 14] ^ words[k - 16], 1)
    a, b, c, d, e = 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0
    for k in range(80):
        if k < 20:
            f, key = (b & c) | (~b & d), 0x5A827999
        elif k < 40:
            f, key = b ^ c ^ d, 0x6ED9EBA1
        elif k < 60:
            f, key = (b & c) | (b & d) | (c & d), 0x8F1BBCDC
        else:
            f, key = b ^ c ^ d, 0xCA62C1D6
        a, b, c, d, e = (rotate(a, 5) + (f & 0xFFFFFFFF) + e + key + words[k]) & 0xFFFFFFFF, a, rotate(b, 30), c, d
    put(digest, 0, (a + 0x67452301) & 0xFFFFFFFF, 4)
    put(digest, 4, (b + 0xEFCDAB89) & 0xFFFFFFFF, 4)
    put(digest, 8, (c + 0x98BADCFE) & 0xFFFFFFFF, 4)
    put(digest, 12, (d + 0x10325476) & 0xFFFFFFFF, 4)
    put(digest, 16, (e + 0xC3D2E1F0) & 0xFFFFFFFF, 4)


@kernel
def icmp_ports(kind, code, version, pairs4, pairs6):
    """The pair of types under which an ICMP message is hashed: (one, other, whether the pair has two ways)."""
    pairs = pairs4 if version == 4 else pairs6
    for k in range(pairs.shape[0]):
        if kind == pairs[k, 0]:
            return kind, pairs[k, 1], True
        if kind == pairs[k, 1]:
            return kind, pairs[k, 0], True
    return kind, code, False


@kernel
def less(hi, lo, port, other_hi, other_lo, other_port):
    """Whether the first end comes before the second: by address, then by port, as unsigned octets."""
    if hi != other_hi:
        return np.uint64(hi) < np.uint64(other_hi)
    if lo != other_lo:
        return np.uint64(lo) < np.uint64(other_lo)
    return port < other_port


@kernel
def community_ids(flows, pairs4, pairs6, work, words, digests):
    """Write the SHA-1 of every row of FLOW to `digests` (u8[n, 20]); `work` is u8[64], `words` i64[80]."""
    for i in range(flows.size):
        flow = flows[i]
        one, other, both = np.int64(flow.a_port), np.int64(flow.b_port), True
        ported = flow.proto == 6 or flow.proto == 17 or flow.proto == 132
        if flow.proto == 1 or flow.proto == 58:
            # seen from the originator, who sends the request
            one, other, both = icmp_ports(one, other, flow.version, pairs4, pairs6)
            ported = True
            if flow.orig == 1:
                one, other = (other, one) if both else (one, other)
        a_first = less(flow.a_hi, flow.a_lo, one, flow.b_hi, flow.b_lo, other) if both else flow.orig == 0
        if not both and flow.orig == 1:
            a_first = False
        at = put(work, 0, 0, 2)
        for end in range(2):
            first = (end == 0) == a_first
            hi = flow.a_hi if first else flow.b_hi
            lo = flow.a_lo if first else flow.b_lo
            if flow.version == 4:
                at = put(work, at, lo - V4_MAPPED, 4)
            else:
                at = put(work, put(work, at, hi, 8), lo, 8)
        at = put(work, put(work, at, np.int64(flow.proto), 1), 0, 1)
        if ported:
            if a_first or not both:
                at = put(work, put(work, at, one, 2), other, 2)
            else:
                at = put(work, put(work, at, other, 2), one, 2)
        sha1(work, at, words, digests[i])
