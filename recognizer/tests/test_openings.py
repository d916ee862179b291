"""Test sets are looked at once for each version, and every look is kept."""

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client

from recognizer import openings
from recognizer.append_only import AppendOnly
from recognizer.checkpoints import MODEL, Card
from recognizer.models import SplitOpening
from recognizer.openings import Locked, record, require_closed
from recognizer.tests.standin import card

pytestmark = pytest.mark.django_db
SPLIT = "mnist-test"
FRESH = card(4, sha256={MODEL: "a" * 64})


def look(version: Card = FRESH, *, insisted: bool = False, by: str = "ada") -> None:
    record(version, SPLIT, "b" * 64, by, {"hinted": 0.9}, insisted=insisted)


def test_the_first_look_is_free_and_the_second_refused() -> None:
    require_closed(FRESH, SPLIT)
    look()
    with pytest.raises(Locked, match=r"mnist-test was opened with version 4 on .* by ada.*--again"):
        require_closed(FRESH, SPLIT)
    with pytest.raises(Locked):
        look()
    assert SplitOpening.objects.count() == 1


def test_who_insists_is_recorded_as_well() -> None:
    look()
    look(insisted=True, by="bob")
    found = openings.openings(FRESH)
    assert [(each["by"], each["again"]) for each in found] == [("ada", False), ("bob", True)]
    with pytest.raises(Locked, match="2 times in all"):
        require_closed(FRESH, SPLIT)


def test_insisting_on_a_first_look_makes_it_no_second_one() -> None:
    look(insisted=True)
    assert not SplitOpening.objects.get().again


def test_the_lock_is_the_network_s_and_no_number_or_name_opens_it() -> None:
    look()
    copy = card(5, name="another", sha256={MODEL: "a" * 64})
    with pytest.raises(Locked):
        require_closed(copy, SPLIT)
    require_closed(card(4, sha256={MODEL: "c" * 64}), SPLIT)
    require_closed(FRESH, "another-test")


def test_a_card_that_tells_of_a_look_is_a_lock() -> None:
    tested = card(6, sha256={MODEL: "d" * 64}, metrics={"test": {"mnist": {"top1_hinted": 0.99}}})
    with pytest.raises(Locked, match="by training, before it was published"):
        require_closed(tested, SPLIT)
    look(tested, insisted=True)
    assert SplitOpening.objects.get().again
    assert [each["again"] for each in openings.openings(tested)] == [False, True]


def test_of_two_first_looks_at_once_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    look()
    # The other one asked before our row was there.
    monkeypatch.setattr(openings, "_of", lambda *_: [])
    with pytest.raises(Locked, match="by somebody else meanwhile"):
        look(by="bob")
    assert SplitOpening.objects.count() == 1


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("disk I/O error", r"does not answer \(disk I/O error\): see that it runs"),
        ("no such table: x", r"is not up to date \(no such table: x\): run `manage.py prepare`"),
    ],
)
def test_nothing_is_looked_at_while_the_record_cannot_be_read(
    why: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> None:
        raise DatabaseError(why)

    monkeypatch.setattr(openings, "openings", fail)
    with pytest.raises(Locked, match=said):
        require_closed(FRESH, SPLIT)


def test_the_admin_shows_looks_and_lets_nobody_touch_them() -> None:
    look()
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    row = SplitOpening.objects.get()
    path = "/admin/recognizer/splitopening/"
    assert "mnist-test" in browser.get(path).content.decode()
    assert "0.9" in browser.get(f"{path}{row.pk}/change/").content.decode()
    assert browser.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.get(f"{path}add/").status_code == 403


def test_a_look_is_never_changed_or_taken_back() -> None:
    look()
    row = SplitOpening.objects.get()
    with pytest.raises(AppendOnly):
        row.save()
    with pytest.raises(AppendOnly):
        row.delete()
    with pytest.raises(AppendOnly):
        SplitOpening.objects.all().delete()
    with pytest.raises(AppendOnly):
        SplitOpening.objects.update(by="nobody")
