"""Messages made to break a reader: it gives something back, soon, and in little memory."""

import base64
import resource
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.mail.incoming import tnef
from portal.mail.incoming.addresses import addresses
from portal.mail.incoming.charsets import decode
from portal.mail.incoming.folding import fold
from portal.mail.incoming.headers import moment, parameters, words
from portal.mail.incoming.message import Incoming
from portal.mail.incoming.reading import LARGEST, read
from portal.mail.incoming.rtf import decompressed, text_of_rtf
from tests.mail import letters

MEGABYTE = 1 << 20
CORPUS = [value for name, value in vars(letters).items() if name.isupper() and isinstance(value, bytes)]
PIECES = [
    b"From: a@b.example\n", b"Subject: =?utf-8?Q?x", b"=?=", b"Content-Type: multipart/mixed; boundary=a\n", b"\n", b"\r", b"\0",
    b"--a\n", b"--a--\n", b"Content-Type: text/html; charset=utf-16\n", b"Content-Transfer-Encoding: base64\n", b"=C3",
    b"Content-Type: message/rfc822\n", b"Content-Disposition: attachment; filename*0*=utf-8''%E9; filename*1=\"", b"\xff\xfe", b"\xe9",
    b"Content-Type: message/delivery-status\n", b"Content-Type: multipart/report; report-type=delivery-status; boundary=a\n",
    b"Authentication-Results: mx.ims.example; dmarc=pass (((\n", b"Content-Type: application/ms-tnef\n", b"\x78\x9f\x3e\x22",
    b"<html><table><a href='", b"begin 644 x\n", b"\nend\n", b"Date: Tue, 99\n", b"Content-Type: text/plain; format=flowed\n> \n",
]  # fmt: skip


def sound(incoming: Incoming) -> None:
    """What every reading keeps: strings that a database takes, passages that give the text back."""
    strings = [
        incoming.subject,
        incoming.text,
        incoming.html,
        incoming.message_id,
        incoming.sender.name,
        incoming.sender.mail,
    ]
    strings += [one.filename for one in incoming.attachments] + [str(one) for one in (*incoming.to, *incoming.cc)]
    for each in strings:
        assert "\0" not in each
        each.encode("utf-8")
    assert "\n" not in incoming.subject + incoming.sender.mail
    assert "".join(passage.text for passage in incoming.passages) == incoming.text
    assert "<script" not in incoming.html.lower()
    assert not any(
        "lu normalement" in remark for remark in incoming.remarks
    )  # the last resort is for what we do not know
    assert all(one.filename and "/" not in one.filename for one in incoming.attachments)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=20), max_size=30).map(b"".join))
@example(b"")
def test_no_bytes_break_the_reading(raw: bytes) -> None:
    sound(read(raw, trusted=["mx.ims.example"]))


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(CORPUS), st.data())
def test_no_letter_breaks_it_when_it_is_damaged(raw: bytes, data: st.DataObject) -> None:
    damaged = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                damaged[place] = data.draw(st.integers(0, 255))
            case 1:
                del damaged[place : place + data.draw(st.integers(1, 40))]
            case 2:
                damaged[place:place] = data.draw(st.sampled_from(PIECES))
            case _:
                damaged[place:place] = damaged[: data.draw(st.integers(0, 200))]
        damaged = damaged or bytearray(b"x")
    sound(read(bytes(damaged)))


@given(st.binary(max_size=300))
def test_no_value_breaks_a_reader_of_values(raw: bytes) -> None:
    words(raw)
    parameters(b"x; " + raw)
    addresses([raw])
    moment(raw)
    decode(raw, "utf-8")
    tnef.unpack(tnef.SIGNATURE + raw)
    text_of_rtf(b"{\\rtf1" + raw)
    decompressed(b"\x40\0\0\0\xff\xff\0\0LZFu\0\0\0\0" + raw)


HEAD = b"From: a@b.example\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=a\n\n"
HTML = HEAD + b"Content-Type: text/html\n\n"
LEVEL = b"--a%d\nContent-Type: multipart/mixed; boundary=a%d\n\n"
#: Groups of values in a packet that say that there are four thousand million of them.
COUNTS = b"\x02\x05\x90\x06\x00\x0c\0\0\0" + b"\xff\xff\xff\xff\x02\x10\x01\x37\xff\xff\xff\xff\0\0"
BOMBS: dict[str, Callable[[], bytes]] = {
    "lines": lambda: HEAD + b"\n" + b"a\n" * (12 * MEGABYTE),
    "levels": lambda: (
        MIXED.replace(b"=a", b"=a0") + b"".join(LEVEL % (n, n + 1) for n in range(900)) + b"--aaa\n" * (3 * MEGABYTE)
    ),
    "parts": lambda: MIXED + b"--a\n\nx\n" * MEGABYTE,
    "files": lambda: MIXED + b"--a\nContent-Disposition: attachment\n\nx\n" * 200_000,
    "fields": lambda: HEAD + b"X-A: b\n" * (3 * MEGABYTE) + b"\nx",
    "field": lambda: HEAD + b"Subject: " + b"=?utf-8?q?" * (2 * MEGABYTE) + b"\n\nx",
    "folds": lambda: HEAD + b"Subject: x\n" + b" y\n" * (6 * MEGABYTE) + b"\nx",
    "addresses": lambda: HEAD + b"To: " + b'(((("<' * (4 * MEGABYTE) + b"\n\nx",
    "parameters": lambda: HEAD + b"Content-Type: text/plain" + b'; a="' * (4 * MEGABYTE) + b"\n\nx",
    "base64": lambda: (
        HEAD + b"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"x" * 24 * MEGABYTE)
    ),
    "divs": lambda: HTML + b"<div>" * (4 * MEGABYTE),
    "dresses": lambda: HTML + b"".join(b"<font color=%d>" % n for n in range(2000)) + b"<p>" * MEGABYTE,
    "tags": lambda: HTML + b"<" * (20 * MEGABYTE),
    "quotes": lambda: HEAD + b"\n" + b"Le 1/1 a\n" * (2 * MEGABYTE),
    "uuencoded": lambda: HEAD + b"\n" + b"begin 644 a\n" * MEGABYTE + b"\nend\n",
    "references": lambda: b"Received: x\n" * 100_000 + b"References: " + b"<a@b> " * MEGABYTE + b"\n\n",
    "packet": lambda: letters.winmail(tnef.SIGNATURE + b"\0\0" + COUNTS * 100_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_in_seconds(name: str) -> None:
    raw = BOMBS[name]()
    began = time.perf_counter()
    sound(read(raw))
    assert time.perf_counter() - began < 30


def test_25_megabytes_of_files_take_little_more_than_their_own_size() -> None:
    inner = base64.encodebytes(b"\x00\x01\x02" * (8 * MEGABYTE))
    raw = letters.HTML_ONLY.replace(
        b"Content-Type: text/html\n", b"Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n"
    )
    raw = raw.partition(b"\n\n")[0] + b"\n\n" + inner
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    incoming = read(raw)
    assert incoming.attachments[0].size == 24 * MEGABYTE
    assert time.perf_counter() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # kilobytes
    assert len(raw) < LARGEST


def test_ten_thousand_parts_are_read() -> None:
    raw = (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: text/plain\n\nun\n" * 9_990
    )
    assert read(raw).text.count("un") == 9_990


def test_a_text_of_a_million_lines_is_folded_in_time() -> None:
    began = time.perf_counter()
    passages = fold("> a\nb\n" * 500_000)
    assert "".join(passage.text for passage in passages) == "> a\nb\n" * 500_000
    assert time.perf_counter() - began < 10
