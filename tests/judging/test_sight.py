"""Which sessions the ladder looks at."""

from analyzer.judging.sight import by_client
from tests.builders.certificates import Shown, sight_of
from tests.builders.site import EDGE, MACHINE, PC, PUBLIC


def abroad(scene, **given):
    """The flows that are looked at."""
    return [session.flow for session in sight_of(scene, **given).abroad]


def test_public_servers_are_looked_at():
    """What the site has for itself is not."""
    scene = Shown()
    public = scene.show(EDGE, PUBLIC, "files.example")
    scene.show(EDGE, MACHINE, "machine.plant.example")
    assert abroad(scene) == [public]


def test_a_server_that_a_document_names_is_looked_at():
    """Wherever it is."""
    scene = Shown()
    row = scene.show(EDGE, MACHINE, "files.example")
    assert abroad(scene, named=[row]) == [row]


def test_a_proxy_stands_for_whom_it_reaches():
    """Its own address is a local one."""
    scene = Shown()
    row = scene.show(EDGE, "10.7.0.3", "files.example", tls={"via": "connect"})
    assert abroad(scene) == [row]


def test_names_that_are_local_by_design():
    """Are not looked at, though their address be public."""
    scene = Shown()
    scene.show(EDGE, PUBLIC, "edge.plant.example")
    assert abroad(scene, local=["edge.plant.example"]) == []


def test_sessions_by_who_opened_them():
    """In order."""
    scene = Shown()
    rows = [scene.show(client, PUBLIC, "files.example") for client in (EDGE, PC, EDGE)]
    found = by_client(sight_of(scene).sessions)
    assert {client: [session.flow for session in held] for client, held in found.items()} == {
        EDGE: [rows[0], rows[2]],
        PC: [rows[1]],
    }
