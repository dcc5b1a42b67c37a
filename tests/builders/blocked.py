"""Evidence of one detector on a made-up scene, every flow being asked about."""

from __future__ import annotations

import numpy as np

from analyzer.judging.vantage import Vantage
from tests.builders.site import EDGE, PUBLIC, Scene

FAR = "203.0.113.80"
"""A public server that works, by whose answers others are measured."""

NEAR = {"resp_ttl": 64, "resp_ttl_low": 64, "resp_ttl_high": 64}
"""Of a flow whose answers passed no router."""


def measured():
    """A site with a public server that works, beyond four routers and 25 ms away."""
    scene = Scene()
    scene.tls(EDGE, FAR, "works.example")
    return scene


def asked(scene, name, *, near=False, target="/", **answer):
    """A plain request to a public server and its answer, from next door or from afar."""
    given = NEAR if near else {}
    row = scene.flow(EDGE, PUBLIC, 80, service="http", server_name=name, server_name_basis="host", **given)
    scene.request(row, host=name, target=target, **answer)
    return row


def view_of(scene, **given):
    """The scene as detectors see it."""
    seen = scene.seen()
    return Vantage(seen, np.ones(len(seen.flows.proto), np.bool_), **given)


def evidence(detector, scene, **given):
    """What a detector finds in a scene."""
    return list(detector.find(view_of(scene, **given)))


def leanings(detector, scene, **given):
    """Flow, leaning and strength of what a detector finds."""
    return [(found.flow, str(found.leaning), str(found.strength)) for found in evidence(detector, scene, **given)]
