"""Corrections as a split: people of whom a version knows nothing."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from feedback import decisions
from feedback.models import Action, Correction, Device
from feedback.tests.making import correction, moderator, person
from trainer import answering, field
from trainer.datasets import DataError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("state")]


def approve(*rows: Correction) -> None:
    decisions.decide([row.pk for row in rows], Action.APPROVE, moderator())


@pytest.fixture
def rows() -> list[Correction]:
    """Two drawings of ann with a mouse, one of bob with a pen, all approved."""
    ann, bob = person("anonymous:ann"), person("anonymous:bob")
    found = [
        correction(1, person=ann),
        correction(2, person=ann),
        correction(3, person=bob, device=Device.PEN, label="b"),
    ]
    approve(*found)
    return found


def test_approved_corrections_are_sorted_by_device_and_name_nobody(rows: list[Correction]) -> None:
    correction(4, person=person("anonymous:eve"))  # nobody has looked at it
    split = field.corrections(frozenset())
    assert {part.name: len(part) for part in split.parts} == {
        "corrections by mouse": 2,
        "corrections by pen": 1,
    }
    assert set(split.parts[0].groups) | set(split.parts[1].groups) == {"person 1", "person 2"}
    assert list(split.parts[1].characters) == ["b"]
    assert not split.once


def test_whoever_taught_it_one_drawing_is_left_out_with_all(rows: list[Correction]) -> None:
    split = field.corrections({str(rows[0].pk)})
    assert [part.name for part in split.parts] == ["corrections by pen"]
    with pytest.raises(DataError, match="not learned from"):
        field.corrections({str(row.pk) for row in rows})


def test_the_command_measures_on_them(
    rows: list[Correction], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "REPORTED_SCRIBBLES", 15)
    out = StringIO()
    call_command("evaluate", "champion", "--split", "corrections", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["overall"]["samples"] == 3
    assert {each["name"] for each in told["devices"]} == {"canvas, mouse", "canvas, pen"}
