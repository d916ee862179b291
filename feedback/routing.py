"""The WebSocket routes: the recogniser's canvas, with verdicts and receipts."""

from django.urls import path

from feedback.consumers import FeedbackConsumer

websocket_urlpatterns = [path("ws/draw/", FeedbackConsumer.as_asgi())]
