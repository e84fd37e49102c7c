"""A web service on loopback that says what a test tells it to, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Answer = tuple[int, Any]
"""A status and what is sent as JSON; text is sent as it is."""


class Asked(NamedTuple):
    """One request: its path, headers and body."""

    path: str
    headers: dict[str, str]
    body: Any


class Service(NamedTuple):
    """The address of the service, and what it was asked so far."""

    url: str
    asked: list[Asked]


@contextmanager
def service(answer: Callable[[Any], Answer]) -> Iterator[Service]:
    """Run a service that answers every POST by its body; it ends with the block."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length))
            asked.append(Asked(self.path, dict(self.headers), body))
            status, content = answer(body)
            sent = content if isinstance(content, str) else json.dumps(content)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(sent.encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Service(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
