"""The lists of a hello, as a kernel kept them, become JA3, JA3S and JA4.

JA3 and JA3S: Salesforce, github.com/salesforce/ja3 (BSD 3-Clause). JA4: FoxIO, technical_details/JA4.md (BSD 3-Clause);
the other methods of JA4+ have another licence and are not made. Values that mean nothing (RFC 8701) are left out.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar

SERVER_NAME, ALPN = "0000", "0010"  # extensions that JA4 tells in words
VERSIONS = {
    0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
    0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3",
}  # fmt: skip
NO_VALUES = "0" * 12
T = TypeVar("T")
MOST = 99
KEPT, KEPT_OCTETS = 512, 512  # texts that are remembered, of lists of at most so many octets: few occur again and again


class Lists(NamedTuple):
    """What a ClientHello lists: numbers of two octets each, but formats and protocol, which are octets."""

    version: int
    ciphers: bytes
    extensions: bytes
    groups: bytes
    algorithms: bytes
    versions: bytes
    formats: bytes
    protocol: bytes


def read_lists(octets: bytes) -> Lists:
    """The lists of a ClientHello as kernels/hellos.py writes them."""
    at = 2
    found = []
    for _ in Lists._fields[1:]:
        end = at + 2 + int.from_bytes(octets[at : at + 2], "big")
        found.append(octets[at + 2 : end])
        at = end
    return Lists(int.from_bytes(octets[:2], "big"), *found)


def numbers(octets: bytes) -> tuple[int, ...]:
    """Numbers of two octets each."""
    return struct.unpack(f">{len(octets) // 2}H", octets)


def ja3(lists: Lists) -> str:
    """JA3, the MD5 of version, cipher suites, extensions, groups and point formats, in hex."""
    formats = "-".join(map(str, lists.formats))
    words = (str(lists.version), *map(_dashed, (lists.ciphers, lists.extensions, lists.groups)), formats)
    return _md5(",".join(words))


def ja3s(octets: bytes) -> str:
    """JA3S, the MD5 of version, cipher suite and extensions of a ServerHello, in hex."""
    version, cipher = numbers(octets[:4])
    return _md5(f"{version},{cipher},{_dashed(octets[4:])}")


def ja4(lists: Lists, carrier: str) -> str:
    """JA4; `carrier` is its first letter: t for TCP, q for QUIC, d for DTLS.

    The version is the highest number of supported_versions, as the method has it, also in DTLS, where they count down.
    """
    extensions = _words(lists.extensions)
    version = max(numbers(lists.versions), default=lists.version)
    named = "d" if SERVER_NAME in extensions else "i"
    counts = f"{min(len(lists.ciphers) // 2, MOST):02}{min(len(extensions), MOST):02}"
    shown = f"{carrier}{VERSIONS.get(version, '00')}{named}{counts}{_ends(lists.protocol)}"
    return f"{shown}_{_ciphers(lists.ciphers)}_{_extensions(extensions, lists.algorithms)}"


def _ends(protocol: bytes) -> str:
    """First and last character of the first protocol of ALPN; of its hex digits where either is no letter or digit."""
    if not protocol:
        return "00"
    ends = bytes((protocol[0], protocol[-1]))
    digits = protocol.hex()
    return ends.decode() if ends.isalnum() else digits[0] + digits[-1]


def _remembered(read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """The function, which remembers what it made of short lists; a capture chooses how many long ones there are."""
    kept = lru_cache(KEPT)(read)
    return lambda octets: kept(octets) if len(octets) <= KEPT_OCTETS else read(octets)


@_remembered
def _ciphers(octets: bytes) -> str:
    return _sha12(",".join(sorted(_words(octets))))


def _extensions(extensions: tuple[str, ...], algorithms: bytes) -> str:
    words = sorted(word for word in extensions if word not in (SERVER_NAME, ALPN))
    behind = f"_{','.join(_words(algorithms))}" if algorithms else ""
    return _sha12(",".join(words) + behind) if words else NO_VALUES


@_remembered
def _dashed(octets: bytes) -> str:
    return "-".join(map(str, numbers(octets)))


@_remembered
def _words(octets: bytes) -> tuple[str, ...]:
    """Numbers of two octets each as hex digits."""
    digits = octets.hex()
    return tuple(digits[at : at + 4] for at in range(0, len(digits), 4))


def _sha12(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else NO_VALUES


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
