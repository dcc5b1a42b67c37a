"""The allow-list as `set` commands for PAN-OS, to be pasted in configuration mode; nothing is active before `commit`.

What is TLS or HTTP is let through by name in a custom URL category, which the firewall reads from the hello or the Host
header and which knows wildcards; what else has an exact name goes by an FQDN object, which the firewall resolves. What
nobody may decrypt stands in `no-decrypt` rules, which are moved to the top of the decryption rulebase. The security
rules only allow; what they do not name is for the rules below them.
Source: Palo Alto Networks, PAN-OS Administrator's Guide: Create a Custom URL Category; URL Category Exceptions (an
entry that ends with / is the host alone, and `*.` stands for one or more labels); Create a Decryption Policy Rule;
Create a Policy-Based Decryption Exclusion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.addresses import Network
from analyzer.exporting.allowlist import placing
from analyzer.exporting.allowlist.entries import AllowList, Entry, Exported
from analyzer.exporting.allowlist.naming import named, remark

OBJECT, CATEGORY = 63, 31
"""Letters of a name: of an object or rule, and of a custom URL category."""

REMARK = 200
WEB = frozenset({"tls", "http"})


def write(listed: AllowList) -> Exported:
    """The commands for the roles whose hosts the site file tells."""
    rows, absent = placing.placed(listed)
    lines: dict[str, None] = {}
    for who, hosts in placing.sources(rows).items():
        members = [_address(listed.name, net, lines) for net in hosts]
        lines[f"set address-group {_group(listed.name, who)} static {_words(members)}"] = None
    for entry in rows:
        _allow(listed.name, entry, lines)
    for who in dict.fromkeys(entry.who for entry in rows):
        _exempt(listed.name, who, [entry for entry in rows if entry.who == who], lines)
    cannot = placing.unheld(
        "a URL category holds TLS and HTTP alone: what else goes to these wildcards is not held",
        ((entry, entry.wildcards) for entry in rows if not entry.addresses and _beside(entry)),
    )
    return Exported(
        "\n".join(lines) + "\n", (*absent, *cannot, "the security rules have to stand above those that deny")
    )


def _group(pack: str, who: str) -> str:
    return named(f"{pack}-{who}", OBJECT)


def _beside(entry: Entry) -> bool:
    """Whether something else than TLS and HTTP may run there."""
    return not entry.payload or bool(set(entry.payload) - WEB)


def _allow(pack: str, entry: Entry, lines: dict[str, None]) -> None:
    """The rules for a row, with the objects that they name."""
    services = [_service(pack, port, transport, lines) for port, transport in entry.ports] or ["any"]
    head = f"{pack}-{entry.who}-{entry.rule}"
    if entry.addresses or entry.open:
        found = [_address(pack, net, lines) for net in placing.networks(entry.addresses)] or ["any"]
        _rule(head, pack, entry, services, lines, destination=found)
        return
    if WEB & set(entry.payload):
        category = _category(f"{pack}-{entry.rule}", entry.names, lines)
        _rule(head, pack, entry, services, lines, category=category)
    if entry.exact and _beside(entry):
        found = [_name(pack, name, lines) for name in entry.exact]
        _rule(f"{head}-fqdn", pack, entry, services, lines, destination=found)


def _rule(  # noqa: PLR0913 - what a rule is made of
    name: str, pack: str, entry: Entry, services: Sequence[str], lines: dict[str, None], *,
    destination: Sequence[str] = ("any",), category: str = "any",
) -> None:  # fmt: skip
    """A security rule."""
    said = remark(f"{entry.rule}: {entry.title}", REMARK)
    lines[
        f"set rulebase security rules {named(name, OBJECT)} from any to any source {_group(pack, entry.who)} "
        f"destination {_words(destination)} source-user any category {category} application any "
        f'service {_words(services)} action allow description "{said}"'
    ] = None


def _exempt(pack: str, who: str, rows: Sequence[Entry], lines: dict[str, None]) -> None:
    """The rules that keep a role's TLS from being decrypted."""
    names, numbers = placing.exempt(rows)
    held = []
    if names:
        held.append(("names", "any", _category(f"{pack}-{who}-no-decrypt", names, lines)))
    if numbers:
        held.append(("addresses", _words([_address(pack, net, lines) for net in numbers]), "any"))
    for kind, destination, category in held:
        rule = named(f"{pack}-{who}-no-decrypt-{kind}", OBJECT)
        lines[
            f"set rulebase decryption rules {rule} from any to any source {_group(pack, who)} "
            f"destination {destination} source-user any category {category} service any "
            "action no-decrypt type ssl-forward-proxy"
        ] = None
        lines[f"move rulebase decryption rules {rule} top"] = None


def _category(text: str, names: Iterable[str], lines: dict[str, None]) -> str:
    """The name of a custom URL category, which is made where it is not."""
    name = named(text, CATEGORY)
    lines[f'set profiles custom-url-category {name} type "URL List"'] = None
    lines[f"set profiles custom-url-category {name} list {_words([f'{placing.host_name(one)}/' for one in names])}"] = (
        None
    )
    return name


def _address(pack: str, net: Network, lines: dict[str, None]) -> str:
    """The name of an address object, which is made where it is not."""
    name = named(f"{pack}-{placing.written(net)}", OBJECT)
    lines[f"set address {name} ip-netmask {net}"] = None
    return name


def _name(pack: str, host: str, lines: dict[str, None]) -> str:
    """The name of an FQDN object, which is made where it is not."""
    name = named(f"{pack}-{host}", OBJECT)
    lines[f"set address {name} fqdn {placing.host_name(host)}"] = None
    return name


def _service(pack: str, port: int, transport: str, lines: dict[str, None]) -> str:
    """The name of a service object, which is made where it is not."""
    name = named(f"{pack}-{transport}-{port}", OBJECT)
    lines[f"set service {name} protocol {transport} port {port}"] = None
    return name


def _words(words: Sequence[str]) -> str:
    """One word, or several as a list."""
    return words[0] if len(words) == 1 else f"[ {' '.join(words)} ]"
