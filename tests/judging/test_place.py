"""The site as it is known."""

from analyzer.judging.lookups import Lookups
from analyzer.judging.place import Actor, Cast, Part, lists
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import EDGE, MACHINE, PC, PUBLIC, Scene

HOST = Actor("e", (EDGE,), (), (Part("machinemetrics", "edge", "seen"),), "inferred")


def made(site):
    """A cast of one Edge."""
    return Cast(shipped(), (HOST,), {}, site, Lookups(Scene().seen()), stated=False)


def test_a_host_is_known_by_its_address_and_part():
    """In its own pack only."""
    cast = made(Site())
    assert (cast.at(EDGE), cast.at(PC)) == (HOST, None)
    assert cast.plays(EDGE, "machinemetrics", "edge")
    assert not cast.plays(EDGE, "skala", "edge")
    assert cast.playing("machinemetrics", ("edge", "machine")) == (HOST,)
    assert cast.role(HOST.parts[0]).title == "MachineMetrics Edge"


def test_an_unknown_neighbour_may_play_a_part():
    """One that is known as something else of the pack, or off the site, may not."""
    cast = made(Site(company_networks=("93.184.216.0/24",)))
    assert cast.may_play(EDGE, MACHINE, "machinemetrics", "machine")
    assert not cast.may_play(MACHINE, EDGE, "machinemetrics", "machine")
    assert not cast.may_play(EDGE, "203.0.113.1", "machinemetrics", "machine")
    assert cast.may_play(EDGE, PUBLIC, "machinemetrics", "machine")


def test_lists_come_from_the_site_file_and_from_dhcp():
    """Named lists, hosts of that role, and what a lease handed out."""
    scene = Scene()
    scene.lease("02:00:00:00:00:77", message="ACK", resolvers=("9.9.9.9",), ntp_servers=("9.9.9.8",))
    site = Site(resolvers=("1.2.3.4",), proxies=("10.7.0.8:3128",), hosts=(SiteHost("r", "resolver", ("10.7.0.1",)),))
    found = lists(scene.seen(), site)
    assert found["resolver"] == {"1.2.3.4", "10.7.0.1", "9.9.9.9"}
    assert (found["ntp"], found["proxy"], found["mirror"]) == ({"9.9.9.8"}, {"10.7.0.8:3128"}, frozenset())
