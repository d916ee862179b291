"""What machines ask of a web process: is it alive, can it answer, what has it counted."""

import secrets
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port, validate_host
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from recognizer import readiness


@require_safe
async def live(request: HttpRequest) -> HttpResponse:
    """The event loop answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
async def ready(request: HttpRequest) -> HttpResponse:
    """200 while predictions can be answered; what is out of order beside that is `degraded`.

    Only a missing model makes a process unready: it answers drawings through an outage of the
    database, of Redis, or of the disk. `details` say what is wrong and what to do.
    """
    found = await readiness.look()
    return JsonResponse(
        {
            "status": found.status,
            "version": found.version,
            "checks": {name: check.state for name, check in found.checks.items()},
            "details": found.details,
        },
        status=503 if found.status == "unavailable" else 200,
    )


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine or for whoever has the token."""
    if not _may_scrape(request):
        return HttpResponse("metrics are for this machine, or need the token", status=403)
    await readiness.look()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _may_scrape(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    # Behind a proxy on this machine every visitor comes from the loopback interface.
    if "X-Forwarded-For" in request.headers or not _is_asked_by_our_name(request):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _is_asked_by_our_name(request: HttpRequest) -> bool:
    """Tell addresses and our names from others: a foreign page can have its own name lead here."""
    name, _ = split_domain_port(request.headers.get("Host", "localhost"))
    if validate_host(name, ["localhost", *settings.ALLOWED_HOSTS]):
        return True
    try:
        return bool(ip_address(name.strip("[]")))
    except ValueError:
        return False
