"""Three hours of a small plant on MachineMetrics' standard cloud, for what a capture of a minute cannot show.

The Edge uploads within its budget, with a burst and idle stretches; in the second hour it is updated; it polls each
machine at another pace in each hour, and one not at all in the third. Somebody has the dashboard open for a while.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator
from random import Random

from scapy.layers.dns import DNS, DNSQR, DNSRR

from built.hello import records, shake_hands
from built.polling import POLLS
from built.wire import MS, TICK, Connection, Flow, Host, Wire

NAME = "mm-capacity"
SITE = "10.48.0"
SECOND, MINUTE, HOUR = 1_000_000_000, 60_000_000_000, 3_600_000_000_000
BEGIN = int(dt.datetime(2026, 11, 10, 6, tzinfo=dt.UTC).timestamp()) * SECOND
END = BEGIN + 3 * HOUR

EDGE = Host("edge-1", f"{SITE}.10", "02:6d:0c:48:00:10")
ROUTER = Host("router", f"{SITE}.1", "02:6d:0c:48:00:01")
DESK = Host("front desk", f"{SITE}.62", "02:6d:0c:48:00:62", ttl=128)
# each machine, its class, protocol, and how often it is polled in each hour (s, 0 for never)
MACHINES = {
    Host("lathe-2", f"{SITE}.21", "02:6d:0c:48:00:21", rtt_ns=2 * MS): ("standard", "modbus", (60, 30, 90)),
    Host("mill-4", f"{SITE}.24", "02:6d:0c:48:00:24", ttl=128): ("standard", "mtconnect", (180, 90, 120)),
    Host("robodrill", f"{SITE}.25", "02:6d:0c:48:00:25", rtt_ns=MS): ("focas", "focas", (40, 20, 60)),
    Host("vf-2", f"{SITE}.26", "02:6d:0c:48:00:26", ttl=255, rtt_ns=9 * MS): ("standard", "haas-q", (90, 120, 0)),
}
BUDGET_BPS = {"standard": 1000, "focas": 5000}
TOLERANCE, BUDGET_WINDOW_S = 0.25, 300


def _abroad(name: str, address: str, ttl: int, rtt_ms: float) -> Host:
    """A host behind the router; what it sends comes at the pace of the uplink, 20 Mbit/s."""
    return Host(name, address, ROUTER.mac, ttl, round(rtt_ms * MS), segment_ns=9 * TICK, site=False)


RESOLVER = _abroad("", "8.8.8.8", 117, 9.1)
TIME = _abroad("0.resinio.pool.ntp.org", "162.159.200.62", 53, 35.2)
UPLOADS = _abroad("mm-edge-uploads.s3.us-west-2.amazonaws.com", "52.218.179.113", 241, 42.3)
NATS = _abroad("", "54.218.103.126", 51, 43.9)
REGISTRY = _abroad("registry2.balena-cloud.com", "34.196.88.21", 52, 74.6)
LAYERS = _abroad("prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com", "52.218.204.9", 241, 42.8)
APP = _abroad("app.machinemetrics.com", "13.224.125.193", 246, 9.9)

BROWSER_LOOKUP = "a browser's lookup; the document is silent"

BURST = (BEGIN + HOUR + 46 * MINUTE, 30, 2)  # begin, s, s from one upload to the next
IDLE = ((31, 8), (65, 9), (146, 10))  # first minute, and how many, in which nothing is uploaded
UPLOAD_EVERY_S = 45
BURST_OCTETS = 6_255  # ten times the mean of the whole
UPDATE = BEGIN + HOUR + 48 * MINUTE + 30 * SECOND
IMAGES = (1_310_720, 655_360)  # octets of the layers that an update brings
NATS_INFO = (
    '{"server_id":"NC7VXQ2LBAP4KJ5T6WMY3ZDGHRFSU8E9","server_name":"leaf-us-west-2a","version":"2.10.18","proto":1,'
    '"go":"go1.22.5","host":"0.0.0.0","port":7422,"headers":true,"tls_required":true,"max_payload":1048576}'
)


class Plant:
    """The wire of the plant, and the ports, identifiers and moments that its hosts draw."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.ports = Random(f"{NAME} ports")
        self.taken: set[int] = set()

    def flow(  # noqa: PLR0913 - a flow has two ends, a port, and what is right to say of it
        self, orig: Host, resp: Host, port: int, service: str, purpose: str, because: str, proto: str = "tcp"
    ) -> Flow:
        """A flow from a port that nobody had before."""
        own = self.ports.randrange(32768, 60999)
        while own in self.taken:
            own = self.ports.randrange(32768, 60999)
        self.taken.add(own)
        return Flow(proto, orig, own, resp, port, service, purpose, because)

    def look_up(self, at_ns: int, asker: Host, host: Host) -> int:
        """Ask Google's resolver for a host's address; when it was told, and a moment later."""
        served = ("name resolution", "Google DNS, as documented") if asker == EDGE else ("", BROWSER_LOOKUP)
        flow = self.flow(asker, RESOLVER, 53, "dns", *served, "udp")
        number, name = self.ports.getrandbits(16), f"{host.name}."
        question = DNS(id=number, rd=1, qd=DNSQR(qname=name))
        answer = DNSRR(rrname=name, ttl=60, rdata=host.address)
        reply = DNS(id=number, qr=1, rd=1, ra=1, qd=DNSQR(qname=name), an=answer)
        return self.wire.exchange(at_ns, flow, bytes(question), bytes(reply)) + MS

    def connect(self, at_ns: int, flow: Flow, *, ack_each: int = 2) -> tuple[Connection, int]:
        """Open a connection; it, and when it was open."""
        talk = Connection(self.wire, flow, Random(f"{NAME} {flow.orig_p}"), ack_each=ack_each)
        return talk, talk.open(at_ns)

    def secure(  # noqa: PLR0913 - a TLS connection has that many properties
        self, at_ns: int, orig: Host, resp: Host, purpose: str, *, alpn: str = "http/1.1", ack_each: int = 2
    ) -> tuple[Connection, int]:
        """Look a name up and open a TLS connection to its host; it, and when it was open."""
        at_ns = self.look_up(at_ns, orig, resp)
        flow = self.flow(orig, resp, 443, "tls", purpose, "a documented destination")
        talk, at_ns = self.connect(at_ns, flow, ack_each=ack_each)
        chance = Random(f"{NAME} {resp.name} {flow.orig_p}")
        return talk, shake_hands(talk, at_ns, resp.name, chance, alpn=alpn, flight=chance.randrange(3900, 4900))


def play() -> Wire:
    """All that happens in the three hours."""
    plant = Plant()
    neighbours = ((EDGE, ROUTER), *((EDGE, machine) for machine in MACHINES), (DESK, ROUTER))
    for index, (asker, asked) in enumerate(neighbours):
        plant.wire.resolve(BEGIN + 213_417_000 + index * 61 * MS + 19 * MINUTE * (asker == DESK), asker, asked)
    for machine in MACHINES:
        _poll(plant, machine)
    _tell_time(plant)
    _upload(plant)
    _stay_in_touch(plant)
    _update(plant)
    _show(plant)
    return plant.wire


def paced(begin_ns: int, end_ns: int, every_s: float, chance: Random) -> Iterator[int]:
    """Moments from one time to another, so many seconds apart, each a little late."""
    at_ns = begin_ns
    while at_ns < end_ns:
        yield at_ns + chance.randrange(400_000) * 1000
        at_ns += round(every_s * SECOND)


def _poll(plant: Plant, machine: Host) -> None:
    """Read a machine over one connection; it is closed where the machine is no longer collected from."""
    _, protocol, every = MACHINES[machine]
    port, questions, first = POLLS[protocol]
    chance = Random(f"{NAME} {machine.name}")
    flow = plant.flow(EDGE, machine, port, protocol, "machine data", "a machine's documented port")
    begin = BEGIN + chance.randrange(2, 9) * SECOND
    talk, at_ns = plant.connect(begin, flow)
    if first:
        talk.ask(at_ns, *first)
    spoken = questions(chance)
    for hour, pause in enumerate(every):
        if not pause:
            talk.close(BEGIN + hour * HOUR - 7 * SECOND)
            break
        start, end = max(BEGIN + hour * HOUR, begin + SECOND), BEGIN + (hour + 1) * HOUR - 8 * SECOND
        for moment in paced(start, end, pause, chance):
            talk.ask(moment, *next(spoken))


def _tell_time(plant: Plant) -> None:
    """Ask the pool for the time, every 1024 s, as chrony does: each time from a port of its own."""
    chance = Random(f"{NAME} ntp")
    for moment in paced(BEGIN + 3 * SECOND, END - MINUTE, 1024, chance):
        at_ns = plant.look_up(moment, EDGE, TIME) if moment < BEGIN + MINUTE else moment
        flow = plant.flow(EDGE, TIME, 123, "ntp", "time", "the documented pool", "udp")
        sent = chance.randbytes(8)
        asked = struct.pack("!BBbb11I", 0x23, 0, 10, 32, *[0] * 11)[:40] + sent
        told = [_ntp_time(at_ns + part * MS) for part in (-310_000, 17, 18)]
        head = struct.pack("!BBbbII4s", 0x24, 3, 10, -25, 0x0121, 0x01C3, bytes((10, 51, 8, 24)))
        plant.wire.exchange(at_ns, flow, asked, head + told[0] + sent + told[1] + told[2])


def _ntp_time(time_ns: int) -> bytes:
    """A time stamp of NTP (RFC 5905 section 6)."""
    seconds, rest = divmod(time_ns, SECOND)
    return struct.pack("!II", seconds + 2_208_988_800, (rest << 32) // SECOND)


def _upload(plant: Plant) -> None:
    """Put what was collected into the bucket for uploads, over one connection until half past seven, then another."""
    half = BEGIN + 90 * MINUTE
    for begin, end in ((BEGIN + 11 * SECOND, half), (half + 4 * SECOND, END)):
        talk, at_ns = plant.secure(begin, EDGE, UPLOADS, "telemetry", ack_each=4)
        for moment, octets in _batches(at_ns + SECOND, end - 6 * SECOND):
            talk.ask(moment, records(octets), records(412), think_ns=31 * MS)
        if end < END:
            talk.close(end)


def _batches(begin_ns: int, end_ns: int) -> list[tuple[int, int]]:
    """When something is uploaded, and how many octets: less or more each time, nothing for a while, a burst."""
    chance = Random(f"{NAME} uploads {begin_ns}")
    idle = [(BEGIN + first * MINUTE, BEGIN + (first + number) * MINUTE) for first, number in IDLE]
    start, seconds, pause = BURST
    idle.append((start - 5 * SECOND, start + (seconds + 5) * SECOND))
    made = [(moment, chance.randrange(12_400, 19_600)) for moment in paced(begin_ns, end_ns, UPLOAD_EVERY_S, chance)]
    made = [(moment, octets) for moment, octets in made if not any(first <= moment < last for first, last in idle)]
    if begin_ns < start < end_ns:
        made += [(start + second * SECOND + 120 * MS, BURST_OCTETS) for second in range(0, seconds, pause)]
    return sorted(made)


def _stay_in_touch(plant: Plant) -> None:
    """Hold a NATS connection to a documented address: a few words every two minutes."""
    chance = Random(f"{NAME} nats")
    flow = plant.flow(EDGE, NATS, 7422, "nats", "telemetry", "NATS at a documented address")
    talk, at_ns = plant.connect(BEGIN + 17 * SECOND, flow)
    at_ns = talk.say(at_ns + 44 * MS, f"INFO {NATS_INFO}\r\n".encode("ascii"), forth=False)
    at_ns = shake_hands(talk, at_ns + MS, "", chance, alpn="", flight=2_480)
    for moment in paced(at_ns + SECOND, END - 10 * SECOND, 120, chance):
        talk.ask(moment, records(chance.randrange(96, 240)), records(6))
    talk.ask(END - SECOND // 2, records(96), records(6))


def _update(plant: Plant) -> None:
    """Ask balena's registry for an image, and bring its layers from the documented bucket."""
    registry, at_ns = plant.secure(UPDATE, EDGE, REGISTRY, "software updates")
    for _ in IMAGES:
        at_ns = registry.ask(at_ns + 40 * MS, records(940), records(2_750), think_ns=60 * MS)
    registry.close(at_ns + 5 * SECOND)
    for index, octets in enumerate(IMAGES):
        layers, begun = plant.secure(UPDATE + (3 + 21 * index) * SECOND, EDGE, LAYERS, "software updates")
        done = layers.ask(begun, records(870), records(octets), think_ns=24 * MS)
        layers.close(done + SECOND)


def _show(plant: Plant) -> None:
    """Open the dashboard at 6:20, let it renew itself, close it at 8:40."""
    chance = Random(f"{NAME} dashboard")
    talk, at_ns = plant.secure(BEGIN + 20 * MINUTE, DESK, APP, "dashboard", alpn="h2")
    at_ns = talk.ask(at_ns, records(610), records(58_400), think_ns=44 * MS)
    for moment in paced(at_ns + 30 * SECOND, BEGIN + 160 * MINUTE, 75, chance):
        talk.ask(moment, records(132), records(chance.randrange(3_000, 4_300)), think_ns=26 * MS)
    talk.close(BEGIN + 160 * MINUTE + 5 * SECOND)
