"""SMB 1 to 3 over TCP 445, and NetBIOS sessions that carry it on 139 (RFC 1002 section 4.3; [MS-SMB2], [MS-CIFS])."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected
from analyzer.dissecting.turns import agree

SERVICE = "smb"
SESSION = "netbios-ssn"
FRAME = 4  # type, then the length of what follows: 17 bits on 139, 24 directly on TCP ([MS-SMB2] section 2.1)
# SMB 1 (32 octets of header), 2 and 3 (64), encrypted (52: transform header), compressed (16).
LEAST = {b"\xffSMB": 32, b"\xfeSMB": 64, b"\xfdSMB": 52, b"\xfcSMB": 16}
REQUEST, POSITIVE, NEGATIVE = 0x81, 0x82, 0x83
NAMES = 68  # called and calling name, 34 octets each
ERRORS = frozenset({0x80, 0x81, 0x82, 0x83, 0x8F})


def dissect(talk: Conversation) -> Dissected | None:
    """Service smb where each side that spoke sends its messages; netbios-ssn where a session carries nothing yet."""
    if not talk.orig.octets and not talk.resp.octets:
        return None
    orig, resp = _inside(talk.orig.octets), _inside(talk.resp.octets)
    if orig is None or resp is None:
        return None
    carried = talk._replace(orig=talk.orig._replace(octets=orig), resp=talk.resp._replace(octets=resp))
    if orig or resp:
        return Dissected(SERVICE, PAYLOAD) if agree(carried, is_message, alone=PAYLOAD) else None
    return Dissected(SESSION, PAYLOAD if talk.orig.octets and talk.resp.octets else PARTIAL)


def _inside(octets: bytes) -> bytes | None:
    """What follows the setting up of a session, where there is one; None where the octets cannot be either."""
    if not octets or octets[0] == 0:
        return octets
    if octets[0] == REQUEST:
        named = octets[1:4] == b"\0\0\x44" and octets[4:5] == octets[38:39] == b"\x20"
        return octets[FRAME + NAMES :] if named else None
    if octets[:4] == b"\x82\0\0\0":
        return octets[FRAME:]
    return b"" if len(octets) == 5 and octets[:4] == b"\x83\0\0\x01" and octets[4] in ERRORS else None


def is_message(octets: bytes) -> bool:
    """Whether a stream opens with an SMB message in its frame."""
    least = LEAST.get(octets[FRAME : FRAME + 4], 0)
    return octets[:1] == b"\0" and least > 0 and int.from_bytes(octets[1:4], "big") >= least
