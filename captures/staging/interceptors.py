"""Programs that stand on a site's firewall and speak TLS in the name of the servers beyond it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from staging.links import located
from staging.stage import Stage

AT = 8080
OWN_AUTHORITY = "/O=Acme Perimeter/CN=Acme Perimeter TLS Inspection"


def start_mitmproxy(stage: Stage, *past: str) -> str:
    """Start mitmproxy, which opens what it is given but hands on TLS to the names `past` it; its authority, PEM."""
    firewall = stage.firewall
    program, folder = located("mitmdump"), stage.scratch / "mitmproxy"
    if program is None:
        raise RuntimeError("mitmdump is not installed")
    words = ["--mode", f"transparent@{firewall.main_address}:{AT}", "--set", f"confdir={folder}"]
    words += ["--set", f"ssl_verify_upstream_trusted_ca={stage.public_roots}", "--set", "flow_detail=0"]
    for name in past:
        words += ["--ignore-hosts", f"^{re.escape(name)}:443$"]
    firewall.start(program, *words)
    firewall.wait_for(firewall.main_address, AT)
    return (folder / "mitmproxy-ca-cert.pem").read_text("ascii")


def start_sslsplit(stage: Stage) -> None:
    """Start sslsplit, which opens what it is given, with an authority that nobody was told to trust."""
    firewall = stage.firewall
    key, certificate = stage.scratch / "sslsplit.key.pem", stage.scratch / "sslsplit.pem"
    made = ("-newkey", "rsa:2048", "-noenc", "-keyout", str(key), "-out", str(certificate))
    firewall.do("openssl", "req", "-x509", *made, "-days", "3650", "-subj", OWN_AUTHORITY)
    words = ("-u", "root", "-k", str(key), "-c", str(certificate))
    firewall.start("sslsplit", *words, "https", firewall.main_address, str(AT))
    firewall.wait_for(firewall.main_address, AT)


def divert(stage: Stage, spared: Sequence[str]) -> None:
    """Give the interceptor all that comes from inside for 443, but what goes to the addresses of the names spared."""
    addresses = ", ".join(stage.internet.address(name) for name in spared)
    inward = ("iifname", "lan0", "tcp", "dport", "443", "ip", "daddr", "!=", f"{{ {addresses} }}")
    stage.rule("in", *inward, "redirect", "to", f":{AT}")
