"""The ASGI application: HTTP first, because it sets Django up, then the socket routes.

It knows nothing about the server under it: Daphne and uvicorn both run it.
"""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digitsite.settings")
http = get_asgi_application()

from django.conf import settings  # noqa: E402 - only after Django is set up

from digitsite.origins import OriginCheck, refuse  # noqa: E402
from digitsite.proxies import TrustedProxies  # noqa: E402
from feedback.routing import websocket_urlpatterns  # noqa: E402

routes = URLRouter([*websocket_urlpatterns, re_path("", refuse)])  # type: ignore[arg-type]
sockets = OriginCheck(routes, settings.ALLOWED_ORIGINS)

application = TrustedProxies(
    ProtocolTypeRouter({"http": http, "websocket": sockets}), settings.TRUSTED_PROXIES
)
