"""The first octets of a file that is no capture become one line: what it seems to be, and how to convert it."""

from __future__ import annotations

import string

CONVERT = "convert it with `tshark -r X -w Y.pcapng`"
PLAIN = frozenset(string.printable.encode())

MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"snoop\0", f"a Solaris snoop capture; {CONVERT}"),
    (b"RTSS", f"a Network Monitor 1 capture; {CONVERT}"),
    (b"GMBU", f"a Network Monitor 2 capture; {CONVERT}"),
    (b"iptrace ", f"an AIX iptrace capture; {CONVERT}"),
    (b"TRSNIFF data", f"a Sniffer capture; {CONVERT}"),
    (b"XCP\0", f"a NetXRay or Sniffer for Windows capture; {CONVERT}"),
    (b"\x7fver", f"an EtherPeek or OmniPeek capture; {CONVERT}"),
    (b"ObserverPktBuffe", f"an Observer capture; {CONVERT}"),
    (b"btsnoop\0", "a Bluetooth HCI log, which holds no network traffic"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"BZh", "a bzip2 file; unpack it first with `bunzip2 X`"),
    (b"\xfd7zXZ\0", "an xz file; unpack it first with `unxz X`"),
    (b"\x02\x21\x4c\x18", "an LZ4 file of the legacy format; unpack it first with `unlz4 X`"),
    (b"\x1f\x9d", "a file packed with compress; unpack it first with `uncompress X`"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program or library (ELF)"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"PAR1", "a Parquet table"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with `git lfs pull`"),
)


def seems(head: bytes) -> str:
    """What the file that begins with `head` seems to be, and what to do with it; one line without the path."""
    if not head:
        return "is empty"
    for magic, what in MAGICS:
        if head.startswith(magic):
            return f"is no capture that can be read here but {what}"
    lowered = head.lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<head")):
        return "is no capture but a web page; a login page may have been saved in the capture's place"
    if lowered.startswith(b"<"):
        return "is no capture but XML or HTML text"
    if lowered.startswith((b"{", b"[")) and all(octet in PLAIN for octet in head):
        return "is no capture but JSON text"
    if not any(head):
        return "is no capture: it begins with zeros (a download or disk that was not finished?)"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or all(octet in PLAIN for octet in head):
        return "is no capture but text; a hex dump becomes a capture with `text2pcap X Y.pcapng`"
    if _is_etl(head):
        return "is no capture that can be read here but a Windows ETL trace; convert it with `etl2pcapng X Y.pcapng`"
    return "is no pcap or pcapng capture; if Wireshark opens it, convert it with `tshark -r X -w Y.pcapng`"


def _is_etl(head: bytes) -> bool:
    """A WMI_BUFFER_HEADER: its size (a multiple of 1 KB) first, its used octets at 4 and 48, no more than it."""
    if len(head) < 52:
        return False
    buffer, saved = (int.from_bytes(head[at : at + 4], "little") for at in (0, 4))
    filled = int.from_bytes(head[48:52], "little")
    return 4096 <= buffer <= 1 << 24 and buffer % 1024 == 0 and 72 <= saved <= buffer and filled <= buffer
