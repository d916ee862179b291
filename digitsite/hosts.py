"""By which names this site may be asked for: those of its origins, and any for what machines ask.

A balancer's probe and a scrape address each process by where it runs, which no setting names. They
are told nothing that depends on a name; who may read metrics is the view's to say.
"""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware

ASKED_BY_MACHINES = ("/health/live", "/health/ready", "/metrics")


class KnownHosts(CommonMiddleware):
    """Django's own, which refuses unknown hosts, but not to machines."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Refuse a host that is not ours, unless it does not matter."""
        if request.path_info in ASKED_BY_MACHINES:
            return None
        return super().process_request(request)
