"""`/metrics`: the figures of this process and of the whole installation, in the form that Prometheus reads."""

import hmac
import time
from collections.abc import Iterator

import redis
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tenancy import figures
from tenancy.access import public

REQUESTS = Counter("agile_sales_requests", "Requests answered by this process.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "agile_sales_request_seconds",
    "How long this process took to answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10),
)
WORDS = {
    "outbox_waiting": "Recorded work that is not done yet.",
    "outbox_oldest_seconds": "Age of the oldest work that is not done.",
    "outbox_given_up": "Work that failed too often; a person must look.",
    "events_unplaced": "Events that have no position yet.",
    "mail_waiting": "Messages that were not handed to the mail server yet.",
    "runs_failed_in_a_day": "Nights and other runs that failed in the last 24 hours.",
    "queue_length": "Messages that wait on the broker.",
}


class Installation(Collector):
    """What relay, beat and workers left in Valkey; nothing of it names an organisation or a person."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; while Valkey is down only that it is."""
        try:
            parts, tasks = figures.published(), figures.task_counts()
        except redis.RedisError:
            yield GaugeMetricFamily("agile_sales_broker_up", "Whether the broker answers.", value=0)
            return
        yield GaugeMetricFamily("agile_sales_broker_up", "Whether the broker answers.", value=1)
        heartbeat = GaugeMetricFamily(
            "agile_sales_heartbeat_age_seconds", "Since this part last said that it runs.", labels=["part"]
        )
        for part, note in sorted(parts.items()):
            heartbeat.add_metric([part], max(0.0, time.time() - note["at"]))
        yield heartbeat
        for name, value in parts.get("relay", {}).items():
            if name in WORDS:
                yield GaugeMetricFamily(f"agile_sales_{name}", WORDS[name], value=value)
        done = CounterMetricFamily("agile_sales_tasks", "Tasks by how they ended.", labels=["task", "outcome"])
        for (task, outcome), count in sorted(tasks.items()):
            done.add_metric([task, outcome], count)
        yield done


REGISTRY.register(Installation())


@public(reason="guarded by a token of its own: whoever scrapes it is no member of an organisation")
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures to whoever has METRICS_TOKEN; to anybody else, and without one, the page is not there."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    if not wanted or scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), wanted.encode()):
        raise Http404
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
