"""Which pages may change something over HTTP: ours, and those that the settings allow.

The API's views are outside Django's CSRF middleware, since programs have no token. Browsers say
where a request comes from, and a page cannot make them lie about it; programs say nothing.
"""

from django.conf import settings
from django.http import HttpRequest

from recognizer.payloads import ApiError


def require_same_origin(request: HttpRequest) -> None:
    """Refuse a request that another site's page has sent.

    Raises:
        ApiError: 403.
    """
    origin = request.headers.get("Origin")
    allowed = {*settings.ALLOWED_ORIGINS, *settings.CORS_ALLOWED_ORIGINS}
    elsewhere = origin not in allowed if origin is not None else _is_cross_site(request)
    if elsewhere:
        raise ApiError(403, "origin", "this can only be asked for by the site's own pages")


def _is_cross_site(request: HttpRequest) -> bool:
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
