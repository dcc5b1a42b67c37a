"""The scenarios, by the names of the captures they make."""

from staging.recording import Scenario

from scenarios import machinemetrics

SCENARIOS = {
    "mm-clean": Scenario("acme", machinemetrics.clean),
    "mm-faults": Scenario("acme", machinemetrics.faults),
}
