"""Scenes at a made-up site: flows and what they said, as facts, and what is concluded from them."""

from __future__ import annotations

from dataclasses import replace

from analyzer.judging import judge
from analyzer.observations import Capture, Observations, Quality
from analyzer.rulepack import shipped
from analyzer.sitefile import Site
from analyzer.tables import Arp, Certificates, Dhcp, Dns, Flows, Http, Icmp, Ntp, Quic, Rates, Tls
from tests.builders.facts import table

S = 1_000_000_000
TRIP = 25_000_000
"""A round trip to any responder, in ns."""

BEGIN = 1_700_000_000 * S
EDGE, MACHINE, PC, NEXUS, IPAD = "10.7.0.10", "10.7.0.21", "10.7.0.50", "10.7.0.60", "10.7.0.61"
RESOLVER, GOOGLE, PUBLIC, OUTSIDE = "10.7.0.1", "8.8.8.8", "93.184.216.34", "198.51.100.23"
STORE = "mm-adapter-store.s3.us-west-2.amazonaws.com"
API = "api.machinemetrics.com"
UPLOADS = "mm-edge-uploads.s3.us-west-2.amazonaws.com"
MACS = {EDGE: "00:16:3e:00:00:10", NEXUS: "00:16:3e:00:00:60"}

NOWHERE = Site()


class Scene:
    """Facts that grow line by line, one flow a second."""

    def __init__(self, duration_s=120, **quality):
        self.rows = {
            name: [] for name in (*("flows", "dns", "tls", "http", "dhcp"), *("ntp", "quic", "rates", "icmp", "arp"))
        }
        self.duration_s = duration_s
        self.quality = quality

    def flow(self, orig, resp, port, **given):
        """A TCP flow that was opened, answered and closed; returns its row."""
        row = len(self.rows["flows"])
        start, frame = BEGIN + row * S, 10 * row + 1
        flow = {
            "proto": 6, "ip_version": 4, "orig_h": orig, "orig_p": 40000 + row % 20000, "resp_h": resp, "resp_p": port,
            "start_ns": start, "end_ns": start + S // 2, "orig_packets": 5, "resp_packets": 5, "orig_octets": 800,
            "resp_octets": 2000, "orig_payload_octets": 500, "resp_payload_octets": 1500, "conn_state": "SF",
            "orig_mac": MACS.get(orig, "02:00:00:00:00:01"), "resp_mac": MACS.get(resp, "02:00:00:00:00:01"),
            "orig_ttl": 64, "resp_ttl": 60, "orig_ttl_low": 64, "orig_ttl_high": 64, "resp_ttl_low": 60,
            "resp_ttl_high": 60,
            "synack_ns": TRIP, "resp_last_ns": start + S // 2, "resp_last_frame": frame + 9, "orig_acked": 500,
            "last_frame": frame + 9, "orig_syns": 1, "attempts": 1, "resp_synacks": 1, "first_frame": frame,
            "resp_frame": frame + 1, "orig_data_frame": frame + 2, "resp_data_frame": frame + 3,
        }  # fmt: skip
        if given.pop("unanswered", False):
            flow.update(resp_packets=0, resp_octets=0, resp_payload_octets=0, resp_synacks=0, conn_state="S0")
            flow.update(resp_ttl=0, resp_ttl_low=0, resp_ttl_high=0, synack_ns=-1, resp_last_ns=-1, resp_last_frame=0)
            flow.update(orig_acked=-1, resp_frame=0, resp_data_frame=0, resp_mac="")
        flow.update(given)
        if flow.get("service"):
            flow.setdefault("certainty", "payload")
        self.rows["flows"].append(flow)
        self.rows["rates"].append(
            {"flow": row, "start_ns": start, "orig_octets": flow["orig_octets"], "resp_octets": flow["resp_octets"]}
        )
        return row

    def tls(self, client, server, name="", port=443, **given):
        """A TLS session with this SNI."""
        basis = "sni" if name else ""
        row = self.flow(client, server, port, service="tls", server_name=name, server_name_basis=basis, **given)
        start = self.rows["flows"][row]["start_ns"]
        self.rows["tls"].append(
            {
                "flow": row, "ts_ns": start, "server_name": name, "client_hello_frame": 10 * row + 3,
                "server_hello_frame": 10 * row + 4, "established": True,
            }
        )  # fmt: skip
        return row

    def udp(self, orig, resp, port, **given):
        """A question and its answer over UDP."""
        given = {"proto": 17, "orig_syns": 0, "attempts": 0, "resp_synacks": 0, "orig_packets": 1, **given}
        return self.flow(orig, resp, port, **given)

    def quic(self, client, server, name="", *, whole=True, **given):
        """A QUIC connection; `whole` where all of its hello was read."""
        basis = "quic" if name else ""
        row = self.udp(client, server, 443, service="quic", server_name=name, server_name_basis=basis, **given)
        start = self.rows["flows"][row]["start_ns"]
        cells = {"flow": row, "ts_ns": start, "server_name": name}
        self.rows["quic"].append({**cells, "version": "1", "initials": 1, "hello_frame": 10 * row + 3 if whole else 0})
        frames = {"client_hello_frame": 10 * row + 3, "server_hello_frame": 10 * row + 4}
        self.rows["tls"].append({**cells, **frames, "via": "quic"})
        return row

    def lookup(self, client, name, *addresses, resolver=GOOGLE, rcode="NOERROR", qtype="A", **given):
        """A DNS lookup; `unanswered` where no answer came."""
        gone = bool(given.get("unanswered"))
        row = self.udp(client, resolver, 53, service="dns", **given)
        start = self.rows["flows"][row]["start_ns"]
        self.rows["dns"].append(
            {
                "flow": row, "ts_ns": start, "query": name, "qtype_name": qtype, "rcode_name": "" if gone else rcode,
                "answers": addresses, "ttls": ("60",) * len(addresses), "queries": 1, "query_frame": 10 * row + 1,
                "answer_frame": 0 if gone else 10 * row + 2,
            }
        )  # fmt: skip
        return row

    def named(self, client, server, name, port, **given):
        """A lookup, and the flow to the address that it told."""
        self.lookup(client, name, server)
        return self.flow(client, server, port, server_name=name, server_name_basis="dns", **given)

    def connect(self, client, proxy, host, port=443, status=200, **given):
        """A request to a proxy to open a way."""
        row = self.flow(
            client, proxy, 3128, service="http", server_name=host, server_name_basis="connect", **given
        )  # fmt: skip
        self.request(row, method="CONNECT", form="authority", host=host, port=port, status=status)
        return row

    def request(self, row, **given):
        """An HTTP request in a flow."""
        start = self.rows["flows"][row]["start_ns"]
        plain = {"method": "GET", "form": "origin", "status": 200, "request_frame": 10 * row + 3}
        self.rows["http"].append({"flow": row, "ts_ns": start, **plain, **given})

    def fetch(self, client, server, host, target="/", agent=""):
        """A plain HTTP request on 80."""
        row = self.flow(client, server, 80, service="http", server_name=host, server_name_basis="host")
        self.request(row, host=host, target=target, user_agent=agent)
        return row

    def poll(self, edge, machine, service="focas", port=8193, **given):
        """An Edge that reads a machine."""
        return self.flow(edge, machine, port, service=service, **given)

    def lease(self, mac, assigned="", message="REQUEST", server="10.7.0.1", **given):
        """A DHCP message by broadcast."""
        row = self.udp(
            "0.0.0.0", "255.255.255.255", 67, orig_p=68, service="dhcp", resp_packets=0, orig_mac=mac
        )  # fmt: skip
        start = self.rows["flows"][row]["start_ns"]
        self.rows["dhcp"].append(
            {
                "flow": row, "ts_ns": start, "frame": 10 * row + 1, "message": message, "client_mac": mac,
                "assigned": assigned, "server": server, **given,
            }
        )  # fmt: skip
        return row

    def clock(self, client, server, stratum=2, **given):
        """An NTP exchange."""
        row = self.udp(client, server, 123, service="ntp", **given)
        start = self.rows["flows"][row]["start_ns"]
        for sender, mode in ((True, 3), (False, 4)):
            self.rows["ntp"].append(
                {"flow": row, "ts_ns": start, "from_orig": sender, "mode": mode, "stratum": 0 if sender else stratum}
            )
        return row

    def silent(self, client, server, port=443, syns=4, **given):
        """A connection that was tried with so many SYNs over some seconds, and never answered."""
        start = BEGIN + len(self.rows["flows"]) * S
        tried = {"orig_packets": syns, "orig_syns": syns, "end_ns": start + syns * S, "orig_payload_octets": 0}
        return self.flow(client, server, port, unanswered=True, **{**tried, **given})

    def reset(self, client, server, port=443, *, ttl=64, delay_ns=20_000, **given):
        """A SYN that was answered by a RST with this TTL after this time."""
        row = len(self.rows["flows"])
        cells = {
            "resp_packets": 1, "resp_payload_octets": 0, "resp_synacks": 0, "resp_rsts": 1, "conn_state": "REJ",
            "orig_packets": 1, "orig_payload_octets": 0, "synack_ns": -1, "resp_ttl": ttl, "resp_ttl_low": 0,
            "resp_ttl_high": 0, "rst_frame": 10 * row + 2, "rst_ttl": ttl, "rst_delay_ns": delay_ns, "rst_ident": 0,
        }  # fmt: skip
        return self.flow(client, server, port, **{**cells, **given})

    def hello(self, client, server, name, *, frames=4, octets=400, **given):
        """A ClientHello on an open connection that was sent so often and never answered."""
        row = len(self.rows["flows"])
        start = BEGIN + row * S
        cells = {
            "resp_packets": 1, "resp_payload_octets": 0, "orig_packets": 2 + frames, "orig_again": frames - 1,
            "orig_payload_octets": frames * octets, "orig_retransmitted": (frames - 1) * octets, "orig_acked": 0,
            "end_ns": start + 4 * S, "resp_last_frame": 10 * row + 2, "conn_state": "S1",
        }  # fmt: skip
        row = self.tls(client, server, name, **{**cells, **given})
        self.rows["tls"][-1].update(established=False, hello_octets=octets, server_hello_frame=0)
        return row

    def error(self, sender, quoted, kind=3, code=13, ttl=64, mtu=-1):
        """An ICMP error about a flow."""
        six = ":" in sender
        client = self.rows["flows"][quoted]["orig_h"]
        row = self.flow(sender, client, code, proto=58 if six else 1, orig_p=kind, orig_ttl=ttl, resp_packets=0)
        start = self.rows["flows"][row]["start_ns"]
        self.rows["icmp"].append(
            {
                "flow": row, "ts_ns": start, "frame": 10 * row + 1, "sender": sender, "icmp_type": kind, "code": code,
                "quoted_flow": quoted, "ttl": ttl, "mtu": mtu,
            }
        )  # fmt: skip

    def arp(self, address, mac="02:00:00:00:00:09"):
        """A host says that it is there."""
        self.rows["arp"].append({"address": address, "mac": mac, "start_ns": BEGIN, "end_ns": BEGIN, "frame": 1})

    def edge(self, address=EDGE):
        """What tells an Edge."""
        return self.tls(address, "52.218.220.145", STORE)

    def seen(self):
        """The facts."""
        kinds = {"flows": Flows, "dns": Dns, "tls": Tls, "http": Http, "dhcp": Dhcp, "ntp": Ntp}
        kinds |= {"quic": Quic, "rates": Rates, "icmp": Icmp, "arp": Arp}
        tables = {name: table(kind, self.rows[name]) for name, kind in kinds.items()}
        packets = sum(row["orig_packets"] + row["resp_packets"] for row in self.rows["flows"])
        capture = Capture(
            "scene.pcap", "pcap", packets, 1000, BEGIN, BEGIN + self.duration_s * S, cut=False, link_types=("ETHERNET",)
        )  # fmt: skip
        quality = Quality(tcp_flows=len(self.rows["flows"]), **self.quality)
        return Observations((capture,), quality, **tables, certificates=table(Certificates, []))

    def judged(self, site=NOWHERE, packs=None, **given):
        """The conclusions, by the shipped packs where none are given."""
        return judge(self.seen(), packs or shipped(), site, **given)


def verdict(conclusions, row):
    """The verdict of a flow."""
    return str(conclusions.flows.verdict[row])


def outcome(conclusions, rule):
    """What became of a rule."""
    return str(next(found.outcome for found in conclusions.rules if found.rule == rule))


def because(conclusions, rule):
    """Why it became so."""
    return next(found.because for found in conclusions.rules if found.rule == rule)


def codes(conclusions):
    """The codes of the findings, in their order."""
    return [found.code for found in conclusions.findings]


def answer(conclusions, rule):
    """The outcome of a rule, with all that is told of it."""
    return next(found for found in conclusions.rules if found.rule == rule)


def findings(conclusions, code):
    """The findings with a code."""
    return [found for found in conclusions.findings if found.code == code]


def packs_with(rule_id, **given):
    """The shipped packs, one rule of them changed."""
    return [
        replace(pack, rules=tuple(replace(rule, **given) if rule.id == rule_id else rule for rule in pack.rules))
        for pack in shipped()
    ]
