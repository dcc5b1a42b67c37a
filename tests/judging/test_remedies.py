"""What to ask for, and which capture to take."""

from tests.builders.site import API, EDGE, PUBLIC, RESOLVER, Scene, because, findings

EXACT = "MachineMetrics Network Requirements, Required Domains (Standard Cloud), row 1"


def told(scene, code):
    """The remedy of the one finding with a code."""
    (found,) = findings(scene.judged(), code)
    return found.remedy


def test_a_ticket_for_the_firewall():
    """Source, name and address, port, protocol, direction and row."""
    scene = Scene()
    scene.edge()
    for _ in range(2):
        scene.silent(EDGE, PUBLIC, server_name=API, server_name_basis="dns")
    assert told(scene, "syn-unanswered").startswith(
        f"Ticket: allow TCP 443 from {EDGE} to {API}, seen at {PUBLIC}, outbound, answers included;"
        f" required by {EXACT}. Look for a rule"
    )


def test_a_ticket_against_inspection():
    """What reads names must leave this one alone."""
    scene = Scene()
    scene.edge()
    for _ in range(2):
        scene.hello(EDGE, PUBLIC, API)
    assert "outbound, answers included, without inspection; required by" in told(scene, "silent-after-hello")


def test_a_ticket_for_the_resolver():
    """The name, and who is to answer."""
    scene = Scene()
    scene.edge()
    scene.lookup(EDGE, API, "0.0.0.0", resolver=RESOLVER)
    assert told(scene, "dns-sinkholed").startswith(
        f"Ticket: let {RESOLVER} answer {EDGE} for {API} with its public addresses; required by {EXACT}."
    )


def test_a_ticket_for_the_proxy():
    """Which host it is to open the way to."""
    scene = Scene()
    scene.edge()
    scene.connect(EDGE, "10.7.0.8", API, status=403)
    assert told(scene, "proxy-denied").startswith(
        f"Ticket: let the proxy 10.7.0.8 open CONNECT to {API} port 443 for {EDGE}; required by {EXACT}."
    )


def test_the_capture_that_would_tell():
    """A ready command, with the hosts and ports in question."""
    scene = Scene()
    scene.edge()
    scene.silent(EDGE, PUBLIC, server_name=API, server_name_basis="dns")
    what = f'-f "((host {PUBLIC}) and (port 443)) or icmp or icmp6"'
    assert because(scene.judged(), "mm-std-api").endswith(
        "what would tell: a capture on the far side of the firewall, or at the server, at the same time:"
        f" dumpcap -i IFACE -s 0 -a duration:600 {what} -w far-side.pcapng"
    )
