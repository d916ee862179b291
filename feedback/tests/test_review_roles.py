"""Who may look, who may decide."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from feedback.models import Correction, ReviewEvent, Status
from feedback.tests.making import correction, moderator, user_with
from feedback.tests.reviewing import ROOT

pytestmark = pytest.mark.django_db

ROLES: dict[str, Callable[[], User | None]] = {
    "anonymous": lambda: None,
    "plain user": lambda: User.objects.create_user("plain"),
    "reviewer who is no staff": lambda: user_with("outsider", "review_correction"),
    "staff": lambda: User.objects.create_user("staff", is_staff=True),
    "staff who may look": lambda: user_with("looker", "view_correction", is_staff=True),
    "staff who may export": lambda: user_with("exporter", "export_correction", is_staff=True),
    "moderator": moderator,
    "superuser": lambda: User.objects.create_superuser("root"),
}
NOT_STAFF = {"anonymous", "plain user", "reviewer who is no staff"}
LOOKS = {"staff who may look", "moderator", "superuser"}
DECIDES = {"moderator", "superuser"}
HEAT = "{pk}/heat/7-0000000000000000/3.png"  # of the stand-in
LOOKING = ("", "charts/", "{pk}/change/", "{pk}/28.png", HEAT)
DECIDING = {
    "review/": None,
    "review/queue/?limit=5": None,
    "review/{pk}/": {},
    "review/decide/": {"action": "approve", "ids": "{pk}"},
    "review/undo/": {"events": "1"},
    "review/leases/": {"keep": "{pk}"},
    "bulk/": {"action": "approve", "ids": "{pk}"},
    "bulk/undo/": {"events": "1", "item": "{pk}"},
}


def _ask(client: Client, path: str, form: dict[str, str] | None, pk: Any) -> int:
    url = ROOT + path.format(pk=pk)
    if form is None:
        return client.get(url).status_code
    return client.post(url, {name: text.format(pk=pk) for name, text in form.items()}).status_code


def _client(role: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1:8000")
    user = ROLES[role]()
    if user:
        client.force_login(user)
    return client


@pytest.mark.parametrize("path", LOOKING)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_look(role: str, path: str) -> None:
    pk = correction().pk
    expected = 302 if role in NOT_STAFF else 200 if role in LOOKS else 403
    assert _ask(_client(role), path, None, pk) == expected


@pytest.mark.parametrize("path", DECIDING)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_decide(role: str, path: str) -> None:
    item = correction()
    form = DECIDING[path]
    status = _ask(_client(role), path, form, item.pk)
    if role in DECIDES:
        assert status in (200, 302, 409)
    else:
        assert status == (302 if role in NOT_STAFF else 403)
        assert Correction.objects.get(pk=item.pk).status == Status.PENDING
        assert not ReviewEvent.objects.exclude(action="submit").exists()


@pytest.mark.parametrize("role", ROLES)
def test_only_who_decides_is_offered_decisions(role: str) -> None:
    item = correction()
    client = _client(role)
    if role not in LOOKS:
        return
    listed = client.get(ROOT).content.decode()
    shown = client.get(f"{ROOT}{item.pk}/change/").content.decode()
    assert ('name="action"' in listed) == (role in DECIDES)
    assert ('action="/admin/feedback/correction/bulk/"' in shown) == (role in DECIDES)
    assert ("Review queue" in listed) == (role in DECIDES)


@pytest.mark.parametrize("role", sorted(LOOKS))
def test_nobody_adds_edits_or_deletes_here(role: str) -> None:
    item = correction()
    client = _client(role)
    assert client.get(f"{ROOT}add/").status_code == 403
    assert client.get(f"{ROOT}{item.pk}/delete/").status_code == 403
    assert client.post(f"{ROOT}{item.pk}/change/", {"label": "9"}).status_code in (200, 403, 405)
    client.post(ROOT, {"action": "delete_selected", "_selected_action": [str(item.pk)]})
    assert Correction.objects.get(pk=item.pk).label == "7"


def test_a_decision_without_the_token_is_refused() -> None:
    item = correction()
    client = Client(HTTP_HOST="127.0.0.1:8000", enforce_csrf_checks=True)
    client.force_login(moderator())
    for path in ("review/decide/", "bulk/", "bulk/undo/"):
        form = {"action": "approve", "ids": str(item.pk)}
        assert client.post(ROOT + path, form).status_code == 403
    assert Correction.objects.get(pk=item.pk).status == Status.PENDING


@pytest.mark.parametrize(
    "path",
    ["review/decide/", "review/undo/", "review/leases/", "bulk/", "bulk/undo/"],
)
def test_what_changes_something_is_never_done_by_get(path: str) -> None:
    client = _client("moderator")
    assert client.get(ROOT + path).status_code == 405


def test_what_is_not_there_is_not_found() -> None:
    client = _client("moderator")
    assert client.post(f"{ROOT}review/{uuid4()}/").status_code == 404
    assert client.get(f"{ROOT}{uuid4()}/28.png").status_code == 404
    assert client.get(ROOT + HEAT.format(pk=uuid4())).status_code == 404
    assert client.get(f"{ROOT}{uuid4()}/change/").status_code == 404
    assert client.get(f"{ROOT}nonsense/change/").status_code == 404
