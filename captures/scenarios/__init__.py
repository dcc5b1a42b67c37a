"""The scenarios, by the names of the captures they make."""

from staging.recording import Scenario

from scenarios import firewalled, gateway, govcloud, inspected, machinemetrics, office, proxied, skala, webfilter

CLOUD = ("nats-server", "openvpn")
SCENARIOS = {
    "mm-clean": Scenario("acme", machinemetrics.clean, CLOUD),
    "mm-faults": Scenario("acme", machinemetrics.faults, (*CLOUD, "ssh")),
    "mm-blocked": Scenario("acme", firewalled.blocked, CLOUD),
    "mm-proxy-denied": Scenario("acme", proxied.denied, (*CLOUD, "squid", "openssl")),
    "mm-blocked-any": Scenario("acme", gateway.every_device, CLOUD),
    "mm-intercepted": Scenario(
        "acme", inspected.opened, (*CLOUD, "mitmdump", "wget"), also=("mm-intercepted-outside",)
    ),
    "mm-resigned": Scenario(
        "acme", inspected.resigned, (*CLOUD, "sslsplit", "openssl", "wget"), also=("mm-resigned-outside",)
    ),
    "mm-govcloud-clean": Scenario("delta", govcloud.clean, CLOUD),
    "mm-govcloud-redirect": Scenario("delta", govcloud.redirect, CLOUD),
    "skala-clean": Scenario("bay", skala.clean),
    "skala-faults": Scenario("bay", skala.faults),
    "skala-blocked": Scenario("bay", webfilter.blocked, ("nginx",)),
    "office": Scenario("law", office.plain),
}
