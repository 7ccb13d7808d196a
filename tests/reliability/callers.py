"""Programs that write through the API while the installation breaks under them, and note what was acknowledged."""

import http.client
import json
import threading
from collections import Counter
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 20


@dataclass
class Journal:
    """What all callers together saw."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """External id → id of the record, for each write that was answered with 201."""
    statuses: Counter[int] = field(default_factory=Counter)
    without_retry_after: int = 0
    lost_connections: int = 0
    other_answers: list[str] = field(default_factory=list)


class Caller(threading.Thread):
    """Creates accounts one after another; each is sent again with its key until it is acknowledged."""

    def __init__(self, *, port: int, token: str, names: list[str], journal: Journal, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.token, self.names, self.journal, self.stop = port, token, names, journal, stop
        self.connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Write all the names."""
        for name in self.names:
            while not self.stop.is_set() and not self.is_acknowledged(name):
                self.stop.wait(0.05)

    def is_acknowledged(self, name: str) -> bool:
        """Send one account and note what came back."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        body = json.dumps({"name": f"Company {name}", "source": "erp", "external_id": name})
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"create-{name}",
        }
        try:
            self.connection.request("POST", "/api/v1/accounts", body, headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.journal.lost_connections += 1
            self.connection = None
            return False
        self.journal.statuses[answer.status] += 1
        if answer.status == 201:
            self.journal.acknowledged[name] = json.loads(content)["id"]
            return True
        if answer.status == 503:
            self.journal.without_retry_after += not answer.headers["Retry-After"]
        elif answer.status != 409:  # the first try is still being answered
            self.journal.other_answers.append(f"{answer.status} {content[:300]!r}")
        return False


def is_ready(port: int) -> bool:
    """Say whether the web process calls itself ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
