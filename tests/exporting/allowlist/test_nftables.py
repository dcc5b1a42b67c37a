"""The allow-list as nftables loads it."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from analyzer.addresses import LOCAL
from analyzer.exporting.allowlist import AllowList, entries, export, nftables
from analyzer.rulepack import shipped
from analyzer.sitefile import Site, SiteHost

PACKS = {pack.name: pack for pack in shipped()}
PLACE = Site(
    hosts=(SiteHost("edge-1", "edge", ("10.7.0.10",)), SiteHost("desk", "browser", ("10.7.0.50",))),
    resolvers=("10.7.0.1",),
)


def ruleset(pack="machinemetrics", variant="standard", site=PLACE):
    """The text for a pack."""
    return export(PACKS[pack], variant, site, "nftables").text


def in_namespace(script, *arguments, stdin=""):
    """A shell script in a network namespace of its own."""
    words = ["unshare", "--net", "--mount", "sh", "-euc", textwrap.dedent(script), "sh", *arguments]
    return subprocess.run(words, input=stdin, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(("pack", "variant"), [(name, one) for name, pack in PACKS.items() for one in pack.variants])
def test_nft_loads_it(needs_program, needs_namespaces, pack, variant):
    """Twice, since it replaces what was there; with a site file and without."""
    needs_program("nft")
    for site in (PLACE, None):
        done = in_namespace('f=$(mktemp); cat > "$f"; nft -f "$f"; nft -f "$f"; nft list ruleset; rm "$f"',
                            stdin=ruleset(pack, variant, site))  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("chain forward") == 1


LAB = """
    ip link set lo up
    for side in edge world; do
        ip netns add "$side-$$"
        ip link add "$side" type veth peer name eth0 netns "$side-$$"
        ip link set "$side" up
        ip -n "$side-$$" link set eth0 up
        ip -n "$side-$$" link set lo up
    done
    trap 'ip netns del "edge-$$"; ip netns del "world-$$"' EXIT
    ip addr add 10.7.0.1/24 dev edge
    ip addr add 198.51.100.1/24 dev world
    ip -n "edge-$$" addr add 10.7.0.10/24 dev eth0
    ip -n "edge-$$" route add default via 10.7.0.1
    ip -n "world-$$" addr add 198.51.100.2/24 dev eth0
    for address in 54.218.103.126 54.218.103.127 203.0.113.9; do
        ip -n "world-$$" addr add "$address/32" dev lo
        ip route add "$address/32" via 198.51.100.2
    done
    ip -n "world-$$" route add default via 198.51.100.1
    echo 1 > /proc/sys/net/ipv4/ip_forward
    rules=$(mktemp); cat > "$rules"; nft -f "$rules"; rm "$rules"
    ip netns exec "world-$$" "$1" -c "$2" serve & server=$!
    sleep 1
    nft add element inet plant_machinemetrics d_edge_tcp_443_4 '{ 203.0.113.9 }'
    ip netns exec "edge-$$" "$1" -c "$2" ask
    kill "$server"
"""
PROGRAM = """
import select, socket, sys
PORTS = (443, 7422, 22)
if sys.argv[1] == "serve":
    held = [socket.create_server(("0.0.0.0", port)) for port in PORTS]
    while True:
        for one in select.select(held, [], [])[0]:
            one.accept()[0].close()
for address in ("54.218.103.126", "54.218.103.127", "203.0.113.9"):
    for port in PORTS:
        try:
            socket.create_connection((address, port), 0.5).close()
            print(address, port)
        except OSError:
            pass
"""


def test_a_site_works_through_it_and_nothing_else_does(needs_program, needs_namespaces):
    """A documented address on its port, and a name that dnsmasq has put in its set; no other port, no other host."""
    needs_program("nft")
    done = in_namespace(LAB, sys.executable, PROGRAM, stdin=ruleset())
    assert (done.stdout.splitlines(), done.stderr) == (["54.218.103.126 7422", "203.0.113.9 443"], "")


def test_peoples_computers_are_not_bound():
    """Nothing else of theirs is dropped."""
    text = ruleset()
    assert "ip saddr @h_edge_4 counter drop" in text
    assert "@h_browser_4 counter drop" not in text


def test_what_a_site_has_inside_is_not_dropped(needs_program, needs_namespaces):
    """Carriers' addresses (RFC 6598), which make no row since they are local, and networks that the site file tells."""
    site = replace(PLACE, company_networks=("198.51.100.0/24", "10.7.0.0/24"), machine_networks=("2001:db8:1::/48",))
    text = ruleset(site=site)
    passes = re.findall(r"ip6? saddr @h_edge_[46] ip6? daddr { (.*) } accept\n", text)
    inside = {str(net) for net in LOCAL} | {"198.51.100.0/24", "2001:db8:1::/48"}
    assert set(", ".join(passes).split(", ")) == inside
    needs_program("nft")
    done = in_namespace('f=$(mktemp); cat > "$f"; nft -f "$f"; rm "$f"', stdin=text)
    assert (done.returncode, done.stderr) == (0, "")


def test_dnsmasq_fills_the_sets_of_names():
    """A wildcard is its domain, for both families."""
    text = ruleset()
    assert "# nftset=/balena-cloud.com/4#inet#plant_machinemetrics#d_edge_tcp_443_4,6#inet#" in text


FILLED = """
    ip link set lo up
    nft -f "$1"
    dnsmasq --conf-file=/dev/null --keep-in-foreground --pid-file= --user=root --port=5300 --listen-address=127.0.0.1 \\
        --no-resolv --no-hosts --address=/api.machinemetrics.com/203.0.113.1 \\
        --address=/below.api.machinemetrics.com/203.0.113.2 --address=/balena-cloud.com/203.0.113.3 \\
        --address=/one.two.balena-cloud.com/203.0.113.4 --address=/other.example/203.0.113.9 & above=$!
    dnsmasq --conf-file="$2" --keep-in-foreground --pid-file= --user=root --port=53 --listen-address=127.0.0.1 \\
        --no-resolv --no-hosts --server=127.0.0.1#5300 & here=$!
    sleep 1
    "$3" -c "$4" || true
    kill "$above" "$here"
    nft list set inet plant_machinemetrics d_edge_tcp_443_4
"""
ASKED = """
import dns.exception, dns.message, dns.query
for name in ("api.machinemetrics.com", "below.api.machinemetrics.com", "balena-cloud.com", "one.two.balena-cloud.com",
             "other.example"):
    for _ in range(10):
        try:
            answer = dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", 2)
        except dns.exception.Timeout:
            continue
        if answer.answer:
            break
"""


def test_dnsmasq_fills_the_sets_by_the_lines_at_the_end(needs_program, needs_namespaces, tmp_path):
    """From its answers: names and those below wildcards, and, as is told, names below exact ones and bare domains."""
    needs_program("nft", "dnsmasq")
    rules, lines = tmp_path / "rules", tmp_path / "lines"
    rules.write_text(ruleset(), encoding="utf-8")
    filling = [line.removeprefix("# ") for line in ruleset().splitlines() if line.startswith("# nftset=")]
    lines.write_text("\n".join(filling) + "\n", encoding="utf-8")
    done = in_namespace(FILLED, str(rules), str(lines), sys.executable, ASKED)
    assert set(re.findall(r"203\.0\.113\.\d", done.stdout)) == {f"203.0.113.{at}" for at in (1, 2, 3, 4)}, done.stderr


def test_what_dnsmasq_lets_through_beside_is_told():
    """It has no exact names: beside the lines, and on standard error."""
    made = export(PACKS["machinemetrics"], "standard", PLACE, "nftables")
    assert nftables.WIDER in made.notes
    assert f"# {nftables.WIDER}:\n# nftset=" in made.text


def test_a_version_of_ip_without_an_address_is_told():
    """A set without elements drops nothing: of hosts that are bound, and that the site file knows."""

    def told(*own):
        site = Site(hosts=(SiteHost("edge-1", "edge", own), SiteHost("desk", "browser", ("10.7.0.50",))))
        notes = export(PACKS["machinemetrics"], "standard", site, "nftables").notes
        return [note for note in notes if "restricted" in note]

    words = "is not restricted for edge: the site file has no such address of theirs"
    assert told("10.7.0.10") == [f"IPv6 {words}"]
    assert told("2001:db8::10") == [f"IPv4 {words}"]
    assert told("10.7.0.10", "2001:db8::10") == told() == []


def test_sets_of_long_names_are_apart():
    """Names of sets are cut to what nft takes, and do not become one."""
    rows, _ = entries(PACKS["machinemetrics"], "standard", PLACE)
    row = next(row for row in rows if row.rule == "mm-std-api")
    both = tuple(row._replace(who="a" * 58 + end, ports=((port, "tcp"),)) for end in "xy" for port in (443, 8443))
    text = nftables.write(AllowList("t", "T", both)).text
    sets = re.findall(r"^\tset (\w+) ", text, re.MULTILINE)
    assert len(sets) == len(set(sets)) == 2 * 2 * (1 + 2)
    assert max(map(len, sets)) <= 60


def test_sets_of_hosts_are_none_of_destinations(needs_program, needs_namespaces):
    """Whatever roles are called: a role's hosts never become what another role may reach."""
    rows, _ = entries(PACKS["machinemetrics"], "standard", PLACE)
    row = next(row for row in rows if row.rule == "mm-std-api")
    both = tuple(row._replace(who=who, ports=((443, "tcp"),)) for who in ("edge", "edge-tcp-443"))
    text = nftables.write(AllowList("t", "T", both)).text
    sets = re.findall(r"^\tset (\w+) ", text, re.MULTILINE)
    assert len(sets) == len(set(sets)) == 2 * 2 * 2
    needs_program("nft")
    done = in_namespace('f=$(mktemp); cat > "$f"; nft -f "$f"; rm "$f"', stdin=text)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_underscore_in_a_name_stays():
    """Without it dnsmasq would fill the set from another name's answers."""
    rows, _ = entries(PACKS["machinemetrics"], "standard", PLACE)
    row = next(row for row in rows if row.rule == "mm-std-api")
    text = nftables.write(AllowList("t", "T", (row._replace(names=("*.my_host.example.com",)),))).text
    assert "# nftset=/my_host.example.com/" in text


def test_words_of_a_pack_cannot_break_out(needs_program, needs_namespaces):
    """A rule's id and a role with quotes, braces and lines are words and comments still."""
    needs_program("nft")
    rows, _ = entries(PACKS["machinemetrics"], "standard", PLACE)
    hostile = [rows[0]._replace(who='e" } ; flush ruleset', rule='x" accept; }\nflush ruleset', names=("a/b#c\nnft",))]
    text = nftables.write(AllowList("t }; flush ruleset", 'T\n"; flush ruleset', tuple(hostile))).text
    script = 'nft add table inet other; f=$(mktemp); cat > "$f"; nft -f "$f"; rm "$f"; nft list tables'
    done = in_namespace(script, stdin=text)
    assert (done.returncode, "table inet other" in done.stdout) == (0, True)
