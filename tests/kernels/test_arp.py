"""Who claims an address by ARP."""

from __future__ import annotations

import pytest

from analyzer.kernels import arp
from tests.builders.captures import Shot
from tests.builders.sweeping import swept

MAC, OTHER = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"


def message(mac=MAC, address=(10, 0, 0, 1), *, operation=2, tags=b"", ts_ns=0, cut=0):
    """An ARP message on Ethernet."""
    body = b"\0\1\x08\0\6\4" + operation.to_bytes(2, "big") + mac + bytes(address) + OTHER + bytes((10, 0, 0, 2))
    octets = b"\xff" * 6 + mac + tags + b"\x08\x06" + body
    return Shot(ts_ns, octets[: len(octets) - cut], len(octets))


def claims(*sent):
    """(address, MAC, first frame, messages) of all that was claimed."""
    table = swept(sent).tables.claims
    return sorted(
        (row["address"].item(), row["mac"].item(), row["frame"].item(), row["messages"].item())
        for row in table[table["messages"] > 0]
    )


def test_a_claim_is_kept_once():
    """Requests and answers of one host are one row."""
    assert claims(message(), message(operation=1, ts_ns=5), message(OTHER, ts_ns=9)) == [
        (0x0A000001, 0x020000000001, 1, 2),
        (0x0A000001, 0x020000000002, 3, 1),
    ]


@pytest.mark.parametrize("tags", [b"\x81\0\0\7", b"\x88\xa8\0\7\x81\0\0\x08"])
def test_tags_are_passed_over(tags):
    """On a trunk as well."""
    assert len(claims(message(tags=tags))) == 1


@pytest.mark.parametrize(
    "sent", [message(address=(0, 0, 0, 0)), message(mac=b"\0" * 6), message(cut=1)], ids=["probe", "no MAC", "cut"]
)
def test_what_claims_nothing(sent):
    """A probe asks; a message that was cut is not read."""
    assert claims(sent) == []


def test_a_flood_stays_in_bounds():
    """More claims than there are places leave the table as large as it was."""
    flood = [message(b"\x02" + k.to_bytes(5, "big"), (10, 0, k >> 8 & 255, k & 255)) for k in range(3000)]
    table = swept(flood).tables.claims
    assert (table.size, int((table["messages"] > 0).sum())) == (arp.CLAIMS, 3000)
