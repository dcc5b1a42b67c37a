"""Facts of one site as two taps see it, on either side of a firewall."""

from __future__ import annotations

import dataclasses

from tests.builders.site import BEGIN, S, Scene

HERE, THERE, SERVER, RESOLVER = "10.0.0.5", "203.0.113.7", "192.0.2.9", "192.0.2.53"


class Site:
    """Both scenes, whose flows begin at the same moments by clocks that differ."""

    def __init__(self, offset_s=0):
        self.inside, self.outside = Scene(), Scene()
        self.offset_s = offset_s
        self.now = 0

    def wait(self, seconds):
        """Nothing happens for so long."""
        self.now += seconds

    def stamp(self, scene, row, offset_s, late_ns=0, **cells):
        """Let a flow begin now, by a clock that is ahead so far."""
        start = BEGIN + (self.now + offset_s) * S + late_ns
        scene.rows["flows"][row].update(start_ns=start, end_ns=start + S, **cells)
        for table, column in (("tls", "ts_ns"), ("rates", "start_ns")):
            for cells_ in scene.rows[table]:
                if cells_["flow"] == row:
                    cells_[column] = start

    def both(self, make, isns, late_ns=0):
        """A flow on both sides, made by `make(scene, client)`; its numbers are -1 for a datagram's."""
        sides = ((self.inside, HERE, 0, 0), (self.outside, THERE, self.offset_s, late_ns))
        for (scene, client, offset, late), isn in zip(sides, isns, strict=True):
            row = make(scene, client)
            self.stamp(scene, row, offset, late, orig_isn=isn, resp_isn=isn if isn < 0 else isn + 7, twin=-1)
        self.now += 1

    def asked(self, mark, answer=True):
        """A question to a resolver, with a number of its own, that a NAT passes on."""
        self.both(
            lambda scene, client: scene.udp(client, RESOLVER, 53, orig_print=mark, unanswered=not answer), (-1, -1)
        )

    def only(self, scene, row, isn=5, **cells):
        """A flow that is seen on one side."""
        self.stamp(scene, row, 0 if scene is self.inside else self.offset_s, orig_isn=isn, twin=-1, **cells)
        return row

    def passed(self, name, hello, isn=None):
        """A TLS session that a NAT passes on."""
        isn = hello * 1000 if isn is None else isn
        self.both(lambda scene, client: self.session(scene, client, name, hello), (isn, isn))

    def relayed(self, name, hello):
        """A TLS session that a proxy passes on unopened, in a connection of its own."""

        def make(scene, client):
            row = self.session(scene, client, name, hello)
            trip = 40_000 if client == HERE else 25_000_000
            scene.rows["flows"][row].update(synack_ns=trip)
            return row

        self.both(make, (hello * 1000, hello * 1000 + 1), late_ns=20_000_000)

    def opened(self, name, hello, answered=True):
        """A TLS session that is said anew outside."""

        def make(scene, client):
            other = hello if client == HERE else hello + 1_000_000
            row = self.session(scene, client, name, other)
            cells = {"synack_ns": 40_000, "resp_ttl_high": 64} if client == HERE else {"synack_ns": 25_000_000}
            scene.rows["flows"][row].update(cells)
            if not answered:
                scene.rows["tls"][-1].update(server_print=0, server_hello_frame=0)
            return row

        self.both(make, (hello * 1000, hello * 1000 + 1), late_ns=50_000_000)

    def plain(self, port, isn, server=SERVER):
        """A TCP connection without TLS that a NAT passes on."""
        self.both(lambda scene, client: scene.flow(client, server, port), (isn, isn))

    def session(self, scene, client, name, hello):
        """A TLS session of one side."""
        row = scene.tls(client, SERVER, name)
        self.add_hello(scene, hello)
        return row

    @staticmethod
    def add_hello(scene, hello):
        """Give the scene's last session its hellos' prints."""
        scene.rows["tls"][-1].update(client_print=hello, server_print=hello + 500, server_hello_frame=3)

    def seen(self):
        """The facts of both taps, which listened all the while and some seconds more."""
        made = []
        for scene, offset in ((self.inside, 0), (self.outside, self.offset_s)):
            facts = scene.seen()
            capture = dataclasses.replace(
                facts.captures[0], start_ns=BEGIN + (offset - 30) * S, end_ns=BEGIN + (offset + self.now + 30) * S
            )
            made.append(dataclasses.replace(facts, captures=(capture,)))
        return made


def pairs_of(taps):
    """Each pair: flow inside, flow outside, passage, and what they have in common."""
    pairs = taps.pairs
    rows = zip(pairs.inside, pairs.outside, pairs.passage, pairs.paired_by, strict=True)
    return [(int(one), int(other), what, how) for one, other, what, how in rows]
