"""A client of the API server: kept-alive connections, several requests under way at a time."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.engines.lab import LabError
from tests.engines.rest import Answer, Call, Outcome, classify, warnings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator
    from email.message import Message

# Connections of one client. On two cores 16 got three times as much done as one, 32 no more: it is
# the server that works, and it wakes up less often if there is always a request waiting.
WORKERS = 16
# Requests under way or answered but not yet asked for: bounds memory, keeps the workers busy.
WINDOW = 8 * WORKERS
# Seconds without a request after which a connection is not used again: the server closes it at 90.
IDLE = 60


class Client:
    """Kept-alive connections of one user to an API server on 127.0.0.1, one a thread."""

    def __init__(
        self, port: int, headers: Iterable[tuple[str, str]], trust: ssl.SSLContext
    ) -> None:
        """Prepare to ask a server, each time with headers that say who asks."""
        self._port = port
        self._headers = [*headers, ("Accept", "application/json")]
        self._trust = trust
        self._local = threading.local()
        self._all: list[http.client.HTTPSConnection] = []
        self._pool = ThreadPoolExecutor(WORKERS, "lab-client")

    def close(self) -> None:
        """Ends the threads and their connections."""
        self._pool.shutdown(cancel_futures=True)
        for connection in self._all:
            connection.close()

    def call(self, call: Call, *expected: Outcome) -> Answer:
        """Sends one request.

        Args:
            call: The request.
            *expected: `absent` or `conflict`, where the caller can do with it.

        Raises:
            LabError: The answer is none that `Outcome` names: a request that cannot be read, a
                user without the right, an erring policy that only warns, a server that is away.
        """
        code, headers, content = self._exchange(call)
        try:
            found = json.loads(content)
        except ValueError:
            found = {"message": content.decode("utf-8", "replace")}
        answer = classify(code, found, warnings(headers), expected)
        if answer is None:
            said = f"HTTP {code}: {found.get('message') or found}"
            raise LabError(f"{call.method} {call.path}: {said}")
        return answer

    def bulk(self, calls: Iterable[Call]) -> Iterator[Answer]:
        """Yields the answers to many requests, in order, several being under way at a time."""
        waiting: deque[Future[Answer]] = deque()
        try:
            for call in calls:
                waiting.append(self._pool.submit(self.call, call))
                if len(waiting) >= WINDOW:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _exchange(self, call: Call) -> tuple[int, Message, bytes]:
        body = None if call.body is None else json.dumps(call.body).encode()
        headers = [*self._headers, ("Content-Type", call.media)]
        headers += [] if body is None else [("Content-Length", str(len(body)))]
        connection = self._connection()
        try:
            connection.putrequest(call.method, call.path)
            # A header may stand several times, which `request` cannot say.
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException) as error:
            # The next request opens it again: an engine that starts refuses connections at first.
            connection.close()
            raise LabError(f"{call.method} {call.path}: {error!r}") from error

    def _connection(self) -> http.client.HTTPSConnection:
        """Returns this thread's connection, opened anew if the server may be about to close it."""
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, context=self._trust, timeout=60
            )
            self._local.connection = connection
            self._all.append(connection)
        elif time.monotonic() - self._local.used > IDLE:
            connection.close()
        self._local.used = time.monotonic()
        return connection
