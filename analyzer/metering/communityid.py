"""Rows of FLOW become Community IDs (v1, seed 0)."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.kernels.communityid import ICMP4_PAIRS, ICMP6_PAIRS, community_ids


def identify(flows: npt.NDArray[Any]) -> list[str]:
    """The Community ID of each flow, "1:" and Base64 of its SHA-1."""
    digests = np.empty((flows.size, 20), np.uint8)
    pairs = [np.array(p, np.int64) for p in (ICMP4_PAIRS, ICMP6_PAIRS)]
    community_ids(flows, pairs[0], pairs[1], np.zeros(64, np.uint8), np.zeros(80, np.int64), digests)
    # 20 octets take 28 letters of Base64, each alone padded: pad to 21, encode all at once, cut the last letter
    padded = np.zeros((flows.size, 21), np.uint8)
    padded[:, :20] = digests
    text = base64.b64encode(padded.tobytes()).decode("ascii")
    return [f"1:{text[k : k + 27]}=" for k in range(0, len(text), 28)]
