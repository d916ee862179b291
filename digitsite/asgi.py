"""The ASGI application: HTTP first, because it sets Django up, then the socket routes.

It knows nothing about the server under it: Daphne and uvicorn both run it. Not every server says
when it starts, so the watch for new versions begins with the first request, if `web` has not begun
it before.
"""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
http = get_asgi_application()

from django.conf import settings  # noqa: E402 - only after Django is set up

from digitsite.origins import OriginCheck, refuse  # noqa: E402
from digitsite.proxies import TrustedProxies  # noqa: E402
from feedback.routing import websocket_urlpatterns  # noqa: E402
from recognizer import watching  # noqa: E402

routes = URLRouter([*websocket_urlpatterns, re_path("", refuse)])  # type: ignore[arg-type]
sockets = OriginCheck(routes, settings.ALLOWED_ORIGINS)

site = TrustedProxies(
    ProtocolTypeRouter({"http": http, "websocket": sockets}), settings.TRUSTED_PROXIES
)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request or one socket."""
    watching.start()
    await site(scope, receive, send)
