"""The HTTP side: pages elsewhere, malformed and endless requests, names that lead out."""

import asyncio
import json
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from runyard.domain.limits import MIB
from runyard.testing.server import Server
from tests.e2e.census import COUNTABLE, memory_bytes

EXECUTIONS = "/api/v1/executions"
SLOW_CONNECTIONS = 200
# Sent by one request that never ends, and what of it the server may keep.
ENDLESS_MIB = 100
KEPT_BYTES_MAX = 32 * MIB
# How long one that says nothing useful may stay.
PATIENCE_SECONDS = 45.0
FOREIGN_HOSTS = (
    "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "169.254.169.254",
    "0x7f.1.evil.example", "127.0.0.1@evil.example", "evil.example#127.0.0.1",
    "127.0.0.1, evil.example",
)  # fmt: skip
OUTSIDE = (
    "../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd",
    "..%252f..%252fetc%252fpasswd", "....//....//etc/passwd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5cetc%5cpasswd", "%00/etc/passwd", "file%3a%2f%2f%2fetc%2fpasswd",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(temporary: Path) -> Iterator[Server]:
    directory = temporary / "server"
    directory.mkdir()
    directory.chmod(0o755)
    server = Server(directory)
    # Other tests count who is in a sandbox.
    server.start(environment=COUNTABLE)
    yield server
    assert server.is_running(), server.log.read_text()[-4000:]
    server.stop()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def submission(**changes: object) -> dict[str, object]:
    files = [{"path": "main.sh", "content": "echo fine"}]
    return {"runtime": "bash", "files": files, "wait": 20, **changes}


def talk(server: Server, request: bytes, *, seconds: float = 10.0) -> bytes:
    """Send bytes as they are and return what comes back until the end or the pause."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as connection:
        with suppress(OSError):
            connection.sendall(request)
        with suppress(OSError):
            while data := connection.recv(65_536):
                answer += data
                if b"\r\n\r\n" in answer and b"HTTP/1.1 1" not in answer[:10]:
                    break
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else 0


def count_executions(client: httpx.Client) -> int:
    return len(client.get(EXECUTIONS, params={"limit": 100}).json()["items"])


@pytest.fixture
def stores_nothing(client: httpx.Client) -> Iterator[None]:
    """What is refused is not in the list afterwards, and the next execution works."""
    before = count_executions(client)
    yield
    assert count_executions(client) == before
    answer = client.post(EXECUTIONS, json=submission()).json()
    assert answer["outcome"] == "succeeded", answer


@pytest.mark.usefixtures("stores_nothing")
class TestRefused:
    @pytest.mark.parametrize("host", FOREIGN_HOSTS)
    def test_name_that_was_rebound_is_refused(self, server: Server, host: str) -> None:
        body = json.dumps(submission()).encode()
        head = f"POST {EXECUTIONS} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        answer = talk(server, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

        assert status_of(answer) in {400, 403}

    @pytest.mark.parametrize(
        "head",
        [
            "",
            "Host: 127.0.0.1\r\nHost: evil.example\r\n",
            "Host: evil.example\r\nX-Forwarded-Host: 127.0.0.1\r\n",
            "Host: evil.example\r\nForwarded: host=127.0.0.1\r\n",
        ],
    )
    def test_request_without_one_own_name_is_refused(self, server: Server, head: str) -> None:
        assert status_of(talk(server, f"GET {EXECUTIONS} HTTP/1.1\r\n{head}\r\n".encode())) in {
            400,
            403,
        }

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://evil.example", "Content-Type": "text/plain"},
        ],
    )
    def test_page_elsewhere_cannot_run_code(
        self, client: httpx.Client, headers: dict[str, str]
    ) -> None:
        answer = client.post(EXECUTIONS, content=json.dumps(submission()), headers=headers)

        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
    def test_body_that_a_form_can_send_is_refused(self, client: httpx.Client, media: str) -> None:
        answer = client.post(
            EXECUTIONS, content=json.dumps(submission()), headers={"Content-Type": media}
        )

        assert answer.status_code in {400, 415, 422}

    def test_preflight_of_a_page_elsewhere_grants_nothing(self, client: httpx.Client) -> None:
        answer = client.options(
            EXECUTIONS,
            headers={
                "Origin": "https://evil.example",
                "Access-Control-Request-Method": "POST",
            },
        )

        assert answer.status_code >= 400
        assert "access-control-allow-origin" not in answer.headers

    def test_large_body_is_refused_before_it_is_read(self, server: Server) -> None:
        head = f"POST {EXECUTIONS} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        started = time.monotonic()
        answer = talk(server, f"{head}Content-Length: 99999999999\r\n\r\n{{".encode())

        assert status_of(answer) == 413
        assert time.monotonic() - started < 2

    def test_large_body_of_unknown_length_is_not_kept(
        self, client: httpx.Client, server: Server
    ) -> None:
        def endless() -> Iterator[bytes]:
            for _ in range(ENDLESS_MIB):
                yield b" " * MIB

        before = memory_bytes(server.pid)
        with suppress(httpx.TransportError):
            headers = {"Content-Type": "application/json"}
            answer = client.post(EXECUTIONS, content=endless(), headers=headers)
            assert answer.status_code == 413

        assert memory_bytes(server.pid) - before < KEPT_BYTES_MAX

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 100_000,
            b'{"a":' * 50_000,
            b'{"runtime": ' + b"9" * 1_000_000 + b"}",
            b"\xff\xfe" * 1000,
            b'{"runtime": "\\ud800", "files": []}',
            b'{"runtime": NaN}',
            b"",
        ],
        ids=lambda body: repr(body[:12]),
    )
    def test_malformed_body_is_refused(self, client: httpx.Client, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        answer = client.post(EXECUTIONS, content=body, headers=headers)

        assert 400 <= answer.status_code < 500

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
    def test_compressed_body_is_not_unpacked(self, client: httpx.Client, encoding: str) -> None:
        headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
        answer = client.post(EXECUTIONS, content=b"\x1f\x8b" + b"x" * 1000, headers=headers)

        assert 400 <= answer.status_code < 500

    @pytest.mark.parametrize(
        "path", ["/etc/passwd", "../x", "a/../../x", "x\x00y", "x\ny", "a" * 600, "", "a//b"]
    )
    def test_file_that_leads_out_is_refused(self, client: httpx.Client, path: str) -> None:
        files = [{"path": path, "content": "x"}]
        answer = client.post(EXECUTIONS, json=submission(files=files))

        assert answer.status_code == 422

    @pytest.mark.parametrize(
        "piece",
        [b"x" * MIB, b"x\r\nX-Another: " * 50_000, b" " * MIB],
        ids=["one", "many", "blank"],
    )
    def test_head_without_an_end_is_not_kept(self, server: Server, piece: bytes) -> None:
        before = memory_bytes(server.pid)
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, timeout=10) as connection, suppress(OSError):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ")
            for _ in range(ENDLESS_MIB):
                connection.sendall(piece)
            grown = memory_bytes(server.pid) - before
            assert grown < KEPT_BYTES_MAX, f"{grown >> 20} MiB kept of an endless head"

    def test_smuggled_request_is_not_answered(self, server: Server) -> None:
        body = json.dumps(submission()).encode()
        inner = (
            f"POST {EXECUTIONS} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        outer = (
            f"POST {EXECUTIONS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(inner) + 5}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ).encode()
        answer = talk(server, outer + inner, seconds=3)

        assert status_of(answer) >= 400


@pytest.mark.parametrize("name", OUTSIDE)
def test_artifact_names_lead_nowhere(client: httpx.Client, server: Server, name: str) -> None:
    created = client.post(EXECUTIONS, json=submission(artifacts=["*"])).json()
    for base in (f"{EXECUTIONS}/{created['id']}/artifacts", EXECUTIONS, ""):
        answer = talk(server, f"GET {base}/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

        assert status_of(answer) in {400, 404, 405, 422}, answer
        assert b"root:" not in answer


def test_id_of_nothing_is_not_found(client: httpx.Client) -> None:
    for wanted in (secrets.token_hex(13), "0", "*", "%", "' or 1=1 --", "x" * 3000):
        for method, path in (("GET", ""), ("POST", "/cancel"), ("GET", "/events")):
            answer = client.request(method, f"{EXECUTIONS}/{httpx.URL(path=wanted).path}{path}")
            assert answer.status_code in {404, 422}, (wanted, path, answer.text)


def test_artifact_is_never_a_page(client: httpx.Client) -> None:
    page = "echo '<script>alert(1)</script>' > page.html"
    created = client.post(
        EXECUTIONS,
        json=submission(files=[{"path": "main.sh", "content": page}], artifacts=["*.html"]),
    ).json()
    answer = client.get(f"{EXECUTIONS}/{created['id']}/artifacts/page.html")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_output_does_not_reach_the_log(client: httpx.Client, server: Server) -> None:
    mark = secrets.token_hex(8)
    script = f"printf '\\n{mark} [error] all is lost\\033[2J\\n'"
    answer = client.post(
        EXECUTIONS,
        json=submission(
            files=[{"path": "main.sh", "content": script}],
            env={"NAME": mark},
            args=[mark, f"\n{mark}"],
            stdin=mark,
        ),
    )

    assert mark in answer.json()["steps"][0]["stdout"]
    assert mark not in server.log.read_text()


def test_slow_clients_do_not_hold_up_others(client: httpx.Client, server: Server) -> None:
    with ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            for _ in range(SLOW_CONNECTIONS)
        ]
        for connection in slow:
            connection.sendall(b"POST /api/v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        started = time.monotonic()
        answer = client.post(EXECUTIONS, json=submission())

    assert answer.json()["outcome"] == "succeeded"
    assert time.monotonic() - started < 10


@pytest.mark.long
async def test_slow_client_is_let_go_of(server: Server) -> None:
    async def outlast(request: bytes) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        started = time.monotonic()
        try:
            with suppress(OSError):
                while await reader.read(65_536):
                    pass
        finally:
            writer.close()
        return time.monotonic() - started

    head = b"POST /api/v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    async with asyncio.timeout(PATIENCE_SECONDS):
        seconds = await asyncio.gather(
            outlast(b""),
            outlast(head),
            outlast(head + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"),
        )

    assert max(seconds) < PATIENCE_SECONDS
