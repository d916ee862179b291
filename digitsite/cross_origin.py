"""Pages of other origins at the API: those that DIGITSITE_CORS_ORIGINS names may ask it and read.

They ask as nobody in particular. Browsers send cookies along between ports and subdomains of one
site, so those are dropped here: such a page acts as no visitor of ours, and makes nobody another.
"""

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class CrossOrigin(CorsMiddleware):
    """The library's answers to browsers, without cookies in either direction."""

    def check_preflight(self, request: HttpRequest) -> HttpResponseBase | None:
        """Answer a browser that asks what a page may do; forget who sends anything else."""
        if self._is_elsewhere(request):
            request.COOKIES = {}
        return super().check_preflight(request)

    def add_response_headers(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Let the page read the answer."""
        if self._is_elsewhere(request):
            response.cookies.clear()
        return super().add_response_headers(request, response)

    def _is_elsewhere(self, request: HttpRequest) -> bool:
        origin = request.headers.get("Origin")
        if origin not in settings.CORS_ALLOWED_ORIGINS or not self.is_enabled(request):
            return False
        return origin not in settings.ALLOWED_ORIGINS
