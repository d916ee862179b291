"""A worker that counts something as taken is to have it to do."""

from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.worker import state

from digitsite.credit import Credit


@pytest.fixture
def consumer() -> Any:
    qos = SimpleNamespace(_delivered={"a": "message"}, _dirty=set())
    return SimpleNamespace(
        app=Celery("test", broker="redis://localhost", set_as_current=False),
        task_consumer=SimpleNamespace(channel=SimpleNamespace(qos=qos)),
    )


def test_who_has_taken_what_there_is_not_connects_again(consumer: Any) -> None:
    credit = Credit(consumer)
    credit.look(consumer)  # an acknowledgement may be under way
    with pytest.raises(consumer.app.connection_for_read().connection_errors):
        credit.look(consumer)


def test_one_look_that_fits_is_enough(consumer: Any) -> None:
    credit, qos = Credit(consumer), consumer.task_consumer.channel.qos
    for _ in range(2):
        credit.look(consumer)
        qos._dirty.add("a")  # it has been acknowledged
        credit.look(consumer)
        qos._dirty.clear()


@pytest.mark.parametrize("name", ["reserved_requests", "scheduled_requests"])
def test_who_has_it_to_do_may_have_taken_it(
    consumer: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    credit, qos = Credit(consumer), consumer.task_consumer.channel.qos
    monkeypatch.setattr(state, name, ["task"])
    for _ in range(3):
        credit.look(consumer)
    qos._delivered["b"] = "message"
    credit.look(consumer)
    with pytest.raises(ConnectionError):
        credit.look(consumer)


@pytest.mark.parametrize(("broker", "takes_part"), [("redis://", True), ("amqp://", False)])
def test_rabbitmq_counts_itself(broker: str, takes_part: bool) -> None:
    parent = SimpleNamespace(app=Celery("test", broker=broker, set_as_current=False))
    assert Credit(parent).include_if(parent) is takes_part
