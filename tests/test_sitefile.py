import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import sitefile
from analyzer.errors import SiteFileError
from analyzer.shapes import CONTROL
from analyzer.sitefile import MACHINE_CLASSES, TOPOLOGIES, Site, SiteHost, load, parse, rate, write
from analyzer.yamlfile import parse as parse_yaml

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
WHOLE = """\
site: Acme, plant 3
profiles: [machinemetrics:standard, skala]
topology: isolated
networks: {company: [10.20.30.0/24], machine: [192.168.50.0/24]}
hosts:
  - {name: edge-1, role: edge, addresses: [10.20.30.10, 192.168.50.1], macs: ["00-16-3E-00-00-01"]}
  - {name: Robodrill, role: machine, class: focas, protocol: focas, addresses: ["2001:DB8::25"]}
nat: [198.51.100.23]
resolvers: [10.20.30.1]
ntp: [10.20.30.1]
proxies: ["10.20.30.8:3128", "Proxy.acme.example:8080", "[2001:db8::8]:3128"]
mirrors: [mirror.acme.example, "*.cache.acme.example"]
trust: [acme-ca.pem, /etc/roots.pem]
tolerance: 0.1
uplink: 10M
"""


def written(site, **more):
    """What `write` writes."""
    stream = io.StringIO()
    write(site, stream, **more)
    return stream.getvalue()


def test_all_that_may_be_said_is_read():
    """Every key of a site file arrives, in the one form in which it is compared."""
    assert parse(WHOLE, "plants/acme.yaml") == Site(
        name="Acme, plant 3",
        path="plants/acme.yaml",
        profiles=("machinemetrics:standard", "skala"),
        topology="isolated",
        company_networks=("10.20.30.0/24",),
        machine_networks=("192.168.50.0/24",),
        hosts=(
            SiteHost("edge-1", "edge", ("10.20.30.10", "192.168.50.1"), ("00:16:3e:00:00:01",)),
            SiteHost("Robodrill", "machine", ("2001:db8::25",), machine_class="focas", protocol="focas"),
        ),
        nat=("198.51.100.23",),
        resolvers=("10.20.30.1",),
        ntp=("10.20.30.1",),
        proxies=("10.20.30.8:3128", "proxy.acme.example:8080", "[2001:db8::8]:3128"),
        mirrors=("mirror.acme.example", "*.cache.acme.example"),
        trust=("plants/acme-ca.pem", "/etc/roots.pem"),
        tolerance=0.1,
        uplink_bps=10e6,
    )


def test_an_empty_site_file_knows_nothing():
    """Everything is optional."""
    assert Site() == parse("") == parse("# nothing\n")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("site: x\nsites: y", 2, "unknown key 'sites'; expected one of site, profiles"),
        ("hosts:\n  - {name: a, role: edge, adresses: []}", 2, "unknown key 'adresses'"),
        ("hosts:\n  - {name: a}", 2, "a host without 'role'"),
        ("hosts:\n  - {name: 7, role: edge}", 2, "put it in quotes, as '7'"),
        ("hosts:\n  - {name: a, role: edge, class: big}", 2, "expected one of standard, focas"),
        ("hosts:\n  - {name: a, role: edge, addresses: [10.0.0.300]}", 2, "expected an IP address"),
        ("hosts:\n  - {name: a, role: edge, macs: ['0:1:2:3:4:5']}", 2, "expected a MAC address"),
        (
            "hosts:\n  - {name: a, role: edge, addresses: [10.0.0.1]}\n  - {name: b, role: pc, addresses: [10.0.0.1]}",
            3,
            "10.0.0.1 belongs to the host in line 2 already",
        ),
        ("\ntopology: ring", 2, "expected one of company, isolated, wireless-lan, wireless, cellular"),
        ("profiles: ['machinemetrics:']", 1, "expected a pack, or pack:variant"),
        ("networks: {office: [10.0.0.0/8]}", 1, "unknown key 'office'; expected one of company, machine"),
        ("networks: {company: [10.0.0.1/8]}", 1, "without host bits"),
        ("proxies: [10.0.0.8]", 1, "expected a proxy as 10.0.0.1:3128"),
        ("proxies: ['10.0.0.8:0']", 1, "expected a proxy"),
        ("proxies: ['10.0.0.8:99999']", 1, "expected a proxy"),
        ("proxies: ['*.example.com:80']", 1, "expected a proxy"),
        ("proxies: ['[10.0.0.8]:80']", 1, "expected a proxy"),
        ("uplink: 10Mb", 1, "expected a rate as 512k, 10M or 1.5G"),
        ("uplink: -1", 1, "expected a rate"),
        ("tolerance: 25%", 1, "expected a share as 0.25, found '25%'"),
        ("tolerance: [0.1]", 1, "expected a share"),
        ("- site", 1, "expected a site file, found a list"),
        ("site: a\nsite: b", 2, "twice"),
    ],
)
def test_a_mistake_is_told_with_its_line(text, line, words):
    """A site file that says something it may not say gives one line: file, line, what was expected."""
    with pytest.raises(SiteFileError) as caught:
        parse(text, "acme.yaml")
    assert line == caught.value.line
    assert words in caught.value.reason
    assert str(caught.value).startswith(f"acme.yaml: line {line}: ")


def test_a_file_that_is_not_there_is_a_site_file_error(tmp_path):
    """A path without a file behind it is told in the same way; a file gives its site with paths from its folder."""
    with pytest.raises(SiteFileError, match="cannot be read"):
        load(tmp_path / "site.yaml")
    (tmp_path / "site.yaml").write_text("trust: [a.pem]")
    assert load(tmp_path / "site.yaml").trust == (str(tmp_path / "a.pem"),)


@pytest.mark.parametrize(
    ("text", "expected"), [("10M", 10e6), ("512k", 512e3), ("1.5G", 1.5e9), ("9600", 9600.0), ("0.5k", 500.0)]
)
def test_rates_have_decimal_units(text, expected):
    """Steps of 1000, as carriers sell them."""
    assert expected == rate(text)


@pytest.mark.parametrize(
    "text", ["", "M", "10 M", "10m", "10MB", "0", "-1k", "1e9", "nan", "9999G", "\N{ARABIC-INDIC DIGIT ONE}M"]
)
def test_no_other_rates_are_taken(text):
    """What is no rate is refused, not guessed."""
    with pytest.raises(ValueError, match="expected bits per second"):
        rate(text)


NAMES = st.text(min_size=1, max_size=40).filter(lambda name: name.strip() and not CONTROL.search(name))
SCHEMA = jsonschema.Draft202012Validator(sitefile.schema())
V4 = st.ip_addresses(v=4).map(str)
ADDRESSES = st.ip_addresses().map(str)
HOSTS = st.builds(
    SiteHost,
    name=NAMES,
    role=st.sampled_from(["edge", "machine", "nexus", "other"]),
    macs=st.lists(st.from_regex(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", fullmatch=True), max_size=2, unique=True).map(tuple),
    machine_class=st.sampled_from(["", *MACHINE_CLASSES]),
    protocol=st.sampled_from(["", "modbus", "ethernet-ip"]),
)
SITES = st.builds(
    Site,
    name=st.just("") | NAMES,
    profiles=st.lists(st.sampled_from(["skala:eu", "machinemetrics"]), max_size=2, unique=True).map(tuple),
    topology=st.sampled_from(["", *TOPOLOGIES]),
    company_networks=st.lists(V4.map(lambda address: address + "/32"), max_size=2, unique=True).map(tuple),
    machine_networks=st.lists(ADDRESSES, max_size=2, unique=True).map(tuple),
    hosts=st.lists(HOSTS, max_size=3).map(tuple),
    nat=st.lists(ADDRESSES, max_size=2, unique=True).map(tuple),
    resolvers=st.lists(ADDRESSES, max_size=2, unique=True).map(tuple),
    proxies=st.lists(V4.map(lambda address: address + ":3128"), max_size=2, unique=True).map(tuple),
    mirrors=st.lists(st.sampled_from(["*.a.example", "b.example"]), max_size=2, unique=True).map(tuple),
    trust=st.lists(st.sampled_from(["/etc/ca.pem", "ca.pem", "*x: [y].pem"]), max_size=2, unique=True).map(tuple),
    tolerance=st.floats(0, 10),
    uplink_bps=st.just(0.0) | st.floats(1, 1e12) | st.integers(1, 10**12).map(float),
)


@settings(deadline=None, max_examples=60)
@given(SITES, st.lists(st.text(max_size=20), max_size=3), st.lists(st.text(max_size=20), max_size=1))
def test_what_is_written_is_read_again(site, reasons, notes):
    """Whatever strings a capture brought into a site, its file reads back as the same site."""
    hosts = [replace(host, addresses=(f"10.0.0.{at}", f"fd00::{at}")) for at, host in enumerate(site.hosts, 1)]
    site = replace(site, hosts=tuple(hosts))
    text = written(site, reasons=reasons, notes=notes)
    assert text.isascii()
    assert site == parse(text)
    SCHEMA.validate(parse_yaml(text).plain)


def test_half_a_letter_becomes_the_replacement_character():
    """A name that no file can hold is written so that it can be read."""
    site = Site(name="a\udc80b", hosts=(SiteHost("\udc80", "other"),))
    read = parse(written(site, reasons=["\udc80"]))
    assert (read.name, read.hosts[0].name) == ("a\ufffdb", "\ufffd")


def test_a_control_character_becomes_the_replacement_character():
    """A name of a capture that no site file may hold is written so that it can be read."""
    site = Site(name="\x1b[2J\u202egpj.exe", hosts=(SiteHost("a\x9b", "other"),))
    read = parse(written(site))
    assert (read.name, read.hosts[0].name) == ("\ufffd[2J\ufffdgpj.exe", "a\ufffd")


def test_a_draft_reads_as_a_person_would_write_it():
    """A draft gives the reason above each host, and units where they fit."""
    site = Site(
        name="Plant",
        path="plants/acme.yaml",
        hosts=(SiteHost('edge"\n- x', "edge", ("10.0.0.1", "fe80::1")),),
        trust=("plants/ca.pem",),
        uplink_bps=1.5e6,
    )
    assert written(site, reasons=["speaks to a cloud\n\x1b[2Jx"], notes=["draft of two captures"]) == (
        "# draft of two captures\n"
        'site: "Plant"\n'
        "hosts:\n"
        "  # speaks to a cloud\\n\\x1b[2Jx\n"
        '  - {name: "edge\\"\\x0a- x", role: edge, addresses: [10.0.0.1, "fe80::1"]}\n'
        'trust: ["ca.pem"]\n'
        "tolerance: 0.25\n"
        "uplink: 1500k\n"
    )


def test_the_committed_schema_is_the_loaders():
    """rules/site.schema.json is what the loader's tables give, and takes a whole site file."""
    assert sitefile.schema() == json.loads((ROOT / "rules" / "site.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(sitefile.schema())
    SCHEMA.validate(parse_yaml(WHOLE).plain)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of shared material is not here")
def test_the_labs_site_files_load():
    """Each site file of the lab, and the example of the design, is read and written again as it was."""
    files = sorted((SHARED / "corpus" / "lab").glob("site-*.yaml"))
    texts = [file.read_text() for file in files]
    texts += re.findall(r"```yaml\n(site:.*?)```", (SHARED / "DESIGN.md").read_text(), re.DOTALL)
    assert len(texts) > 1
    for text in texts:
        site = parse(text)
        assert site.hosts
        assert site == parse(written(site))
        SCHEMA.validate(parse_yaml(text).plain)
