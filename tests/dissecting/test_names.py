import pytest

from analyzer.dissecting.names import Sources, covers, disagreements, name_flows
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


def found(**rows):
    return disagreements(sources(**rows))


def test_an_sni_that_the_client_never_looked_up_for_this_address_disagrees():
    """Low-key: name and address may well belong together elsewhere."""
    assert found(tls=[{"flow": 1, "server_name": "other.example"}]) == [
        (1, "sni", "other.example", "dns", "dns.example")
    ]
    quic = {"flow": 1, "server_name": "other.example"}
    assert found(quic=[quic]) == [(1, "quic", "other.example", "dns", "dns.example")]
    host = {"flow": 1, "host": "other.example", "form": "origin"}
    assert found(http=[host]) == [(1, "host", "other.example", "dns", "dns.example")]


def test_names_that_the_client_was_given_this_address_for_agree():
    """The name asked, an alias of it, a name asked at any other time; an address never looked up says nothing."""
    for sni in ("dns.example", "alias.example"):
        assert found(tls=[{"flow": 1, "server_name": sni}]) == []
    shared = {"flow": 0, "query": "shared.example", "answers": (SERVER,), "ttls": ("60",), "ts_ns": 99 * S}
    rows = [dict(zip(DNS._fields, cells, strict=True)) for cells in zip(*DNS, strict=True)]
    assert found(dns=dns_table(*rows, shared), tls=[{"flow": 1, "server_name": "shared.example"}]) == []
    assert found(dns=dns_table(), tls=[{"flow": 1, "server_name": "x.example"}]) == []


def test_a_tunnel_to_another_name_disagrees_and_the_proxys_own_name_does_not():
    """The CONNECT and the SNI inside it name one host, or an address stands in the CONNECT."""
    connect = {"flow": 2, "host": "api.example", "form": "authority"}
    inner = {"flow": 2, "server_name": "evil.example"}
    assert found(tls=[inner], http=[connect]) == [(2, "sni", "evil.example", "connect", "api.example")]
    assert found(tls=[{**inner, "server_name": "api.example"}], http=[connect]) == []
    assert found(tls=[inner], http=[{**connect, "host": "198.51.100.7"}]) == []
    assert found(http=[{**connect, "form": "absolute"}]) == []


def test_a_certificate_that_does_not_cover_the_sni_disagrees():
    """RFC 9525 section 6.3; a certificate without any DNS name cannot disagree."""
    session = {**SESSION, "server_name": "a.b.example"}
    rows = [{"fingerprint": "f1", "names": ("*.other.example", "c.example")}]
    assert found(dns=dns_table(), tls=[session], certificates=rows) == [
        (1, "sni", "a.b.example", "cert", "*.other.example")
    ]
    for names in (("*.b.example",), ("a.b.example",), ("Device 12",), ()):
        assert found(dns=dns_table(), tls=[session], certificates=[{"fingerprint": "f1", "names": names}]) == []


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*.a.b", "x.a.b", True),
        ("*.a.b", "a.b", False),
        ("*.a.b", "x.y.a.b", False),
        ("*.a.b", ".a.b", False),
        ("a.b", "a.b", True),
    ],
)
def test_a_star_stands_for_one_label(pattern, name, expected):
    """RFC 9525 section 6.3."""
    assert covers(pattern, name) is expected
