"""One attempt against one rule."""

from dataclasses import replace

import pytest

from analyzer.judging.matching import Attempt, Fit, match
from analyzer.judging.traffic import Request, Trouble
from analyzer.rulepack import shipped

RULES = {rule.id: rule for pack in shipped() for rule in pack.rules}


class Place:
    """A site that knows nothing but what a test says."""

    def __init__(self, plays=(), may=True, listed=(), asks=False, misses=False):
        self.known, self.may, self.list, self.asking = plays, may, frozenset(listed), asks
        self.missing = misses

    def plays(self, address, pack, role):
        """Roles as they are known."""
        return (address, role) in self.known

    def may_play(self, client, address, pack, role):
        """Ten is on the site."""
        return self.may and address.startswith("10.")

    def listed(self, role):
        """One list for all."""
        return self.list

    def asks(self, client):
        """For all clients alike."""
        return self.asking

    def misses_answers(self):
        """As it was told."""
        return self.missing


TRIED = Attempt(
    "10.7.0.10", "192.0.2.1", 6, 443, "tls", "payload", ("api.machinemetrics.com",), "sni", True, True, Trouble.NONE, ()
)


NOWHERE = Place()


def fit(rule, place=NOWHERE, **given):
    return match(RULES[rule], "pack", TRIED._replace(**given), place)


def test_a_name_at_its_port_fits():
    """Name, port and payload of the row."""
    assert fit("mm-std-api").fit is Fit.YES


@pytest.mark.parametrize(
    "given", [{"port": 8443}, {"proto": 17}, {"names": ("evil.example",)}, {"names": ("xapi.machinemetrics.com",)}]
)
def test_another_name_port_or_transport_does_not(given):
    """The port alone never makes a flow fit, nor does the name alone."""
    assert fit("mm-std-api", **given).fit is Fit.NO


def test_a_wildcard_wants_a_label_in_front():
    """One or more labels, not none; the narrower rule ranks higher."""
    assert fit("mm-std-balena", names=("a.b.balena-cloud.com",)).fit is Fit.YES
    assert fit("mm-std-balena", names=("balena-cloud.com",)).fit is Fit.NO
    names = ("cloudlink.balena-cloud.com",)
    assert fit("mm-std-cloudlink", names=names).rank > fit("mm-std-balena", names=names).rank


def test_another_payload_is_wrong():
    """SSH on 443 of a documented host breaks the row; octets that nobody knows prove nothing."""
    wrong = fit("mm-std-api", service="ssh")
    assert (wrong.fit, wrong.code) == (Fit.WRONG, "payload-mismatch")
    assert fit("mm-std-api", service="", certainty="").fit is Fit.YES
    assert fit("mm-std-api", service="ssh", certainty="port").fit is Fit.YES
    assert fit("mm-std-balena", names=("x.balena-cloud.com",), service="openvpn").fit is Fit.YES


def test_another_payload_proves_nothing_where_a_lookup_may_be_missing():
    """A name that only a lookup tells may be one of several at its address; a name in the flow itself is the one."""
    gaps = Place(misses=True)
    assert fit("mm-std-api", gaps, service="openvpn", basis="dns").fit is Fit.MAYBE
    assert fit("mm-std-api", gaps, service="openvpn", basis="sni").fit is Fit.WRONG
    assert fit("mm-std-api", service="openvpn", basis="dns").fit is Fit.WRONG


def test_a_documented_address_stands_for_its_name():
    """Where no name is known the address tells; the name elsewhere is against the row."""
    names = ("api.machinemetrics-us-gov.com",)
    assert fit("mm-gov-api", names=names, server="18.252.129.108").fit is Fit.YES
    assert fit("mm-gov-api", names=(), server="18.252.129.108").fit is Fit.YES
    wrong = fit("mm-gov-api", names=names)
    assert (wrong.fit, wrong.code) == (Fit.WRONG, "name-at-other-address")
    assert fit("mm-gov-api", names=names, server="").fit is Fit.YES


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"hello": False, "opening": False, "service": "", "certainty": ""}, Fit.MAYBE),
        ({"hello": False, "trouble": Trouble.UNANSWERED, "service": "", "certainty": ""}, Fit.MAYBE),
        ({"hello": False, "service": "ssh"}, Fit.NO),
        ({}, Fit.MAYBE),
    ],
)
def test_a_name_that_was_not_seen_may_be_the_rows(given, expected):
    """Only where the payload contradicts is a nameless flow certainly not meant."""
    assert fit("mm-std-api", names=(), **given).fit is expected


def test_a_hello_without_name_to_an_address_that_nobody_told_is_not_meant():
    """With the client's lookups in the capture there is nothing left that could name it."""
    assert fit("mm-std-api", Place(asks=True), names=()).fit is Fit.NO
    assert fit("mm-std-api", Place(asks=True), names=(), hello=False).fit is Fit.MAYBE


def test_nats_is_told_by_address_alone():
    """Any other address is not meant, whatever its name; behind a proxy it cannot be known."""
    nats = {"port": 7422, "service": "nats"}
    assert fit("mm-nats-std-1", server="54.218.103.126", **nats).fit is Fit.YES
    assert fit("mm-nats-std-1", names=("nats.machinemetrics.com",), **nats).fit is Fit.NO
    assert fit("mm-nats-std-1", server="", **nats).fit is Fit.MAYBE


def test_a_role_is_that_of_a_known_or_possible_host():
    """A machine is on the site; a public address is none."""
    modbus = {"port": 502, "service": "modbus", "names": ()}
    assert fit("mm-machine-modbus", server="10.7.0.21", **modbus).fit is Fit.YES
    assert fit("mm-machine-modbus", **modbus).fit is Fit.NO
    assert fit("mm-machine-modbus", Place(plays={("192.0.2.1", "machine")}), **modbus).fit is Fit.YES
    assert fit("mm-machine-modbus", server="", **modbus).fit is Fit.NO


def test_http_may_be_half_of_an_mtconnect_exchange():
    """Where only the request was read it is no more than HTTP."""
    agent = {"server": "10.7.0.24", "port": 5000, "names": ()}
    assert fit("mm-machine-mtconnect-agent", service="http", **agent).fit is Fit.YES
    assert fit("mm-machine-mtconnect-agent", service="ssh", **agent).fit is Fit.WRONG


def test_a_listed_server_fits_with_or_without_port():
    """Resolvers and proxies are what the site file lists."""
    dns = {"proto": 17, "port": 53, "service": "dns", "names": ()}
    assert fit("mm-dns-override", Place(listed=["192.0.2.1"]), **dns).fit is Fit.YES
    assert fit("mm-dns-override", **dns).fit is Fit.NO
    assert fit("mm-proxy", Place(listed=["192.0.2.1:3128"]), port=3128).fit is Fit.YES
    assert fit("mm-proxy", Place(listed=["192.0.2.1:3128"]), port=22).fit is Fit.NO


def test_dns_and_ntp_must_be_recognised():
    """They travel in clear: what was not recognised on their port may be anything."""
    dns = {"proto": 17, "port": 53, "names": (), "server": "8.8.8.8"}
    assert fit("mm-dns-google-primary", service="dns", **dns).fit is Fit.YES
    assert fit("mm-dns-google-primary", service="", certainty="", **dns).fit is Fit.MAYBE
    assert fit("mm-dns-google-primary", service="tls", **dns).fit is Fit.WRONG


def test_a_server_with_a_name_is_not_an_unnamed_one():
    """The NTP row for unknown names is closed to known ones."""
    ntp = {"proto": 17, "port": 123, "service": "ntp"}
    assert fit("mm-ntp-unnamed", names=(), **ntp).fit is Fit.YES
    assert fit("mm-ntp-unnamed", names=("time.example",), **ntp).fit is Fit.NO


def test_a_package_fetch_is_told_by_its_request():
    """Path or program tell; a page that somebody reads does not; without the request it stays open."""
    web = {"port": 80, "service": "http", "names": ("deb.example",)}
    fetch = Request(False, "deb.example", 0, "/debian/pool/x.deb", "curl")
    page = Request(False, "deb.example", 0, "/index.html", "curl")
    assert fit("sk-packages", requests=(fetch,), **web).fit is Fit.YES
    assert fit("sk-packages", requests=(page._replace(user_agent="Debian APT-HTTP/1.3 (2.6)"),), **web).fit is Fit.YES
    assert fit("sk-packages", requests=(page,), **web).fit is Fit.NO
    assert fit("sk-packages", **{**web, "service": "", "certainty": ""}).fit is Fit.MAYBE
    assert fit("sk-packages", **{**web, "service": "ssh"}).fit is Fit.NO


def test_documented_outranks_a_reading():
    """Of two rules that fit alike, the one that the document states is named."""
    rule = RULES["mm-std-api"]
    reading = replace(rule, basis="reading")
    assert match(rule, "p", TRIED, Place()).rank > match(reading, "p", TRIED, Place()).rank
