"""A moderator's browser without a browser: the requests that the review screen makes."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.test import Client

from feedback.models import Correction

Response = Any  # the test client adds `json` and `context` to it
ROOT = "/admin/feedback/correction/"


class Reviewer:
    """Somebody signed in."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client(HTTP_HOST="127.0.0.1:8000")
        self.client.force_login(user)

    def get(self, path: str = "", **query: str) -> Response:
        return self.client.get(ROOT + path, query)

    def text(self, path: str = "", **query: str) -> str:
        response = self.get(path, **query)
        assert response.status_code == 200, response.content
        return response.content.decode()

    def post(self, path: str, **fields: Any) -> Response:
        return self.client.post(ROOT + path, fields)

    def queue(self, **query: str) -> list[str]:
        """Return the ids of what waits, in order."""
        answer = self.client.get(f"{ROOT}review/queue/", {"limit": "100"} | query).json()
        return [item["id"] for item in answer["items"]]

    def card(self, pk: UUID) -> str:
        response = self.client.post(f"{ROOT}review/{pk}/")
        assert response.status_code == 200
        html: str = response.json()["html"]
        return html

    def decide(self, action: str, *items: Correction, **fields: Any) -> Response:
        ids = ",".join(str(item.pk) for item in items)
        given = {"expected": "pending"} | fields
        return self.post("review/decide/", action=action, ids=ids, **given)

    def ask_for(self, action: str, *items: Correction, **more: Any) -> Response:
        """Choose an action for rows of the list."""
        selected = [str(item.pk) for item in items]
        return self.post("", action=action, _selected_action=selected, **more)

    def confirm(self, action: str, *items: Correction, **more: Any) -> list[str]:
        """Confirm a bulk decision; return the messages."""
        ids = ",".join(str(item.pk) for item in items)
        return self.told("bulk/", action=action, ids=ids, **more)

    def told(self, path: str, **fields: Any) -> list[str]:
        """Send a form; return the sentences of the messages, without the buttons behind them."""
        response = self.client.post(ROOT + path, fields, follow=True)
        return [str(message).partition(" <form")[0] for message in response.context["messages"]]
