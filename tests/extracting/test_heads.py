"""Heads of HTTP without what is nobody's business."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.extracting.disguise import Disguise
from analyzer.extracting.heads import authority, http, uri
from analyzer.judging import products
from analyzer.rulepack import shipped

DISGUISE = Disguise(b"key", shipped())


def headed(*lines):
    """A head in disguise, line by line."""
    return http("\r\n".join([*lines, "", ""]).encode(), DISGUISE).decode().split("\r\n")[:-2]


def test_a_request_is_known_and_says_nothing():
    """Method, form and known words stay; host, other words, query, cookies and credentials do not."""
    host = DISGUISE.name(b"erp.zwieback.example").decode()
    line, *fields = headed(
        "GET http://joe:pw@erp.zwieback.example:8080/pool/zwieback?token=abc HTTP/1.1",
        "Host: erp.zwieback.example:8080",
        "Authorization: Basic am9lOnB3",
        "Proxy-Authorization: hunter2",
        "Cookie: sid=abc",
        "User-Agent: pip/9 zwieback",
        "Content-Length: 77",
    )
    word = DISGUISE.label(b"zwieback").decode()
    assert line == f"GET http://xxxxxx@{host}:8080/pool/{word}?xxxxxxxxx HTTP/1.1"
    assert fields[0] == f"Host: {host}:8080"
    assert fields[1] == "Authorization: Basic xxxxxxxx"
    assert "hunter" not in fields[2]
    assert fields[3] == "Cookie: xxxxxxx"
    assert fields[4].startswith("User-Agent: pip/")
    assert "zwieback" not in fields[4]
    assert fields[5] == "Content-Length: 77"


def test_bodies_are_zeroed_but_for_the_title():
    """Whose words are others, where they are not those by which pages say that they block."""
    octets = b"HTTP/1.1 403 Forbidden\r\nServer: x\r\n\r\n<html><title a=joe>Access denied: zwieback</title>secret"
    made = http(octets, DISGUISE)
    assert len(made) == len(octets)
    assert b"<title>" in made
    assert b"Access denied: " in made
    assert b"secret" not in made
    assert b"zwieback" not in made
    assert b"joe" not in made


@pytest.mark.parametrize(
    ("location", "title", "header"),
    [
        ("https://10.0.0.1:1003/fgtauth?0a1b", "", ""),
        ("", "Web Page Blocked!", ""),
        ("", "FortiGuard Intrusion Prevention - Access Blocked", ""),
        ("https://10.1.1.1:6082/php/uid.php?vsys=1", "", ""),
        ("https://block.opendns.com/main?url=x", "", ""),
        ("http://wired.meraki.com:8090/blocked.cgi?b=1", "", ""),
        ("https://gateway.zscaler.net/block?x", "", ""),
        ("http://10.0.0.5/webadmin/deny/index.php", "", ""),
        ("http://10.0.0.5:15871/cgi-bin/blockpage.cgi?ws=1", "", ""),
        ("http://notify.bluecoat.com/a", "", ""),
        ("http://10.0.0.5/sgerror.php?url=403", "", ""),
        ("http://10.0.0.5/http-blocker/blockpage?nonce=1", "", ""),
        ("", "", "x-squid-error: ERR_ACCESS_DENIED 0"),
        ("", "ERROR: The requested URL could not be retrieved", ""),
        ("", "ERROR: Cache Access Denied", ""),
    ],
)
def test_products_are_known_as_before(location, title, header):
    """By what their pages and redirects say."""
    before = products.named(location, title, header)
    after = products.named(
        uri(location.encode(), DISGUISE).decode(),
        DISGUISE.words(title.encode()).decode(),
        DISGUISE.words(header.encode()).decode(),
    )
    assert before
    assert after == before


def test_a_place_keeps_its_port():
    """With another host; of a literal IPv6 address its form."""
    assert authority(b"erp.zwieback.example:443", DISGUISE) == DISGUISE.name(b"erp.zwieback.example") + b":443"
    assert authority(b"joe:pw@[fd00::7]:443", DISGUISE) == b"xxxxxx@[1111::1]:443"
    assert authority(b"10.20.30.40:80", DISGUISE).startswith(b"10.")
    assert b"20.30" not in authority(b"10.20.30.40:80", DISGUISE)
    assert authority(b"a.zwieback.example:hunter2", DISGUISE).endswith(b":xxxxxxx")


@given(st.lists(st.sampled_from([b"GET ", b"/a?b", b" HTTP/1.1", b"\r\n", b"Host: ", b"[", b"@", b"://", b"<title>"])))
def test_any_octets_are_as_many_afterwards(parts):
    """Whatever they are, nothing is raised."""
    octets = b"".join(parts)
    assert len(http(octets, DISGUISE)) == len(octets)


@given(st.binary(max_size=60))
def test_any_target_is_as_long_afterwards(octets):
    """As part of a request, a place and a field."""
    line = b"GET /" + octets + b" HTTP/1.1\r\nLocation: " + octets + b"\r\nHost: " + octets + b"\r\n\r\n"
    assert len(http(line, DISGUISE)) == len(line)
    assert len(uri(octets, DISGUISE)) == len(octets)
    assert len(authority(octets, DISGUISE)) == len(octets)
