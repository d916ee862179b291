"""The WebSocket routes of the recogniser."""

from django.urls import path

from recognizer.consumers import DrawConsumer

websocket_urlpatterns = [path("ws/draw/", DrawConsumer.as_asgi())]
