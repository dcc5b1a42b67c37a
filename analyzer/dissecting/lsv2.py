"""Heidenhain LSV/2 over TCP, by its telegrams (drunsinn/pyLSV2 docs/protocol.rst and const.py)."""

from __future__ import annotations

from analyzer.conversations import Conversation
from analyzer.dissecting.dissected import PARTIAL, PAYLOAD, Dissected

SERVICE = "lsv2"
HEADER = 8  # big-endian length of the data behind the command (4), command (4)
MAX_LENGTH = 4096  # pyLSV2: the largest buffer that a control agrees to (R_PR, S_PR)

COMMANDS = frozenset(
    b"A_LG A_LO C_CC C_DC C_DD C_DM C_DS C_EK C_FC C_FD C_FL C_FR C_GC C_LK C_MB C_MC C_OP C_ST "
    b"R_CI R_DI R_DP R_DR R_DS R_DT R_FI R_FL R_IN R_LB R_MB R_MC R_OC R_OD R_OH R_PD R_PR R_RI R_SN R_ST R_VR "
    b"R_WD".split()
)
ANSWERS = frozenset(
    b"T_OK T_ER T_FD T_BD S_CI S_DI S_DP S_DR S_DS S_DT S_FI S_FL S_IN S_LB S_MB S_MC S_OC S_OD S_OH S_PD S_PR S_RI "
    b"S_SN S_ST S_VR S_WD M_CC X_OK X_PC X_PD".split()
)


def dissect(talk: Conversation) -> Dissected | None:
    """Service lsv2: payload by a command and its answer, or by a login; partial by one direction alone."""
    for client, server in ((talk.orig.octets, talk.resp.octets), (talk.resp.octets, talk.orig.octets)):
        asked = _opens_with(client, COMMANDS)
        answered = _opens_with(server, ANSWERS)
        if (asked and answered) or (asked and client[4:8] == b"A_LG" and not server):
            return Dissected(SERVICE, PAYLOAD)
        if (asked and not server) or (answered and not client):
            return Dissected(SERVICE, PARTIAL)
    return None


def _opens_with(octets: bytes, known: frozenset[bytes]) -> bool:
    """Whether a stream opens with a telegram of a known command, and where that ends goes on with another."""
    if octets[:2] != b"\0\0" or octets[4:8] not in known:
        return False
    length = int.from_bytes(octets[:4], "big")
    after = octets[HEADER + length :]
    return length <= MAX_LENGTH and (not after or after[:2] == b"\0\0"[: len(after)])
