import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, http1, mtconnect
from tests.builders.conversations import tcp, told, turned

PROLOG = b'<?xml version="1.0"?><?xml-stylesheet href="x"?>\n<!-- made -->'
STREAMS = PROLOG + b'<MTConnectStreams xmlns="urn:mtconnect.org"><Header/>'


def asked(path, fields=b"Host: 10.0.0.4:5000\r\n"):
    return b"GET " + path + b" HTTP/1.1\r\n" + fields + b"\r\n"


def answered(body, kind=b"text/xml", more=b"", status=b"200 OK"):
    framing = b"Content-Type: " + kind + b"\r\nContent-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + framing + more + b"\r\n" + body


@pytest.mark.parametrize("root", [b"MTConnectDevices", b"MTConnectStreams", b"MTConnectAssets", b"MTConnectError"])
def test_the_root_of_an_answer_proves_an_agent(root):
    """MTConnect Part 1: the four documents that an agent sends, on any port, with their HTTP rows."""
    talk = tcp(asked(b"/current"), answered(b'<?xml version="1.0"?>\n<m:' + root + b' xmlns:m="urn">'), resp_p=9999)
    found = dissect(talk)
    assert told(found) == ("mtconnect", "payload")
    assert found.rows == http1.dissect(talk).rows
    assert told(dissect(turned(talk))) == ("mtconnect", "payload")


def test_answers_in_chunks_parts_and_json_prove_an_agent_too():
    """An agent streams samples as chunks or as parts of a multipart, and newer ones write JSON."""
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n" + STREAMS
    parts = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b\r\n\r\n"
    parts += b"--b\r\nContent-type: text/xml\r\n\r\n"
    json = answered(b'{ "MTConnectStreams": {"jsonVersion": 2', b"application/mtconnect+json")
    for answer in (chunked, parts + STREAMS, json, answered(STREAMS, status=b"404 Not Found")):
        assert told(dissect(tcp(asked(b"/sample"), answer))) == ("mtconnect", "payload")


def test_answers_alone_prove_an_agent():
    """A capture of one direction holds the documents only."""
    assert told(dissect(tcp(b"", answered(STREAMS)))) == ("mtconnect", "payload")


@pytest.mark.parametrize(
    ("requests", "port", "certainty"),
    [
        ([b"/current"], 5000, "partial"),
        ([b"/VF-2/current"], 8082, "partial"),
        ([b"/sample?path=//Axes&count=100"], 80, "partial"),
        ([b"/probe", b"/current"], 80, "partial"),
        ([b"/current"], 80, None),
        ([b"/current?user=1"], 80, None),
        ([b"/asset", b"/assets"], 80, None),
        ([b"/currently"], 5000, None),
        ([b"/"], 5000, None),
    ],
)
def test_requests_alone_need_more_than_a_path(requests, port, certainty):
    """A bare /current is asked of many servers: the port, a query that agents know or a second kind must speak too."""
    found = dissect(tcp(b"".join(map(asked, requests)), resp_p=port))
    assert told(found) == (("mtconnect", certainty) if certainty else ("http", "payload"))


@pytest.mark.parametrize(
    "answer",
    [
        answered(b"<html><body>MTConnectStreams</body></html>", b"text/html"),
        answered(b'<?xml version="1.0"?><weather><MTConnectStreams/></weather>'),
        answered(b'{"temperature": 3, "MTConnectStreams": 1}', b"application/json"),
        answered(b"no such thing", b"text/plain", status=b"404 Not Found"),
    ],
)
def test_a_web_server_with_a_path_current_is_plain_http(answer):
    """What answers otherwise is no agent, even on the agent's port."""
    assert told(dissect(tcp(asked(b"/current"), answer, resp_p=5000))) == ("http", "payload")


def test_a_compressed_answer_does_not_contradict():
    """The root of a gzip body cannot be seen: what the requests tell remains."""
    answer = answered(b"\x1f\x8b\x08\x00<zz", more=b"Content-Encoding: gzip\r\n")
    assert told(dissect(tcp(asked(b"/probe") + asked(b"/current"), answer))) == ("mtconnect", "partial")


def test_a_stream_of_samples_seen_from_its_midst_is_partial():
    """An Edge that asked before the capture began stays silent; the parts go on (sample with an interval)."""
    part = b"--b\r\nContent-type: text/xml\r\nContent-length: 900\r\n\r\n" + STREAMS
    assert told(dissect(tcp(b"", b"value</x></MTConnectStreams>\r\n" + part))) == ("mtconnect", "partial")
    assert told(dissect(tcp(b"ue</x>\r\n" + part))) == ("mtconnect", "partial")
    assert dissect(tcp(b"", STREAMS)) is None
    assert mtconnect.dissect(tcp(b"\0\0\0\x90\xfeSMB", b"\0\0\0\x90\xfeSMB" + part)) is None


def test_a_poll_seen_from_amid_an_answer_is_payload():
    """The rest of one document, then whole answers to the requests that follow."""
    talk = tcp(asked(b"/current") * 2, b"value</x></MTConnectStreams>" + answered(STREAMS) * 2, resp_p=5000)
    found = dissect(talk)
    assert (told(found), len(found.rows)) == (("mtconnect", "payload"), 2)


@given(st.binary(max_size=60), st.binary(max_size=80))
def test_any_octets_never_raise(path, body):
    """Whatever path and body, it is HTTP, MTConnect or nothing."""
    found = mtconnect.dissect(tcp(asked(b"/current" + path), answered(body) + b"MTConnect", resp_p=5000))
    assert found is None or found.service == "mtconnect"
