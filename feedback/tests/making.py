"""Makes people, drawings and corrections for tests."""

import uuid
from typing import Any

import numpy as np
from django.contrib.auth.models import Group, Permission, User

from feedback.models import Correction, Device, Strokes, Verdict
from feedback.people import Person
from feedback.submissions import Shown, Submission, submit
from recognizer.rasterizer import rasterise
from recognizer.strokes import Drawing

SEVEN: Strokes = [[[0, 0], [40, 0], [15, 60]]]


def person(key: str | None = None) -> Person:
    """Return somebody; without a key somebody new."""
    key = key or f"anonymous:{uuid.uuid4()}"
    return Person(key, (key,))


def scrawl(seed: int) -> Strokes:
    """Return a drawing like no other."""
    points = np.random.default_rng(seed).uniform(0, 100, (6, 2))
    return [[[float(x), float(y)] for x, y in points]]


def trembled(strokes: Strokes, seed: int = 0) -> Strokes:
    """Return nearly the same drawing, elsewhere on the canvas."""
    rng = np.random.default_rng(seed)
    return [
        [[x + 9 + rng.normal() * 0.1, y - 4 + rng.normal() * 0.1] for x, y in s] for s in strokes
    ]


def submission(drawing: Strokes | None = None, **changes: Any) -> Submission:
    """Return what somebody says about a drawing: by default that a 3 is a 7."""
    strokes = drawing or SEVEN
    fields: dict[str, Any] = {
        "person": person("anonymous:a"),
        "address": "192.0.2.1",
        "label": "7",
        "verdict": Verdict.CORRECTED,
        "shown": Shown(label="3", confidence=0.9, version=7),
        "charset": "all",
        "strokes": strokes,
        "raster": rasterise(Drawing.of(strokes).ink()),
        "device": Device.MOUSE,
    }
    return Submission(**(fields | changes))


def correction(seed: int | None = None, **changes: Any) -> Correction:
    """Submit a correction; with another seed it is another drawing."""
    return submit(submission(SEVEN if seed is None else scrawl(seed), **changes))[0]


def moderator(name: str = "mo") -> User:
    """Return a member of the group that the migration makes."""
    user = User.objects.create_user(name, password=name, is_staff=True)
    user.groups.add(Group.objects.get(name="Moderators"))
    return user


def user_with(name: str, *permissions: str, **fields: Any) -> User:
    """Return a user with permissions of this app."""
    user = User.objects.create_user(name, password=name, **fields)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="feedback", codename__in=permissions)
    )
    return user
