"""A worker that may take nothing more is to have something to do."""

from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker import state

from digitsite.credit import Credit


@pytest.fixture
def consumer() -> Any:
    qos = SimpleNamespace(can_consume=lambda: False)
    return SimpleNamespace(
        app=Celery("test", broker="redis://localhost", set_as_current=False),
        task_consumer=SimpleNamespace(channel=SimpleNamespace(qos=qos)),
    )


def test_who_is_full_with_nothing_to_do_connects_again(consumer: Any) -> None:
    credit = Credit(consumer)
    credit.look(consumer)  # an acknowledgement may be under way
    with pytest.raises(consumer.app.connection_for_read().connection_errors):
        credit.look(consumer)


def test_who_has_something_to_do_may_be_full(
    consumer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit = Credit(consumer)
    for name in ("reserved_requests", "scheduled_requests"):
        monkeypatch.setattr(state, name, ["task"])
        for _ in range(3):
            credit.look(consumer)
        monkeypatch.setattr(state, name, [])
        credit.look(consumer)
        consumer.task_consumer.channel.qos.can_consume = lambda: True
        credit.look(consumer)
        consumer.task_consumer.channel.qos.can_consume = lambda: False


@pytest.mark.parametrize(("broker", "takes_part"), [("redis://", True), ("amqp://", False)])
def test_rabbitmq_counts_itself(broker: str, takes_part: bool) -> None:
    parent = SimpleNamespace(app=Celery("test", broker=broker, set_as_current=False))
    assert Credit(parent).include_if(parent) is takes_part
