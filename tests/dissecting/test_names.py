import pytest

from analyzer.dissecting.names import Sources, name_flows
from tests.builders.facts import S, certificates_table, dns_table, flows_table, http_table, quic_table, tls_table

CLIENT, SERVER, PROXY = "10.0.0.1", "192.0.2.1", "10.0.0.8"
FLOWS = flows_table((CLIENT, "8.8.8.8", 0), (CLIENT, SERVER, 5 * S), (CLIENT, PROXY, 6 * S))
DNS = dns_table(
    {"flow": 0, "query": "dns.example", "answers": ("alias.example", SERVER), "ttls": ("60", "60"), "qtype_name": "A"},
    {"flow": 0, "query": "proxy.example", "answers": (PROXY,), "ttls": ("60",), "qtype_name": "A"},
)
EMPTY = (tls_table(), http_table(), certificates_table(), quic_table())


def sources(dns=DNS, tls=(), http=(), certificates=(), quic=()):
    """The tables that tell names."""
    told = http_table(*http), certificates_table(*certificates), quic_table(*quic)
    return Sources(FLOWS, dns, tls_table(*tls), *told)


def named(flow, **rows):
    """Name and basis of one flow."""
    names, basis = name_flows(sources(**rows))
    return names[flow], basis[flow]


LEAF = {"fingerprint": "f1", "names": ("cert.example", "www.cert.example")}
SESSION = {"flow": 1, "chain": ("f1", "f2")}


def test_each_rank_overrides_the_one_below():
    """SNI, then QUIC, then Host, then the certificate, then what the client looked up."""
    host = {"flow": 1, "host": "host.example", "form": "origin"}
    assert named(1) == ("dns.example", "dns")
    assert named(1, tls=[SESSION], certificates=[LEAF]) == ("cert.example", "cert")
    assert named(1, tls=[SESSION], certificates=[LEAF], http=[host]) == ("host.example", "host")
    quic = {"flow": 1, "server_name": "quic.example"}
    assert named(1, tls=[SESSION], certificates=[LEAF], http=[host], quic=[quic]) == ("quic.example", "quic")
    sni = {**SESSION, "server_name": "sni.example."}
    assert named(1, tls=[sni], http=[host], quic=[quic]) == ("sni.example", "sni")
    assert named(1, tls=[sni], certificates=[LEAF], http=[host]) == ("sni.example", "sni")


def test_without_any_source_there_is_no_name():
    """Nothing known is empty, in both columns."""
    names, basis = name_flows(Sources(FLOWS, dns_table(), *EMPTY))
    assert names.tolist() == basis.tolist() == ["", "", ""]


def test_a_flow_to_a_proxy_is_named_for_where_it_goes():
    """CONNECT tells name or address; absolute form the host; the proxy's own name does not come up."""
    connect = {"flow": 2, "host": "api.example", "form": "authority"}
    assert named(2, http=[connect]) == ("api.example", "connect")
    assert named(2, http=[{**connect, "host": "198.51.100.7"}]) == ("198.51.100.7", "connect")
    assert named(2, http=[{**connect, "form": "absolute"}]) == ("api.example", "host")
    assert named(2, http=[connect], tls=[{"flow": 2, "server_name": "inner.example"}]) == ("inner.example", "sni")


def test_the_first_request_of_a_connection_names_it():
    """Later requests may be for other hosts of the same server; a request without a host is passed over."""
    rows = [{"flow": 1, "host": host, "form": "origin"} for host in ("", "first.example", "second.example")]
    assert named(1, http=rows) == ("first.example", "host")


@pytest.mark.parametrize("host", [SERVER, "2001:db8::1", "localhost", "bad host", "a..b", "-" * 300])
def test_a_host_that_is_no_name_names_nothing(host):
    """Machines are asked by address: what the client looked up says more."""
    assert named(1, http=[{"flow": 1, "host": host, "form": "origin"}]) == ("dns.example", "dns")


@pytest.mark.parametrize(
    "names",
    [("*.example.org",), ("a.example", "b.example"), ("Acme Root CA",), (SERVER,), (), ("a.example", "*.a.example")],
)
def test_a_certificate_for_more_than_one_host_names_nothing(names):
    """A wildcard or a list does not tell which of the hosts this is; a product's name is none."""
    assert named(1, tls=[SESSION], certificates=[{**LEAF, "names": names}]) == ("dns.example", "dns")


def test_a_hello_inside_quic_is_no_sni_of_tcp():
    """The TLS row of a QUIC flow names it by the table of QUIC, so that the basis says where the name was read."""
    inside = {"flow": 1, "server_name": "quic.example", "via": "quic"}
    assert named(1, tls=[inside], quic=[{"flow": 1, "server_name": "quic.example"}]) == ("quic.example", "quic")
