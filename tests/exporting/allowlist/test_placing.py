"""What all device formats ask of a list."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from analyzer.exporting.allowlist import AllowListError, export, placing
from analyzer.exporting.allowlist.entries import UnheldError
from analyzer.sitefile import Site, SiteHost
from tests.builders.allowlists import EVIL, PACKS, listed

EDGE_ONLY = Site(hosts=(SiteHost("edge-1", "edge", ("10.7.0.10",)),))


def test_rows_without_a_source_are_left_out_with_a_word():
    """A rule for anybody would be wider than the document."""
    rows, notes = placing.placed(listed("machinemetrics", "standard", EDGE_ONLY))
    assert {entry.who for entry in rows} == {"edge"}
    assert notes == ("left out, the site file has no address of a host in the role: browser",)


def test_a_list_without_any_source_is_refused():
    """With the roles that a site file would have to name."""
    with pytest.raises(UnheldError, match=r"in a role \(hosts\): edge, browser"):
        placing.placed(listed("machinemetrics", "standard", Site()))


@pytest.mark.parametrize("form", ["panos", "fortigate", "asa"])
def test_devices_that_ask_for_sources_say_so(form):
    """In one line, as any mistake of usage."""
    with pytest.raises(AllowListError, match=f"^{form}: a site file has to tell"):
        export(PACKS["machinemetrics"], "standard", None, form)


def test_what_is_exempt_has_names_or_addresses():
    """Addresses stand for what the document gives without a name; a name stands for itself."""
    names, numbers = placing.exempt(listed("machinemetrics", "govcloud").rows)
    assert "api.machinemetrics-us-gov.com" in names
    assert {str(net) for net in numbers} == {"18.252.129.108/32", "18.254.70.116/32", "182.30.131.220/32"}


def test_networks_are_written_as_people_do():
    """An address alone has no prefix."""
    assert [placing.written(ip_network(one)) for one in ("10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/8")] == [
        "10.0.0.1", "10.0.0.0/8", "fd00::1", "fd00::/8",
    ]  # fmt: skip


def test_a_host_name_holds_nothing_else():
    """No quote, blank or line."""
    assert placing.NOT_NAME.search(placing.host_name(f"*.a.example{EVIL}")) is None
    assert placing.host_name("*.a_b.example") == "*.a_b.example"
