"""The scenarios, by the names of the captures they make."""

from staging.recording import Scenario

from scenarios import govcloud, machinemetrics, office, skala

SCENARIOS = {
    "mm-clean": Scenario("acme", machinemetrics.clean),
    "mm-faults": Scenario("acme", machinemetrics.faults),
    "mm-govcloud-clean": Scenario("delta", govcloud.clean),
    "mm-govcloud-redirect": Scenario("delta", govcloud.redirect),
    "skala-clean": Scenario("bay", skala.clean),
    "skala-faults": Scenario("bay", skala.faults),
    "office": Scenario("law", office.plain),
}
