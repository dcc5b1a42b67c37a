"""One check per kind of rule: what the capture says of a requirement, and what the user has to look at."""

from __future__ import annotations

from typing import Protocol

from analyzer.judging.case import Answer, Case
from analyzer.judging.checks import (
    budget,
    checklist,
    destination,
    dns_works,
    isolated_machines,
    link_rate,
    local_name,
    no_dhcp,
    no_inbound,
    no_interception,
    not_observable,
    ntp_works,
    one_variant,
    only_documented,
    plan,
    proxy,
    reachable,
    same_subnet,
    stable_address,
)
from analyzer.rulepack import Rule


class Check(Protocol):
    """A module of this folder. KIND is a rule's `kind`; LAST tells that it asks what others answered."""

    KIND: str
    LAST: int

    def check(self, rule: Rule, case: Case) -> Answer:
        """What became of a rule."""


CHECKS: tuple[Check, ...] = (
    destination,
    only_documented,
    no_inbound,
    isolated_machines,
    no_dhcp,
    stable_address,
    same_subnet,
    no_interception,
    budget,
    plan,
    proxy,
    local_name,
    link_rate,
    not_observable,
    one_variant,
    dns_works,
    ntp_works,
    reachable,
    checklist,
)

BY_KIND = {check.KIND: check for check in CHECKS}
