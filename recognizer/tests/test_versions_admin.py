"""Versions in the admin: promoting has its own permission, asks why, and loses no race quietly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from recognizer import registry, withdrawals
from recognizer.models import ModelVersion, Promotion, ServingProcess
from recognizer.tests.making_versions import made, promoter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("state")]
ROOT = "/admin/recognizer/"
VERSIONS = f"{ROOT}modelversion/"


def signed_in(user: User, **options: Any) -> Client:
    client = Client(HTTP_HOST="127.0.0.1:8000", **options)
    client.force_login(user)
    return client


@pytest.fixture
def client() -> Client:
    made(), made()
    return signed_in(promoter())


def activate(client: Client, number: int, expected: int, reason: str = "better") -> Any:
    return client.post(
        f"{VERSIONS}{number}/activate/", {"expected": expected, "reason": reason}, follow=True
    )


def champion() -> int:
    return registry.champion().version_id


def test_versions_are_listed_with_their_roles(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    registry.promote(2, reason="x", expected=1)
    ServingProcess.objects.create(process="a", version=2, seen_at=timezone.now())
    with django_assert_max_num_queries(15):
        page = client.get(VERSIONS).content.decode()
    for words in (
        "Version 2 is the champion, live in 1 of 1 process.",
        "earlier champion",
        "challenger",
        "Promote version 3",
        "Roll back to version 1",
    ):
        assert words in page
    assert "Promote version 2" not in page


def test_a_version_s_own_page_leads_to_promoting_it(client: Client) -> None:
    registry.promote(2, reason="x", expected=1)
    assert 'href="/admin/recognizer/modelversion/3/activate/">Promote version 3<' in own(client, 3)
    assert ">Roll back to version 1</a>" in own(client, 1)
    assert "/activate/" not in own(client, 2)
    onlooker = User.objects.create_user("looks", is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    assert "/activate/" not in own(signed_in(onlooker), 3)


def own(client: Client, number: int) -> str:
    page = client.get(f"{VERSIONS}{number}/change/")
    assert page.status_code == 200
    return page.content.decode()


def test_moments_are_written_as_elsewhere_with_their_time_zone(client: Client) -> None:
    made()
    ModelVersion.objects.filter(number=2).update(created=datetime(2026, 3, 4, 15, 6, tzinfo=UTC))
    for page in (VERSIONS, f"{VERSIONS}2/change/"):
        assert "2026-03-04 15:06 UTC" in client.get(page).content.decode()


def test_the_list_follows_the_processes_until_all_serve_the_champion(client: Client) -> None:
    refresh, so_far = '<meta http-equiv="refresh"', "live in 0 of 1 process so far"
    ServingProcess.objects.create(process="a", version=1, seen_at=timezone.now())
    activate(client, 2, expected=1)
    page = client.get(VERSIONS).content.decode()
    assert refresh in page
    assert so_far in page
    ServingProcess.objects.update(version=2)
    assert refresh not in client.get(VERSIONS).content.decode()


def test_a_process_that_stays_behind_is_not_waited_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ServingProcess.objects.create(process="a", version=1, seen_at=timezone.now())
    activate(client, 2, expected=1)
    monkeypatch.setattr("recognizer.admin._FOLLOWING", timedelta(0))
    page = client.get(VERSIONS).content.decode()
    assert "live in 0 of 1 process." in page
    assert '<meta http-equiv="refresh"' not in page


def test_a_version_is_promoted_with_a_reason(client: Client) -> None:
    page = client.get(f"{VERSIONS}2/activate/").content.decode()
    assert 'name="expected" value="1"' in page
    assert "csrfmiddlewaretoken" in page
    assert "Learning then pauses" in page
    answer = activate(client, 2, 1)
    assert "Version 2 is the champion now." in answer.content.decode()
    line = registry.champion().promotion
    assert (line.kind, line.to_version_id, line.actor_name) == ("promote", 2, "pro")
    assert line.reason == "better"
    activate(client, 1, 2, "worse")
    line = registry.champion().promotion
    assert (line.kind, line.to_version_id, line.reason) == ("rollback", 1, "worse")


def test_who_goes_forward_again_promotes(client: Client) -> None:
    activate(client, 2, 1)
    activate(client, 1, 2, "worse")
    assert "Promote version 2" in client.get(VERSIONS).content.decode()
    assert "Promote version 2" in client.get(f"{VERSIONS}2/activate/").content.decode()
    activate(client, 2, 1, "better after all")
    line = registry.champion().promotion
    assert (line.kind, line.to_version_id) == ("promote", 2)
    assert registry.previous() == 1


def test_who_chooses_a_version_is_told_that_it_knows_what_was_taken_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "_count", {1: 0, 2: 2, 3: 1}.__getitem__)
    known = "learned from {} taken back or relabelled since"
    some, one = known.format("2 corrections that were"), known.format("1 correction that was")
    assert some in client.get(f"{VERSIONS}2/activate/").content.decode()
    assert some in activate(client, 2, 1).content.decode()
    assert one in client.get(f"{VERSIONS}3/activate/").content.decode()
    assert "relabelled since" not in client.get(f"{VERSIONS}1/activate/").content.decode()


def test_the_second_of_two_clicks_is_told_who_came_first(client: Client) -> None:
    activate(client, 2, 1)
    answer = activate(signed_in(promoter("late")), 3, 1)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Nothing was changed: version 2 became champion meanwhile, by pro" in page
    assert 'name="expected" value="2"' in page  # a third click knows
    assert ">better</textarea>" in page
    assert champion() == 2
    assert activate(client, 2, 1).status_code == 409  # the same button twice
    assert Promotion.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"expected": "1", "reason": ""}, "a reason is needed"),
        ({"reason": "x"}, "did not say"),
        ({"expected": "-1", "reason": "x"}, "did not say"),
        ({"expected": "one", "reason": "x"}, "did not say"),
    ],
)
def test_half_a_form_is_refused(client: Client, fields: dict[str, str], why: str) -> None:
    answer = client.post(f"{VERSIONS}2/activate/", fields)
    assert (answer.status_code, why in answer.content.decode()) == (409, True)
    assert champion() == 1


def test_a_broken_version_is_not_promoted(client: Client) -> None:
    registry.mark_broken(2)
    assert "Promote version 2" not in client.get(VERSIONS).content.decode()
    assert "marked as broken" in activate(client, 2, 1).content.decode()
    assert client.get(f"{VERSIONS}9/activate/").status_code == 404


def test_looking_is_not_promoting(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_modelversion"))
    page = signed_in(viewer).get(VERSIONS).content.decode()
    assert "Version 1 is the champion" in page
    assert "activate" not in page
    for other in (viewer, User.objects.create_user("staff", is_staff=True)):
        assert activate(signed_in(other), 2, 1).status_code == 403
        assert signed_in(other).get(f"{VERSIONS}2/activate/").status_code == 403
    assert signed_in(other).get(VERSIONS).status_code == 403
    outsider = promoter("outsider")
    outsider.is_staff = False
    outsider.save()
    answer = signed_in(outsider).post(f"{VERSIONS}2/activate/", {"expected": 1, "reason": "x"})
    assert answer.status_code == 302  # to the login page
    assert champion() == 1


def test_without_its_token_a_click_from_elsewhere_does_nothing(client: Client) -> None:
    strict = signed_in(User.objects.get(username="pro"), enforce_csrf_checks=True)
    answer = strict.post(f"{VERSIONS}2/activate/", {"expected": 1, "reason": "x"})
    assert answer.status_code == 403
    assert client.put(f"{VERSIONS}2/activate/").status_code == 405
    assert champion() == 1


@pytest.mark.parametrize("name", ["modelversion", "promotion", "servingprocess"])
def test_nobody_edits_anything(client: Client, name: str) -> None:
    ServingProcess.objects.create(process="a", version=1, seen_at=timezone.now())
    root = signed_in(User.objects.create_superuser("root"))
    model: Any = {
        "modelversion": ModelVersion,
        "promotion": Promotion,
        "servingprocess": ServingProcess,
    }[name]
    row = model.objects.first()
    assert root.get(f"{ROOT}{name}/").status_code == 200
    assert root.get(f"{ROOT}{name}/{row.pk}/change/").status_code == 200
    assert root.get(f"{ROOT}{name}/add/").status_code == 403
    assert root.post(f"{ROOT}{name}/{row.pk}/change/", {"reason": "x"}).status_code == 403
    assert root.post(f"{ROOT}{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_ledger_and_the_processes_are_shown(client: Client) -> None:
    activate(client, 2, 1)
    ServingProcess.objects.create(
        process="host:1:2", version=1, refused=2, problem="spoilt", seen_at=timezone.now()
    )
    root = signed_in(User.objects.create_superuser("root"))
    ledger = root.get(f"{ROOT}promotion/").content.decode()
    assert all(words in ledger for words in ("better", ">pro<", "the machine", "Promote 1 → 2"))
    assert "Ledger of promotions" in ledger
    assert "Select" not in ledger
    processes = root.get(f"{ROOT}servingprocess/").content.decode()
    assert all(words in processes for words in ("host:1:2", "spoilt", "icon-yes"))
    assert "Select" not in processes


def test_the_ledger_says_what_went_against_the_gate_and_cuts_a_long_reason(client: Client) -> None:
    registry.promote(2, reason="looked at every flip " * 20, expected=1, override=True)
    ledger = client.get(f"{ROOT}promotion/")
    assert ledger.status_code == 403  # promoting is not reading the ledger
    root = signed_in(User.objects.create_superuser("root"))
    page = root.get(f"{ROOT}promotion/").content.decode()
    assert "Promote 1 → 2, gate overridden" in page
    assert page.count("looked at every flip") < 10
    line = registry.champion().promotion
    whole = root.get(f"{ROOT}promotion/{line.pk}/change/").content.decode()
    assert whole.count("looked at every flip") >= 20
