"""The columns of Zeek's logs are Zeek's, by its documentation and by its own logs."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from parsezeeklogs import read_zeek

from analyzer import api
from analyzer.exporting.foreign import logs
from analyzer.exporting.foreign import zeek as tsv
from analyzer.observations import Observations
from analyzer.result import Result
from analyzer.tables import Dns, Tls
from tests.builders.plant import FLOWS, START_NS, conclusions, flow, observations, result, table, verdicts

# Fields marked &log, in order, with their types: docs.zeek.org, scripts/base/protocols/{conn,dns,ssl}/main.zeek and
# ssl/files.zeek of Zeek 8.2; policy/protocols/conn/community-id-logging.zeek adds the last one of conn.
DOCUMENTED = {
    "conn": """
        ts time, uid string, id.orig_h addr, id.orig_p port, id.resp_h addr, id.resp_p port, proto enum, service string,
        duration interval, orig_bytes count, resp_bytes count, conn_state string, local_orig bool, local_resp bool,
        missed_bytes count, history string, orig_pkts count, orig_ip_bytes count, resp_pkts count, resp_ip_bytes count,
        tunnel_parents set[string], ip_proto count, community_id string""",
    "dns": """
        ts time, uid string, id.orig_h addr, id.orig_p port, id.resp_h addr, id.resp_p port, proto enum, trans_id count,
        rtt interval, query string, qclass count, qclass_name string, qtype count, qtype_name string, rcode count,
        rcode_name string, AA bool, TC bool, RD bool, RA bool, Z count, answers vector[string], TTLs vector[interval],
        rejected bool, opcode count, opcode_name string""",
    "ssl": """
        ts time, uid string, id.orig_h addr, id.orig_p port, id.resp_h addr, id.resp_p port, version string,
        cipher string, curve string, server_name string, resumed bool, last_alert string, next_protocol string,
        established bool, ssl_history string, cert_chain_fps vector[string], client_cert_chain_fps vector[string],
        sni_matches_cert bool""",
}

# captures whose RRSIG records Zeek lists among the answers, and whose answers come without a question
OTHER_ANSWERS = {"zeek--dnssec--rrsig.pcap", "zeek--dns--mdns-no-assoc.pcap"}


def rows(made: Result, path: str) -> list[dict[str, object]]:
    """The rows of one log, by field."""
    log = next(log for log in logs.of(made) if log.path == path)
    return [dict(zip(log.fields, row, strict=True)) for row in zip(*log.columns, strict=True)]


def of(seen: Observations) -> Result:
    """A result of facts."""
    return Result(seen, conclusions(flows=verdicts(["expected"] * seen.flows.proto.size)))


@pytest.mark.parametrize("path", DOCUMENTED)
def test_fields_and_types_are_those_that_zeek_documents(path):
    """In Zeek's order, with Zeek's types; each has a column."""
    told = [tuple(field.split()) for field in DOCUMENTED[path].split(",")]
    log = next(log for log in logs.of(result()) if log.path == path)
    assert list(log.fields.items()) == told
    assert len(log.columns) == len(told)
    assert len({len(column) for column in log.columns}) == 1


def test_a_connection_in_zeeks_words():
    """Octets are those of the stream, protocols and services have Zeek's names, addresses are local or not."""
    made = of(
        observations(
            [flow(orig_payload_octets=900, orig_retransmitted=100, orig_missed=7, resp_payload_octets=50)],
            dns=table(Dns, []),
        )
    )
    (row,) = rows(made, "conn")
    assert (row["orig_bytes"], row["resp_bytes"], row["missed_bytes"]) == (807, 50, 7)
    assert (row["service"], row["proto"], row["ip_proto"], row["duration"]) == ("ssl", "tcp", 6, 60 * logs.NS)
    assert (row["local_orig"], row["local_resp"], row["tunnel_parents"]) == (True, False, None)


def test_what_lasted_no_time_has_no_octets():
    """Zeek leaves duration and octets unset where all frames came at one moment."""
    (row,) = rows(of(observations([flow(end_ns=START_NS)], dns=table(Dns, []), tls=table(Tls, []))), "conn")
    assert (row["duration"], row["orig_bytes"], row["resp_bytes"]) == (None, None, None)


@pytest.mark.parametrize(("proto", "kind", "port"), [(1, 8, 0), (1, 3, 1), (58, 128, 129), (58, 1, 4)])
def test_icmp_has_the_type_of_the_answer_as_port(proto, kind, port):
    """A type that is answered has its answer's, another one the code."""
    given = flow(proto=proto, orig_p=kind, resp_p=port if kind in (1, 3) else 0, conn_state="", service="")
    (row,) = rows(of(observations([given], dns=table(Dns, []), tls=table(Tls, []))), "conn")
    assert (row["proto"], row["id.orig_p"], row["id.resp_p"], row["conn_state"]) == ("icmp", kind, port, "OTH")


def test_a_service_is_told_where_payload_shows_it():
    """Not by its port; with ssl beside it where TLS began in it."""
    flows = [flow(service="smtp"), flow(service="http", certainty="port"), flow(service="quic", proto=17)]
    made = of(observations(flows, tls=table(Tls, [{"flow": 0}, {"flow": 2}]), dns=table(Dns, [])))
    assert [row["service"] for row in rows(made, "conn")] == ["smtp,ssl", None, "quic,ssl"]


def test_numbers_of_dns_are_those_of_the_registry():
    """Also of types without a name; none where no answer was seen."""
    asked = [
        {"flow": 1, "qtype_name": "HTTPS", "rcode_name": "NXDOMAIN", "rtt_ns": 5, "answers": ("a",), "ttls": ("60",)},
        {"flow": 1, "qtype_name": "TYPE65400", "rtt_ns": -1},
        {"flow": 1, "qtype_name": "TYPEless"},
    ]
    found = rows(of(observations(dns=table(Dns, asked))), "dns")
    assert [(row["qtype"], row["rcode"]) for row in found] == [(65, 3), (65400, None), (None, None)]
    assert (found[0]["answers"], found[0]["TTLs"], found[1]["answers"]) == (("a",), (60 * logs.NS,), None)
    assert (found[0]["rtt"], found[1]["rtt"]) == (5, None)


@pytest.mark.parametrize(
    ("version", "records", "worked"),
    [
        ("TLSv12", ("22:200", "20:1", "22:40"), True),
        ("TLSv12", ("22:200",), False),
        ("TLSv13", ("22:200", "20:1", "23:40"), False),
    ],
)
def test_a_handshake_is_done_when_both_have_switched(version, records, worked):
    """Before TLS 1.3, where the switch means nothing."""
    seen = [{"flow": 0, "version": version, "client_records": records, "server_records": records, "alert": 48}]
    (row,) = rows(of(observations(tls=table(Tls, seen))), "ssl")
    assert (row["established"], row["last_alert"]) == (worked, "unknown_ca")


def test_ids_differ_between_flows_and_stay():
    """As Zeek's look: C and letters and digits; of equal flows at other times others."""
    made = of(observations([*FLOWS, flow(first_frame=9), flow(start_ns=START_NS + 1)]))
    ids = logs.uids(made)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("C[0-9A-Za-z]{10,17}", one) for one in ids)
    assert ids == logs.uids(made)


def test_a_capture_without_frames_has_a_span():
    """Zeek's times of opening and closing are the capture's, and the epoch where it holds nothing."""
    assert logs.span(result()) == ("2026-03-01-10-00-00", "2026-03-01-10-05-00")
    made = of(observations([], captures=(replace(observations().captures[0], packets=0),)))
    assert logs.span(made) == ("1970-01-01-00-00-00",) * 2


@pytest.mark.parametrize("path", ["dns", "ssl"])
def test_rows_are_those_of_zeeks_own_logs(shared, tmp_path, path):
    """What is set is what Zeek logs of the same captures, in every row that it has."""
    corpus, compared = shared / "corpus", 0
    for theirs in sorted((corpus / "expected" / "zeek").glob(f"*/*--{path}.log")):
        text = re.sub("^###.*\n", "", theirs.read_text(encoding="utf-8")).replace("XXXXXXXXXX.XXXXXX", "0")
        captures = [found for found in corpus.rglob(theirs.parent.name) if found.is_file()]
        if "#fields" not in text or not captures or theirs.parent.name in OTHER_ANSWERS:
            continue
        tsv.write(api.check([str(captures[0])]), tmp_path)
        ours = list(read_zeek(tmp_path / "zeek" / f"{path}.log"))
        for row in read_zeek(io.StringIO(text)):
            keys = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", *(("query",) if path == "dns" else ()))
            mine = next(one for one in ours if all(one[key] == row[key] for key in keys))
            shared_fields = {name for name, cell in mine.items() if name in row and cell is not None} - {"ts", "uid"}
            assert {name: mine[name] for name in shared_fields} == {name: row[name] for name in shared_fields}
            compared += 1
    assert compared
