"""Messages are written byte for byte as the D-Bus specification says, and read with suspicion."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.engines.linux import dbus
from runyard.engines.linux.dbus import DBusError, Message, Variant

# Signature, values, and the bytes that the specification's rules give for them.
KNOWN: list[tuple[str, tuple[Any, ...], str]] = [
    ("y", (7,), "07"),
    ("yu", (1, 2), "01 000000 02000000"),
    ("yn", (1, -2), "01 00 feff"),
    ("yt", (1, 2), "01 00000000000000 0200000000000000"),
    ("yd", (1, 1.0), "01 00000000000000 000000000000f03f"),
    ("b", (True,), "01000000"),
    ("x", (-1,), "ffffffffffffffff"),
    # The specification's own examples: foo and a plus sign, then bar.
    ("s", ("foo",), "03000000 666f6f00"),
    ("ss", ("+", "bar"), "01000000 2b00 0000 03000000 62617200"),
    ("g", ("ai",), "02 6169 00"),
    ("o", ("/a",), "02000000 2f6100"),
    ("ax", ([5],), "08000000 00000000 0500000000000000"),
    ("ax", ([],), "00000000 00000000"),
    ("ay", ([1, 2],), "02000000 0102"),
    ("au", ([258],), "04000000 02010000"),
    ("as", (["a", "bc"],), "0f000000 01000000 6100 0000 02000000 626300"),
    ("(yu)", ((1, 2),), "01 000000 02000000"),
    ("y(y)", (1, (2,)), "01 00000000000000 02"),
    ("a{sy}", ({"k": 9},), "07000000 00000000 01000000 6b00 09"),
    ("v", (Variant("b", True),), "01 62 00 00 01000000"),
    ("v", (Variant("t", 1),), "01 74 00 0000000000 0100000000000000"),
    (
        "a(sv)",
        ([("Delegate", Variant("b", True))],),
        "14000000 00000000 08000000 44656c656761746500 01 62 00 01000000",
    ),
    (
        "a(sv)",
        ([("PIDs", Variant("au", [7]))],),
        "18000000 00000000 04000000 5049447300 02 617500 000000 04000000 07000000",
    ),
]


@pytest.mark.parametrize(("signature", "values", "expected"), KNOWN)
def test_marshal_writes_the_bytes_of_the_specification(
    signature: str, values: tuple[Any, ...], expected: str
) -> None:
    assert dbus.marshal(signature, values).hex(" ") == bytes.fromhex(expected).hex(" ")


@pytest.mark.parametrize(("signature", "values", "data"), KNOWN)
def test_unmarshal_reads_them_back(signature: str, values: tuple[Any, ...], data: str) -> None:
    assert dbus.unmarshal(signature, bytes.fromhex(data)) == values


def test_encode_method_call_is_byte_exact() -> None:
    message = Message(
        kind=dbus.CALL,
        serial=1,
        path="/o",
        interface="a.b",
        member="M",
        destination="c.d",
        signature="s",
        body=("x",),
    )

    assert dbus.encode(message) == bytes.fromhex(
        "6c 01 00 01 06000000 01000000 47000000"  # 'l', call, flags, version, body, serial, fields
        "01 01 6f 00 02000000 2f6f00 0000000000"  # path
        "02 01 73 00 03000000 612e6200 00000000"  # interface
        "03 01 73 00 01000000 4d00 000000000000"  # member
        "06 01 73 00 03000000 632e6400 00000000"  # destination
        "08 01 67 00 01 7300"  # signature
        "00"  # to the next multiple of eight
        "01000000 7800"
    )


def test_decode_reads_what_was_encoded() -> None:
    message = Message(
        kind=dbus.RETURN, serial=3, reply_serial=2, sender=":1.7", signature="o", body=("/job/1",)
    )

    assert dbus.decode(dbus.encode(message)) == message


def test_decode_reads_big_endian_messages_and_skips_unknown_fields() -> None:
    # An error without body: reply serial 5, and a field 42 that does not exist yet.
    fields = bytes.fromhex("05 01 75 00 00000005 2a 01 79 00 09")
    start = b"B\x03\x00\x01" + struct.pack(">III", 0, 9, len(fields)) + fields
    message = dbus.decode(start + bytes(-len(start) % 8))

    assert (message.kind, message.serial, message.reply_serial) == (dbus.ERROR, 9, 5)


@pytest.mark.parametrize(
    ("signature", "data"),
    [
        ("u", "0100"),  # too short
        ("s", "05000000 6100"),  # longer than the message
        ("s", "ffffffff 6100"),
        ("s", "01000000 6161"),  # no NUL
        ("s", "01000000 ff00"),  # not UTF-8
        ("yu", "01 010000 02000000"),  # padding is not zero
        ("au", "05000000 01000000 02000000"),  # ends within an element
        ("au", "08000000 01000000"),
        ("v", "02 6262 00 0000 0000 0000"),  # two types in a variant
        ("v", "00 00"),
        ("y", "0102"),  # left over
    ],
)
def test_unmarshal_malformed_data_is_refused(signature: str, data: str) -> None:
    with pytest.raises(DBusError):
        dbus.unmarshal(signature, bytes.fromhex(data))


@pytest.mark.parametrize(
    "signature", ["a", "(", "()", "(y", "z", "a{s}", "{", "a()", "a{vs}", "a{sss}", "a" * 40]
)
def test_malformed_signature_is_refused(signature: str) -> None:
    with pytest.raises(DBusError):
        list(dbus.split_signature(signature))


def test_endlessly_nested_variant_is_refused() -> None:
    with pytest.raises(DBusError):
        dbus.unmarshal("v", b"\x01v\x00" * 1000 + b"\x01y\x00\x01")


def test_message_size_refuses_giants() -> None:
    with pytest.raises(DBusError):
        dbus.message_size(b"l\x01\x00\x01" + struct.pack("<III", 1 << 30, 1, 0))


def test_text_with_nul_is_not_sent() -> None:
    with pytest.raises(DBusError):
        dbus.marshal("s", ("a\0b",))


@given(st.binary(max_size=200))
def test_decode_any_bytes_gives_a_message_or_an_error(data: bytes) -> None:
    for start in (b"", b"l\x01\x00\x01", b"B\x02\x00\x01"):
        try:
            dbus.decode(start + data)
        except DBusError:
            continue


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            st.lists(st.integers(0, 2**32 - 1)),
            st.integers(-(2**63), 2**63 - 1),
        )
    )
)
def test_marshal_any_values_come_back(items: list[tuple[str, list[int], int]]) -> None:
    assert dbus.unmarshal("a(saux)", dbus.marshal("a(saux)", [items])) == (items,)
