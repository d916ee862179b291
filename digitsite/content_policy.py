"""The Content-Security-Policy of every answer, with the page's own websocket spelt out.

`connect-src 'self'` covers the websocket of the same host in current browsers but not in older
ones, so its address is added; it is known only once the request is.
"""

from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase


class ContentPolicy(CSPMiddleware):
    """The policy of the settings, plus the websocket of the host that was asked."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Add `ws://host` or `wss://host` to what the page may connect to."""
        parts = super().get_policy_parts(request, response, report_only)
        try:
            scheme = "wss" if request.is_secure() else "ws"
            websocket = f"{scheme}://{request.get_host()}"
        except DisallowedHost:
            return parts  # the answer is no page: a 400, or what machines ask for
        parts.update = {**(parts.update or {}), "connect-src": [websocket]}
        return parts
