"""What a capture comes to in figures that two programs can be compared in, and where two readings of it differ."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

NAMED_BY = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
MAX_DER = 1 << 16

Names = frozenset[str]


@dataclass(frozen=True)
class Reading:
    """One program's reading of one capture. Times are ns since 1970-01-01 UTC, 0 where it holds no frame."""

    packets: int
    octets: int
    start_ns: int
    end_ns: int
    cut: bool
    snaplen_cut_frames: int
    tcp_conversations: int
    udp_conversations: int
    server_names: Names
    quic_server_names: Names
    dtls_server_names: Names
    dns_names: Names
    issuers: Names
    connect_targets: Names


class Quantity(NamedTuple):
    """A field of Reading: what people call it, and what makes two sound programs differ in it."""

    name: str
    title: str
    causes: tuple[str, ...]


DAMAGED = "one of the two stops earlier where a file is damaged"
TIMES = "Wireshark keeps fractions of a second in 32 bits, and times that no frame can have"
REPORTED = "Wireshark also counts packets that others only report, such as those in sFlow samples"
GUESSED = "Wireshark guesses protocols on ports that are nobody's; here it takes more evidence"
BY_DER = "certificates that break the rules of DER are not read here; of DTLS, Wireshark shows the client's as well"
OFFLOADED = "Wireshark does not look into super-frames of offload, whose length fields are 0"
LENIENT = "Wireshark reads request lines that RFC 9112 does not allow"
LATE = "only the first octets of a flow are read here: what comes later in it is not seen"

INSIDE = "TLS that begins inside another protocol is followed for some of these only"

QUANTITIES = (
    Quantity("packets", "packets", (DAMAGED,)),
    Quantity("octets", "octets", (DAMAGED,)),
    Quantity("start_ns", "first frame", (TIMES,)),
    Quantity("end_ns", "last frame", (TIMES,)),
    Quantity("cut", "file cut short", (DAMAGED,)),
    Quantity("snaplen_cut_frames", "frames cut short", (DAMAGED,)),
    Quantity(
        "tcp_conversations",
        "TCP conversations",
        (
            "Wireshark begins a new tcp.stream at any SYN with another number, even one with FIN or RST set",
            OFFLOADED,
            REPORTED,
        ),
    ),
    Quantity(
        "udp_conversations",
        "UDP conversations",
        (
            "Wireshark gives the first request of SNMP and the like a udp.stream of its own",
            OFFLOADED,
            REPORTED,
        ),
    ),
    Quantity("server_names", "TLS server names", (INSIDE, GUESSED, LATE)),
    Quantity("quic_server_names", "QUIC server names", (GUESSED, LATE)),
    Quantity("dtls_server_names", "DTLS server names", (GUESSED,)),
    Quantity("dns_names", "DNS names", ("a message with several questions is no DNS here (RFC 9619)", GUESSED, LATE)),
    Quantity("issuers", "issuers", (BY_DER, INSIDE, LATE)),
    Quantity("connect_targets", "CONNECT targets", (LENIENT, LATE)),
)


@dataclass(frozen=True)
class Compared:
    """One quantity of two readings; `only` has the names that just one of them has, ours first."""

    quantity: str
    title: str
    ours: Any
    theirs: Any
    only: tuple[tuple[str, ...], tuple[str, ...]]
    causes: tuple[str, ...]

    @property
    def agree(self) -> bool:
        """Whether both say the same."""
        return bool(self.ours == self.theirs)


@dataclass(frozen=True)
class Comparison:
    """All quantities of a capture here and in what another program made of it."""

    capture: str
    program: str
    compared: tuple[Compared, ...]

    @property
    def agree(self) -> bool:
        """Whether the two differ in nothing."""
        return all(one.agree for one in self.compared)


def compare(ours: Reading, theirs: Reading) -> tuple[Compared, ...]:
    """Every quantity of two readings of one capture, in the order of QUANTITIES."""
    return tuple(_compare(one, getattr(ours, one.name), getattr(theirs, one.name)) for one in QUANTITIES)


def _compare(quantity: Quantity, ours: Any, theirs: Any) -> Compared:
    only: tuple[tuple[str, ...], tuple[str, ...]] = (), ()
    if isinstance(ours, frozenset):
        only = tuple(sorted(ours - theirs)), tuple(sorted(theirs - ours))
    return Compared(quantity.name, quantity.title, ours, theirs, only, quantity.causes)


def issuer_name(der: bytes) -> str | None:
    """Common name of a certificate's issuer, else its organisation as "O=…", else ""; None where it cannot be read."""
    if len(der) > MAX_DER:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in dissecting.certificates: what the capture chose is not worth a warning
        try:
            issuer = x509.load_der_x509_certificate(der).issuer
        except (ValueError, x509.InvalidVersion):
            return None
    for kind, prefix in zip(NAMED_BY, ("", "O="), strict=True):
        found = issuer.get_attributes_for_oid(kind)
        if found:
            return f"{prefix}{found[0].value!s}"
    return ""
