"""Is the process alive, is it ready: for supervisors and load balancers."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from tenancy.access import public

_migrations_applied = False


@public(reason="a supervisor asks whether the process answers; no part is looked at")
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs."""
    return JsonResponse({"status": "alive"})


@public(reason="a load balancer asks whether to send requests here")
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when database, broker and migrations are as they must be, else 503 with what is missing."""
    checks = {"database": _database(), "broker": _broker()}
    checks["migrations"] = _migrations() if checks["database"] == "ok" else "unknown"
    is_ready = all(answer == "ok" for answer in checks.values())
    response = JsonResponse({"status": "ready" if is_ready else "not ready", **checks}, status=200 if is_ready else 503)
    if not is_ready:
        response["Retry-After"] = "5"
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return "unreachable"
    return "ok"


def _broker() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        return "unreachable"
    finally:
        client.close()
    return "ok"


def _migrations() -> str:
    # Applied migrations stay applied, so the walk over all the files is made until it is true once.
    global _migrations_applied
    if not _migrations_applied:
        executor = MigrationExecutor(connection)
        _migrations_applied = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if _migrations_applied else "pending"
