"""What one request costs, over HTTP: processor time of the web process and of PostgreSQL together.

Time by the clock depends on who else uses the machine; processor time hardly does. It is read before and after some
hundred calls in a row, with nothing else on these servers.
"""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import django

django.setup()

import psutil  # noqa: E402
from django.utils import timezone  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from agile_sales.local import ports  # noqa: E402
from benchmarks.gates import Gates, cpu_seconds, gate  # noqa: E402
from benchmarks.large import LIST  # noqa: E402
from pipeline.models import Opportunity  # noqa: E402
from tenancy.access import API_SCOPES  # noqa: E402
from tenancy.models import Organization  # noqa: E402
from tenancy.scoping import organization_scope  # noqa: E402
from tenancy.tokens import issue_token  # noqa: E402

CALLS, WARM_UP = 300, 40
LIST_CPU, GET_CPU, CREATE_CPU = 6.0, 3.0, 6.0


class Web:
    """A web process of its own, and a connection that stays open."""

    def __init__(self, token: str) -> None:
        self.port = ports.free_port()
        command = "-m uvicorn agile_sales.asgi:application --host 127.0.0.1 --no-access-log --log-level error --port"
        self.process = subprocess.Popen([sys.executable, *command.split(), str(self.port)])
        self.headers = {"Authorization": f"Bearer {token}", "Host": "localhost"}
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        deadline = time.monotonic() + 60
        while ports.is_free(self.port):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("the web process did not start")

    def get(self, path: str) -> bytes:
        """Ask and return the body."""
        return self._answer("GET", path, None, {})

    def create(self) -> bytes:
        """Create an account with a key that makes it safe to repeat."""
        name = uuid7().hex
        body = json.dumps({"name": f"Company {name}", "source": "bench", "external_id": name, "segment": "key"})
        headers = {"Content-Type": "application/json", "Idempotency-Key": name}
        return self._answer("POST", "/api/v1/accounts", body, headers)

    def _answer(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> bytes:
        self.connection.request(method, path, body, self.headers | headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content


def milliseconds_a_call(call: Callable[[], object], processes: list[psutil.Process]) -> float:
    """Return the processor time of one call."""
    for _ in range(WARM_UP):
        call()
    before = cpu_seconds(processes)
    for _ in range(CALLS):
        call()
    return round((cpu_seconds(processes) - before) / CALLS * 1000, 2)


def main() -> None:
    """Measure and print the gates."""
    organization = Organization.objects.get(slug="large")
    with organization_scope(organization):
        _, token = issue_token(
            organization=organization, name="cost", scopes=list(API_SCOPES), issued_at=timezone.now()
        )
        deal = Opportunity.objects.filter(outcome="open").order_by("id").first()
    assert deal is not None
    web = Web(token)
    try:
        processes = [psutil.Process(web.process.pid), psutil.Process(int(os.environ["BENCH_POSTGRES_PID"]))]
        costs = {
            "list": milliseconds_a_call(lambda: web.get(LIST), processes),
            "one": milliseconds_a_call(lambda: web.get(f"/api/v1/opportunities/{deal.pk}"), processes),
            "create": milliseconds_a_call(web.create, processes),
        }
    finally:
        web.process.terminate()
        web.process.wait()
    gates: Gates = {
        "api list of 50 deals: processor time": gate(costs["list"], LIST_CPU, "ms"),
        "api one deal: processor time": gate(costs["one"], GET_CPU, "ms"),
        "api create an account: processor time": gate(costs["create"], CREATE_CPU, "ms"),
    }
    json.dump(gates, sys.stdout)


if __name__ == "__main__":
    main()
