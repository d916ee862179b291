"""What machines ask of a web process: is it alive, can it answer, what has it counted."""

import secrets
import shutil
from functools import cache
from ipaddress import ip_address

import redis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from recognizer import serving
from recognizer.figures import figures

_MIN_FREE_BYTES = 200 * 2**20
_REDIS_SECONDS = 1.0


@require_safe
async def live(request: HttpRequest) -> HttpResponse:
    """The event loop answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
async def ready(request: HttpRequest) -> HttpResponse:
    """200 while predictions can be answered; what is out of order beside that is `degraded`.

    Only a missing model makes a process unready: it answers drawings through an outage of the
    database, of Redis, or of the disk. `details` are what somebody should look at, but not now.
    """
    try:
        version = serving.current().version
    except serving.Unavailable:
        version = None
    checks = {
        "model": "ok" if version else "down",
        "database": await sync_to_async(_database)(),
        "redis": await _redis(),
        "disk": _disk(),
    }
    details = {}
    if checks["database"] == "ok":
        details = dict((await sync_to_async(figures.look)()).remarks)
    troubled = any(state == "down" for state in checks.values())
    status = "unavailable" if version is None else "degraded" if troubled else "ok"
    return JsonResponse(
        {"status": status, "version": version, "checks": checks, "details": details},
        status=503 if version is None else 200,
    )


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine or for whoever has the token."""
    if not _may_scrape(request):
        return HttpResponse("metrics are for this machine, or need the token", status=403)
    await sync_to_async(figures.look)()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    # Behind a proxy on this machine every visitor comes from the loopback interface.
    if "X-Forwarded-For" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "down"
    return "ok"


async def _redis() -> str:
    if not settings.REDIS_URL:
        return "none"
    try:
        await _client(settings.REDIS_URL).ping()
    except (redis.RedisError, OSError):
        return "down"
    return "ok"


@cache
def _client(url: str) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(
        url, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS
    )


def _disk() -> str:
    try:
        free = shutil.disk_usage(settings.STATE).free
    except OSError:
        return "down"
    return "ok" if free > _MIN_FREE_BYTES else "down"
