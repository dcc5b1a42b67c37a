"""Acme, plant 3, with one network, recorded on its firewall: every packet stands there before NAT and after it."""

from __future__ import annotations

from dataclasses import replace

from staging.stage import Look, Stage

from scenarios.edge import start_nats, start_tunnel
from scenarios.machinemetrics import CLOUDLINK, NATS, POOL
from scenarios.one_network import put_up, site_file

OUTSIDE = "the same flow behind NAT, seen a second time"


def every_device(stage: Stage) -> None:
    """Show a healthy minute on all devices of the firewall at once."""
    stage.form = "pcapng.gz"
    edge = put_up(stage)
    stage.record_firewall()
    edge.ask("8.8.8.8")
    edge.set_clock(POOL)
    start_tunnel(edge, CLOUDLINK)
    start_nats(edge, {NATS[0]: NATS[0]})
    edge.fetch("api.machinemetrics.com", requests=2)
    stage.pause(9)
    edge.fetch("api.balena-cloud.com", path="/device/v2/state")
    stage.pause(9)
    edge.fetch("mm-edge-uploads.s3.us-west-2.amazonaws.com", post=1500)
    edge.fetch("notify.bugsnag.com", post=600)
    stage.pause(12)
    edge.ask(f"{stage.company}.1", Look(because="the site's resolver, which asks Google DNS"))
    edge.fetch("api.machinemetrics.com", path="/v1/readings", post=900)
    edge.set_clock(f"{stage.company}.1", by_name=False)
    stage.pause(12)
    _tell_twice(stage, edge.main_address)
    stage.site = site_file(stage)
    seen = ("api", "edge-uploads", "bugsnag", "cloudlink")
    stage.script.outcome("holds", "mm-no-inbound", "mm-nats-std-1", *(f"mm-std-{name}" for name in seen))


def _tell_twice(stage: Stage, inside: str) -> None:
    """Note that what went out went out with the site's public address as well; its ports stayed as they were."""
    twin = Look("not_judged", OUTSIDE, also=("expected", "undetermined"))
    for intent in list(stage.script.chapters[-1].intents.values()):
        if intent.orig == inside and not intent.resp.startswith(f"{stage.company}."):
            said = {"verdict": twin.verdict, "because": twin.because, "also": twin.also}
            stage.script.expect(replace(intent, orig=stage.outside, **said))
