from analyzer.dissecting import dissect
from tests.builders.conversations import tcp, told


def test_an_identification_of_either_side_is_ssh():
    """RFC 4253 section 4.2: `SSH-protoversion-softwareversion`, on any port."""
    for talk in (
        tcp(b"", b"SSH-2.0-OpenSSH_9.6\r\n"),
        tcp(b"SSH-1.99-Cisco\n"),
        tcp(b"SSH-2.0-x\r\n", b"banner\r\n", resp_p=443),
    ):
        assert told(dissect(talk)) == ("ssh", "payload")


def test_other_text_is_not_ssh():
    """A version that no one speaks, or the name amid a line, is none."""
    assert dissect(tcp(b"", b"SSH-9.0-x\r\n")) is None
    assert dissect(tcp(b"", b"220 SSH-2.0-x\r\n")) is None
