"""Prints what might be taken for something else: frames, log lines, terminal commands, markers of
an end, bytes that are no text."""

import os
import sys

PIECES = (
    b"\x00\x00\x00\x05\x00\x00\x00\x00",
    b"\xff" * 16,
    b'{"type":"exited","exit_code":0}\n',
    b"\n2026-01-01 00:00:00 [info] execution finished outcome=succeeded\n",
    b"\x1b]0;title\x07\x1b[2J\x1b[31m\r\n",
    b'data: {"kind":"finished"}\n\nevent: finished\n\n',
    b"\xc3\x28\xed\xa0\x80\xf0\x9f\x92",
    b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
)

os.write(1, b"".join(PIECES))
os.write(2, b"".join(reversed(PIECES)))
os.close(1)
os.close(2)
sys.exit(5)
