"""The scenarios, by the names of the captures they make."""

from staging.recording import Scenario

from scenarios import firewalled, gateway, govcloud, machinemetrics, office, proxied, skala, webfilter

SCENARIOS = {
    "mm-clean": Scenario("acme", machinemetrics.clean),
    "mm-faults": Scenario("acme", machinemetrics.faults),
    "mm-blocked": Scenario("acme", firewalled.blocked),
    "mm-proxy-denied": Scenario("acme", proxied.denied),
    "mm-blocked-any": Scenario("acme", gateway.every_device),
    "mm-govcloud-clean": Scenario("delta", govcloud.clean),
    "mm-govcloud-redirect": Scenario("delta", govcloud.redirect),
    "skala-clean": Scenario("bay", skala.clean),
    "skala-faults": Scenario("bay", skala.faults),
    "skala-blocked": Scenario("bay", webfilter.blocked),
    "office": Scenario("law", office.plain),
}
