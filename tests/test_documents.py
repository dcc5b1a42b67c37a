"""The two documents, read here anew from their texts, against the rules that transcribe them."""

import re
from pathlib import Path

import pytest

from analyzer.dissecting import DISSECTORS
from analyzer.findings import Basis
from analyzer.packformat import KINDS, PAYLOADS
from analyzer.rulepack import shipped

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "requirements"
MACHINEMETRICS, SKALA = shipped()
PACKS = {pack.name: pack for pack in (MACHINEMETRICS, SKALA)}

# Titles of the first document, in its order; True where a table follows, whose first line names its columns.
SECTIONS = {
    "Overview": False,
    "Edge Network Interface Configuration": True,
    "Option 1: Company Network (Single Interface)": False,
    "Isolated Network Topology": False,
    "Option 3: Wireless LAN": False,
    "Option 4: Fully Wireless": False,
    "Option 5: Cellular Network": False,
    "Required Outbound Ports": True,
    "Required Domains (Standard Cloud)": True,
    "Required Domains (GovCloud)": True,
    "Standard Cloud": False,
    "GovCloud": False,
    "DNS Configuration": False,
    "NTP Configuration": False,
    "Machine Protocol Ports": True,
    "Upload (Edge to Cloud)": True,
    "Download (Cloud to Browser)": True,
    "Deep Packet Inspection (DPI)": False,
    "Proxy Configuration": False,
    "Edge Device Not Connecting": False,
    "Machines Not Reporting Data": False,
    "Intermittent Connectivity": False,
    "Network Checklist": False,
}
COLUMNS = re.compile(r"Interface[A-Z]|Port[A-Z]|Domain[A-Z]|Protocol / Controller|Machine Type[A-Z]|View[A-Z]")
COUNTS = {
    "Edge Network Interface Configuration": 2,
    "Required Outbound Ports": 4,
    "Required Domains (Standard Cloud)": 11,
    "Required Domains (GovCloud)": 16,
    "Standard Cloud": 4,
    "GovCloud": 3,
    "DNS Configuration": 4,
    "Machine Protocol Ports": 14,
    "Deep Packet Inspection (DPI)": 5,
    "Network Checklist": 7,
}


def rows_of_the_first():
    """(section, row, text) of each table row and each list item of the first document."""
    found, section, in_table = [], "", False
    for line in MACHINEMETRICS.text.splitlines():
        item = re.match(r"\s*(?:•|\d+\.)\s+(.*)", line)
        if line.strip() in SECTIONS:
            section, in_table, count = line.strip(), False, 0
        elif SECTIONS.get(section) and COLUMNS.match(line):
            in_table = True
        elif in_table and not line.strip():
            in_table = False
        elif section and (item or in_table):
            count += 1
            found.append((section, count, item.group(1) if item else line))
    return found


def rows_of_the_second():
    """(row, text) of each table row (from 1), list item and numbered step (0) of the second document."""
    table = [line for line in SKALA.text.splitlines() if line.count("\t") == 3]
    items = re.findall(r"^ ?- (.*)$|^(\d+\. .*)$", SKALA.text, re.MULTILINE)
    return [*enumerate(table[1:], 1), *((0, one or other) for one, other in items)]


def cites(pack):
    """The cites of a pack, of rules and of what makes none."""
    return [rule.cite for rule in pack.rules] + [omission.cite for omission in pack.not_rules]


@pytest.mark.parametrize("name", PACKS)
def test_the_text_is_the_documents(name):
    """The text that travels with the program is the vendor's, octet by octet."""
    if not SHARED.is_dir():
        pytest.skip("the folder with the vendors' documents is not here")
    mine, theirs = ROOT / "rules" / PACKS[name].document, SHARED / PACKS[name].document
    assert mine.read_bytes() == theirs.read_bytes()


def test_the_tables_have_the_rows_that_a_reader_counts():
    """The parser of this test sees each table and list in full, 13 troubleshooting steps among them."""
    rows = rows_of_the_first()
    counted = {section: sum(where == section for where, _, _ in rows) for section in COUNTS}
    assert counted == COUNTS
    steps = ("Edge Device Not Connecting", "Machines Not Reporting Data", "Intermittent Connectivity")
    assert sum(where in steps for where, _, _ in rows) == 13
    assert {where for where, _, _ in rows} == set(SECTIONS) - {"NTP Configuration"}
    table = [row for row, _ in rows_of_the_second() if row]
    assert table == list(range(1, 12))


@pytest.mark.parametrize(("section", "row", "text"), rows_of_the_first())
def test_every_row_of_the_first_document_is_a_rule_or_has_a_reason(section, row, text):
    """A rule or an omission cites the row by section and number, and quotes it whole."""
    for cite in cites(MACHINEMETRICS):
        quoted = [re.sub(r"^\s*•\s+", "", line) for line in cite.quote.splitlines()]
        if cite.section == section and text in quoted and cite.row + quoted.index(text) == row:
            return
    pytest.fail(f"{section}, row {row}: {text}")


@pytest.mark.parametrize(("row", "text"), rows_of_the_second())
def test_every_row_of_the_second_document_is_a_rule_or_has_a_reason(row, text):
    """A rule or an omission cites the row and quotes it, and every name of a row is a rule's."""
    assert any(
        cite.row == row and any(line.strip("- ") in text and len(line) > 8 for line in cite.quote.splitlines())
        for cite in cites(SKALA)
    )
    if row:
        known = {name for rule in SKALA.rules if rule.cite.row == row for name in rule.to.names}
        assert set(re.findall(r"\S+\.(?:com|org)\b", text.split("\t")[2])) <= known
        port = int(text.split("\t")[0])
        assert {port} == {port.number for rule in SKALA.rules if rule.cite.row == row for port in rule.to.ports} - (
            {443} if port == 80 else set()  # a mirror of the site may serve TLS
        )


SENTENCES = re.compile(r"[^.\n]*\b(?:must|NOT|not|have to|has to|recommends?|Refrain|Exempt|Use a)\b[^.\n]*")
INTRODUCTIONS = (
    "Exempt the following from DPI",
    "The following table lists the ports that must be available",
    "METER Group recommends the following as the network requirements",
    "During this time, the iPad will not be able to communicate",
)


@pytest.mark.parametrize("name", PACKS)
def test_every_sentence_that_demands_something_is_cited(name):
    """What the prose says must be, must not be or is recommended is quoted somewhere, but for mere introductions."""
    pack = PACKS[name]
    quotes = [line.strip("- •.") for cite in cites(pack) for line in cite.quote.splitlines()]
    for sentence in SENTENCES.findall(pack.text):
        introduced = any(words in sentence for words in INTRODUCTIONS)
        assert introduced or any(q in sentence or sentence.strip(" -•") in q for q in quotes), sentence


def port_of(rule):
    """A machine rule's port as the document writes it."""
    return str(rule.to.ports[0].number)


def test_the_fourteen_machine_rows_have_their_ports_and_protocols():
    """Each machine protocol row is one rule over TCP with the row's port, which ends its line, and with a payload."""
    for section, row, text in rows_of_the_first():
        if section == "Machine Protocol Ports":
            rules = [
                rule
                for rule in MACHINEMETRICS.rules
                if text in rule.cite.quote.splitlines()
                and rule.basis is Basis.DOCUMENTED
                and rule.kind == "destination"
            ]
            assert len(rules) == 1, row
            assert text.endswith(port_of(rules[0]))
            assert (rules[0].to.role, len(rules[0].to.payload), rules[0].to.ports[0].proto) == ("machine", 1, "tcp")


def test_every_domain_row_has_its_name_variant_and_addresses():
    """The tables of names give each rule its name, its variant, port 443 or the row's own, and the row's addresses."""
    for section, row, text in rows_of_the_first():
        if not section.startswith("Required Domains"):
            continue
        rule = next(r for r in MACHINEMETRICS.rules if (r.cite.section, r.cite.row) == (section, row))
        assert text.startswith(rule.to.names[0])
        assert rule.variants == (("govcloud",) if "GovCloud" in section else ("standard",))
        assert [port.number for port in rule.to.ports] == [7422 if ":7422" in text else 443]
        listed = tuple(re.findall(r"\d+\.\d+\.\d+\.\d+", text))
        assert rule.to.at == (
            listed or (("18.252.129.108", "18.254.70.116", "182.30.131.220") if ":7422" in text else ())
        )


def test_the_planning_example_follows_from_the_budgets():
    """50 machines times the documented rates give exactly the figures of the document's example."""
    rules = {rule.id: rule for rule in MACHINEMETRICS.rules}
    plans = [rule for rule in rules.values() if rule.kind == "plan"]
    assert {plan.options["direction"] for plan in plans} == {"up", "down"}
    for plan in plans:
        rates = [rules[name].options["bps"] for name in plan.options["budgets"]]
        assert {rules[name].options["direction"] for name in plan.options["budgets"]} == {plan.options["direction"]}
        figures = (plan.options["machines"] * min(rates), plan.options["machines"] * max(rates))
        assert figures == (plan.options["low_bps"], plan.options["high_bps"])
        low, high = (f"{figure / 1000:g}" for figure in figures)
        assert f"{low}-{high} kbps" in plan.cite.quote


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_tells_what_a_user_needs(name):
    """Each rule has an id of its pack, each required destination a remedy, each destination a purpose and a port."""
    pack = PACKS[name]
    prefix = {"machinemetrics": "mm-", "skala": "sk-"}[name]
    for rule in pack.rules:
        assert rule.id.startswith(prefix)
        assert rule.kind in KINDS
        assert len(rule.title) <= 60
        if rule.kind == "destination":
            assert rule.purpose, rule.id
            assert rule.to.ports, rule.id
            assert rule.remedy or not rule.required, rule.id
    assert {who for rule in pack.rules for who in rule.who} == {role.name for role in pack.roles}


def test_the_cloud_ports_alone_allow_nothing():
    """No rule makes a flow on 443 or 7422 expected without a name, an address or a role of the responder."""
    for pack in PACKS.values():
        for rule in pack.rules:
            if rule.kind == "destination" and {port.number for port in rule.to.ports} & {443, 7422}:
                assert rule.to.names or rule.to.addresses or rule.to.role, rule.id


def test_office_programs_tell_no_role():
    """Fetching packages, asking for names or the time, or reading a vendor's web page gives no strict role away."""
    ordinary = {"sk-packages", "sk-index", "sk-os-updates", "sk-os-updates-real-name", "sk-support", "sk-dns"}
    ordinary |= {"sk-ntp-org", "sk-ntp-provider", "sk-firmware-metergroup", "sk-server", "sk-server-names"}
    ordinary |= {"mm-std-app", "mm-std-api", "mm-std-public", "mm-std-bugsnag", "mm-std-ecr-layers"}
    ordinary |= {"mm-gov-app", "mm-gov-api", "mm-gov-public", "mm-machine-modbus", "mm-machine-ethernet-ip"}
    ordinary |= {rule.id for rule in MACHINEMETRICS.select(("mm-dns-*", "mm-ntp-*", "mm-machine-opcua-*"))}
    ordinary.remove("mm-ntp-pool")  # a zone of the pool that is the device cloud's own
    for pack in PACKS.values():
        assert ordinary & {rule.id for rule in pack.rules}
        for role in pack.roles:
            if not role.general:
                others_devices = {"mm-std-balena", "mm-std-cloudlink", "mm-ntp-pool"}
                assert not (ordinary | others_devices) & {rule.id for rule in pack.select(role.originates)}, role.name
                for groups in role.together:
                    assert any(not ordinary & {rule.id for rule in pack.select(group)} for group in groups), role.name


def test_what_rules_let_run_on_a_port_can_be_recognised():
    """Every payload that a pack may name is a service that some dissector recognises."""
    assert set(PAYLOADS) <= {part.module.SERVICE for part in DISSECTORS} | {"dns", "tls"}


def test_checklists_and_steps_are_numbered_as_the_document_does():
    """Each step of the checklist and of the three troubleshooting lists is one rule, in its order."""
    for section, count in (
        ("Network Checklist", 7),
        ("Edge Device Not Connecting", 5),
        ("Machines Not Reporting Data", 4),
        ("Intermittent Connectivity", 4),
    ):
        rules = [rule for rule in MACHINEMETRICS.rules if rule.cite.section == section]
        assert [rule.cite.row for rule in rules] == list(range(1, count + 1))
        assert all(rule.id.endswith(f"-{rule.cite.row}") for rule in rules)


def test_the_package_index_is_named_in_its_row_only():
    """The index of the second document stands in that row's text and rule and in no other file of the project."""
    name = next(rule for rule in SKALA.rules if rule.id == "sk-index").to.names[0]
    holders = [
        file.relative_to(ROOT).as_posix()
        for folder in ("rules", "analyzer", "tests", "captures")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".yaml", ".txt", ".md", ".json", ".sh"} and name in file.read_text("utf-8", "replace")
    ]
    assert sorted(holders) == ["rules/skala-network-requirements.txt", "rules/skala.yaml"]
    assert (ROOT / "rules" / "skala.yaml").read_text().count(name) == 2
