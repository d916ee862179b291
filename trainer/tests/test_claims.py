"""Two workers at the same unit of work, on a database that lets both try at once."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction

from digitsite.tests.locks import waits_for_a_row
from digitsite.tests.processes import wait_for
from trainer import opening
from trainer.models import Challenger, TrainingRun, claim_challenger, claim_judging
from trainer.tests.conftest import Bench
from trainer.tests.test_opening import approved

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def take(what: str, owner: str) -> Challenger | TrainingRun | None:
    return claim_challenger(owner) if what == "a challenger" else claim_judging(owner)


def take_in_a_thread(what: str, owner: str) -> Challenger | TrainingRun | None:
    try:
        return take(what, owner)
    finally:
        connection.close()


@pytest.mark.parametrize("what", ["a challenger", "the judging"])
def test_who_waited_for_the_claim_of_another_has_none(what: str, bench: Bench) -> None:
    approved()
    run = opening.open_now()
    if what == "the judging":
        run.challengers.update(done=True)
        TrainingRun.objects.update(status="running")
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            assert take(what, "first") is not None
            second = thread.submit(partial(take_in_a_thread, what, "second"))
            wait_for(waits_for_a_row, "the second worker's update", 25)
        assert second.result() is None
    rows = Challenger.objects if what == "a challenger" else TrainingRun.objects
    assert list(rows.values_list("owner", "attempts")) == [("first", 1)]
