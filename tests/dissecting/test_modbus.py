import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dissect, modbus
from tests.builders.conversations import tcp, told, turned


def adu(transaction, pdu, unit=1, protocol=0):
    """Modbus Messaging on TCP/IP 1.0b, section 3.1.3: the MBAP header and the PDU."""
    header = transaction.to_bytes(2, "big") + protocol.to_bytes(2, "big") + (len(pdu) + 1).to_bytes(2, "big")
    return header + bytes([unit]) + pdu


READ, VALUES = b"\x03\x00\x64\x00\x02", b"\x03\x04\x00\x01\x00\x02"
WRITE, WRITTEN = b"\x10\x00\x00\x00\x01\x02\x00\x2a", b"\x10\x00\x00\x00\x01"


@pytest.mark.parametrize(
    "talk",
    [
        tcp(adu(1, READ), adu(1, VALUES), resp_p=502),
        tcp(adu(1, READ) + adu(2, WRITE), adu(1, VALUES) + adu(2, WRITTEN), resp_p=5020),
        tcp(adu(9, READ), adu(9, b"\x83\x02")),
        tcp(adu(1, READ), adu(0, VALUES) + adu(1, VALUES)),
        tcp(adu(1, b"\x2b\x0e\x01\x00"), adu(1, b"\x2b\x0e\x01\x01\x00\x00\x01\x00\x01x")),
        tcp(adu(1, READ), adu(1, VALUES)[:10], resp_p=502),
    ],
)
def test_an_answer_to_a_request_is_modbus(talk):
    """Same transaction, unit and function, or the function with its top bit: on any port and either way round."""
    assert told(dissect(talk)) == ("modbus", "payload")
    assert told(dissect(turned(talk))) == ("modbus", "payload")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(adu(1, READ), resp_p=502),
        tcp(b"", adu(1, VALUES), resp_p=502),
        tcp(adu(1, READ) + adu(2, WRITE), resp_p=5020),
    ],
)
def test_one_direction_alone_is_partial(talk):
    """On its port one well-formed unit is enough, elsewhere it takes two requests."""
    assert told(dissect(talk)) == ("modbus", "partial")


@pytest.mark.parametrize(
    "talk",
    [
        tcp(adu(1, READ), resp_p=5020),
        tcp(adu(1, READ, protocol=1), adu(1, VALUES, protocol=1), resp_p=502),
        tcp(adu(1, READ), adu(2, VALUES), resp_p=502),
        tcp(adu(1, READ), adu(1, VALUES, unit=7), resp_p=502),
        tcp(adu(1, READ), adu(1, WRITTEN), resp_p=502),
        tcp(adu(1, READ + b"\0"), adu(1, VALUES), resp_p=502),
        tcp(adu(1, READ), adu(1, b"\x03\x09\x00\x01\x00\x02"), resp_p=502),
        tcp(adu(1, READ), b"\x00\x01\x00\x00\x01\x50rest", resp_p=502),
        tcp(adu(1, READ + b"\0"), resp_p=502),
        tcp(adu(1, READ) + b"not modbus at all", resp_p=502),
        tcp(bytes(64), bytes(64), resp_p=502),
        tcp(b"\0\0\0\x2f\xffSMBr\0\0\0", resp_p=502),
    ],
)
def test_units_that_do_not_belong_together_are_not(talk):
    """Another transaction, unit or function, a form that the function has not, zeros, NetBIOS framing."""
    assert modbus.dissect(talk) is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_random_octets_are_never_called_modbus_by_payload(orig, resp):
    """Only an answer that repeats seven octets of a request is proof."""
    found = modbus.dissect(tcp(orig, resp, resp_p=502))
    assert (
        found is None
        or found.certainty == "partial"
        or orig[:2] + orig[6:7] in {resp[i : i + 2] + resp[i + 6 : i + 7] for i in range(60)}
    )
