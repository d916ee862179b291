"""Fills the database of a running server; runs in a process of its own, away from the browser."""

from django.contrib.auth.models import User

from benchmarks.synthetic_corrections import MODERATORS, fill


def fill_for(groups: dict[str, int]) -> None:
    """Write pending items by made-up submitters, so that each test has a queue of its own."""
    for seed, (name, count) in enumerate(sorted(groups.items())):
        fill(count, seed=seed, decided=0, submitter=f"anonymous:{name}")
    fill(60, seed=99)  # with approved neighbours and something for the charts
    for name in MODERATORS:
        user = User.objects.get(username=name)
        user.set_password(name)
        user.save()
