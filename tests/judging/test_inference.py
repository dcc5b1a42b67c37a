"""Hosts that the capture shows in a role."""

import pytest

from tests.builders.site import API, EDGE, IPAD, MACHINE, NEXUS, OUTSIDE, PC, PUBLIC, STORE, Scene


def roles(scene, **given):
    """Role and pack of every host that is found, by address."""
    return {(host.host, host.role, host.pack) for host in scene.judged(**given).hosts}


def test_an_edge_and_its_machines_are_found():
    """The Edge by the vendor's store, the machine by answering it, each with a reason that names a frame."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE, "modbus", 502)
    assert roles(scene) == {(EDGE, "edge", "machinemetrics"), (MACHINE, "machine", "machinemetrics")}
    assert all("frame" in host.why for host in scene.judged().hosts)


@pytest.mark.parametrize("service", ["modbus", "opcua", "ethernet-ip"])
def test_a_control_system_is_no_edge(service):
    """Protocols of any plant tell neither an Edge nor a machine of it, unless the user asks for the pack."""
    port = {"modbus": 502, "opcua": 4840, "ethernet-ip": 44818}[service]
    scene = Scene()
    scene.poll("10.7.0.5", MACHINE, service, port)
    scene.poll("10.7.0.5", "10.7.0.22", service, port)
    assert roles(scene) == set()
    assert len(roles(scene, profiles=["machinemetrics"])) == 3


def test_machine_tool_protocols_tell_a_collector():
    """An isolated machine network shows no cloud at all."""
    scene = Scene()
    scene.poll(EDGE, MACHINE, "focas", 8193)
    assert {role for _, role, _ in roles(scene)} == {"edge", "machine"}


def test_a_browser_is_no_edge():
    """The dashboard and its API are any PC's."""
    scene = Scene()
    scene.tls(PC, PUBLIC, "app.machinemetrics.com")
    scene.tls(PC, PUBLIC, API)
    assert roles(scene) == {(PC, "browser", "machinemetrics")}


def test_the_api_beside_google_dns_tells_an_edge_that_opens_no_dashboard():
    """Weak signs count where no other role is shown; a PC that opens the dashboard stays a browser."""
    scene = Scene()
    scene.lookup(EDGE, API, PUBLIC)
    scene.tls(EDGE, PUBLIC, API)
    assert roles(scene) == {(EDGE, "edge", "machinemetrics")}
    scene.tls(EDGE, PUBLIC, "app.machinemetrics.com")
    assert roles(scene) == {(EDGE, "browser", "machinemetrics")}


def test_a_polled_machine_that_calls_the_cloud_stays_a_machine():
    """It is found out, not excused."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE)
    scene.lookup(MACHINE, API, PUBLIC)
    scene.tls(MACHINE, PUBLIC, API)
    assert (MACHINE, "machine", "machinemetrics") in roles(scene)
    assert (MACHINE, "edge", "machinemetrics") not in roles(scene)


def test_a_public_address_is_of_several_hosts():
    """A capture outside the firewall shows one address for all."""
    scene = Scene()
    scene.edge(OUTSIDE)
    scene.tls(OUTSIDE, PUBLIC, API, orig_ttl=120)
    made = scene.judged()
    assert [(host.role, "2 TTL bases" in host.why) for host in made.hosts] == [("nat", True)]
    assert any("may stand for several hosts" in note for note in made.notes)


def test_an_ipv6_address_is_a_hosts_own():
    """IPv6 needs no address translation."""
    scene = Scene()
    scene.edge("2001:db8::10")
    assert roles(scene) == {("2001:db8::10", "edge", "machinemetrics")}


def test_a_relay_is_of_several_hosts():
    """A proxy that fetches for the Edge, and a host with many undocumented names, are not blamed for it."""
    proxy = Scene()
    proxy.connect(PC, "10.7.0.8", "news.example")
    proxy.edge("10.7.0.8")
    assert ("10.7.0.8", "nat", "machinemetrics") in roles(proxy)
    busy = Scene()
    busy.edge()
    for number in range(6):
        busy.tls(EDGE, PUBLIC, f"site{number}.example")
    assert roles(busy) == {(EDGE, "nat", "machinemetrics")}


def test_two_addresses_of_one_port_are_one_host():
    """IPv4 and IPv6 of one MAC with one role; a router's MAC, which others have as well, joins nobody."""
    scene = Scene()
    scene.edge()
    scene.tls("2001:db8::10", "2001:db8:1::1", STORE, orig_mac="00:16:3e:00:00:10")
    assert [host.addresses for host in scene.judged().hosts] == [(EDGE, "2001:db8::10")]
    scene.tls("10.7.0.99", PUBLIC, "news.example", orig_mac="00:16:3e:00:00:10")
    assert len(scene.judged().hosts) == 2


def test_skalas_devices():
    """The NEXUS by its name, what opens its port by that; METER's firmware beside the server tells a NEXUS too."""
    scene = Scene()
    scene.lookup(IPAD, "lab1.skalanexus.com", NEXUS)
    scene.flow(IPAD, NEXUS, 9001, unanswered=True, server_name="lab1.skalanexus.com", server_name_basis="dns")
    assert roles(scene) == {(NEXUS, "nexus", "skala"), (IPAD, "pc", "skala")}
    other = Scene()
    other.tls(NEXUS, PUBLIC, "skalacontrol.com")
    other.fetch(NEXUS, PUBLIC, "firmware.decagon.com")
    assert roles(other) == {(NEXUS, "nexus", "skala")}


def test_a_device_is_no_persons_computer_in_another_pack():
    """What one pack governs strictly no other excuses."""
    scene = Scene()
    scene.edge()
    scene.tls(EDGE, PUBLIC, "skalacontrol.com")
    assert roles(scene) == {(EDGE, "edge", "machinemetrics")}


def test_a_machines_class_follows_its_protocol():
    """FOCAS machines upload more."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE, "focas", 8193)
    scene.poll(EDGE, "10.7.0.22", "modbus", 502)
    budgets = {budget.host: (budget.machine_class, budget.protocol) for budget in scene.judged().budgets}
    assert (budgets[MACHINE], budgets["10.7.0.22"]) == (("focas", "focas"), ("standard", "modbus"))
