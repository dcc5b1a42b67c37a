"""The allow-list as the permissions of an AWS security group."""

from __future__ import annotations

import json
import re
from ipaddress import ip_network

import botocore.session
import pytest
from botocore.validate import ParamValidator

from analyzer.exporting.allowlist import AllowListError, aws, export
from analyzer.sitefile import Site
from tests.builders.allowlists import PACKS, SITE, VARIANTS, hostile, listed

ROLES = [(pack, variant, role) for pack, variant in VARIANTS for role in listed(pack, variant).roles]


def of_role(pack, variant, role):
    """The rows of one role."""
    made = listed(pack, variant)
    return made._replace(rows=tuple(entry for entry in made.rows if entry.who == role))


def ranges(permissions):
    """Each rule as protocol, ports and network."""
    return [
        (one["IpProtocol"], one.get("FromPort"), one.get("ToPort"), held[key])
        for one in permissions
        for list_name, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))
        for held in one.get(list_name, ())
    ]


@pytest.fixture(scope="module")
def operation():
    """The call as the service's own model describes it."""
    return botocore.session.get_session().get_service_model("ec2").operation_model("AuthorizeSecurityGroupEgress")


@pytest.mark.parametrize(("pack", "variant", "role"), [one for one in ROLES if one[2] != "browser"])
def test_the_service_takes_it(operation, pack, variant, role):
    """By its own validator; no rule stands there twice."""
    permissions = json.loads(aws.write(of_role(pack, variant, role)).text)
    report = ParamValidator().validate({"GroupId": "sg-1", "IpPermissions": permissions}, operation.input_shape)
    assert not report.has_errors(), report.generate_report()
    held = ranges(permissions)
    assert len(held) == len(set(held))


@pytest.mark.parametrize(("pack", "variant", "role"), [one for one in ROLES if one[2] != "browser"])
def test_addresses_are_held_and_names_are_told(pack, variant, role):
    """Each address and port of a row, anybody in both families, and each name that is not held."""
    made = aws.write(of_role(pack, variant, role))
    wanted = set()
    for entry in of_role(pack, variant, role).rows:
        for one in entry.addresses or ("0.0.0.0/0", "::/0") * entry.open:
            wanted |= {(transport, port, port, str(ip_network(one))) for port, transport in entry.ports}
        for name in entry.names if not entry.addresses else ():
            assert any(f"{entry.rule} (" in note and name in note for note in made.notes)
    assert set(ranges(json.loads(made.text))) == wanted


def test_a_row_without_ports_is_all_that_ip_carries():
    """Protocol -1 has no ports."""
    made = of_role("machinemetrics", "standard", "edge")
    row = next(entry for entry in made.rows if entry.rule == "mm-nats-std-1")._replace(ports=())
    assert ranges(json.loads(aws.write(made._replace(rows=(row,))).text)) == [("-1", None, None, "54.218.103.126/32")]


def test_a_role_of_names_alone_is_refused():
    """An empty group would let nothing through: the names that cannot be held are told instead."""
    with pytest.raises(AllowListError, match=r"knows no names; not held: mm-std-api \(api.machinemetrics.com\)"):
        export(PACKS["machinemetrics"], "standard", SITE, "aws", role="browser")
    with pytest.raises(AllowListError, match="--role with one of edge, browser"):
        export(PACKS["machinemetrics"], "standard", Site(), "aws")


def test_descriptions_are_of_letters_that_the_service_takes():
    """At most 255 of them."""
    made = hostile()
    same = tuple(entry._replace(addresses=("203.0.113.1",), ports=((443, "tcp"),)) for entry in made.rows)
    (one,) = json.loads(aws.write(made._replace(rows=same)).text)
    (held,) = one["IpRanges"]
    assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", held["Description"])
