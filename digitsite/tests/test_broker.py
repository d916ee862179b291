"""What Celery is told, and what of it each kind of broker needs."""

import subprocess
import sys
from inspect import signature
from typing import Any

import amqp
import pytest
from celery.app.defaults import SETTING_KEYS
from kombu.transport.redis import Channel

from digitsite import becoming_celery, broker
from digitsite.broker import BadAddress
from digitsite.tests.processes import ROOT


def configuration(url: str) -> dict[str, Any]:
    return broker.configuration(url, kick_seconds=5, grace_seconds=20)


def test_a_task_is_handed_out_again_only_long_after_it_must_have_ended() -> None:
    found = configuration("redis://:secret@redis:6379/0")
    assert found["broker_transport_options"]["visibility_timeout"] >= 4 * found["task_time_limit"]
    assert found["task_soft_time_limit"] < found["task_time_limit"]
    assert found["task_acks_late"]


def test_a_poisonous_task_is_not_handed_out_for_ever() -> None:
    assert not configuration("redis://redis")["task_reject_on_worker_lost"]
    assert broker.queue_arguments("amqp://rabbit")["x-delivery-limit"] == 5


def test_nobody_waits_for_a_result_or_for_a_broker() -> None:
    found = configuration("redis://redis")
    assert found["result_backend"] is None
    assert found["task_ignore_result"]
    assert not found["task_publish_retry"]


def test_a_lost_child_is_replaced_and_its_task_tried_again() -> None:
    assert configuration("redis://redis")["task_retry_on_worker_lost"]


def test_a_child_is_renewed_before_what_it_leaks_matters() -> None:
    found = configuration("redis://redis")
    assert found["worker_max_tasks_per_child"] == 50
    assert found["worker_max_memory_per_child"] == 900_000  # KiB; a container has twice as much


def test_a_stop_gives_the_work_at_hand_its_grace_also_where_the_worker_only_waits() -> None:
    found = broker.configuration("redis://redis", kick_seconds=5, grace_seconds=7)
    assert found["worker_soft_shutdown_timeout"] == 7
    assert found["worker_enable_soft_shutdown_on_idle"]  # or what it has reserved is lost for long
    assert becoming_celery.SURROUNDINGS["REMAP_SIGTERM"] == "SIGQUIT"  # or SIGTERM waits for ever


def test_work_outlives_its_broker() -> None:
    found = configuration("redis://redis")
    assert not found["worker_cancel_long_running_tasks_on_connection_loss"]
    assert found["broker_connection_retry_on_startup"]
    assert found["broker_connection_max_retries"] is None


def test_a_broker_that_hangs_is_noticed() -> None:
    options = configuration("redis://redis")["broker_transport_options"]
    assert 0 < options["health_check_interval"] < options["socket_timeout"] < 60
    assert options["socket_connect_timeout"] < 5


def test_a_worker_takes_no_more_than_it_can_do_in_a_child_that_can_be_killed() -> None:
    found = configuration("redis://redis")
    assert found["worker_pool"] == "prefork"  # the only one with hard limits
    assert found["worker_concurrency"] == found["worker_prefetch_multiplier"] == 1


def test_celery_and_its_transport_know_what_they_are_told() -> None:
    # A setting that is misspelled, or has another name in another Celery, is ignored in silence.
    assert set(configuration("redis://redis")) <= SETTING_KEYS
    assert set(broker.REDIS) <= set(Channel.from_transport_options)


def test_only_json_is_read() -> None:
    assert configuration("redis://redis")["accept_content"] == ["json"]


def test_who_wakes_workers_waits_for_rabbitmq_but_not_for_ever() -> None:
    found = configuration("amqp://rabbit")
    options = found["broker_transport_options"]
    assert set(options) - {"confirm_publish"} <= set(signature(amqp.Connection).parameters)
    assert 0 < options["read_timeout"] < 60
    assert 0 < options["write_timeout"] < 60
    kick = found["beat_schedule"]["kick"]["options"]
    assert 0 < kick["confirm_timeout"] <= options["read_timeout"]


def test_who_wakes_workers_connects_again_where_the_connection_does_not_by_itself() -> None:
    found = configuration("amqp://rabbit")
    assert found["task_publish_retry"]
    assert found["task_publish_retry_policy"]["max_retries"] == 1
    assert "retry" not in found["beat_schedule"]["kick"]["options"]


def test_rabbitmq_has_quorum_queues_and_confirms_what_it_took() -> None:
    found = configuration("amqp://me:secret@rabbit/site")
    assert found["broker_transport_options"]["confirm_publish"]
    assert found["task_default_queue_type"] == "quorum"
    for scheme in broker.RABBITS:
        assert broker.queue_arguments(f"{scheme}://rabbit")["x-queue-type"] == "quorum"
    assert broker.queue_arguments("redis://redis") == {}


def test_a_kick_outlives_a_difference_of_clocks_but_not_a_day() -> None:
    options = configuration("redis://redis")["beat_schedule"]["kick"]["options"]
    assert 120 < options["expires"] < 3600


def test_the_private_redis_is_found_through_its_socket() -> None:
    found = configuration("unix://:secret@/run/a%20b/redis.sock")
    assert found["broker_url"] == "redis+socket://:secret@/run/a%20b/redis.sock"


@pytest.mark.parametrize(
    "url", ["", "redis", "sqs://me:hidden@x", "http://hidden", "amqpx://hidden"]
)
def test_another_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadAddress) as refused:
        configuration(url)
    assert "hidden" not in str(refused.value)


def test_neither_settings_nor_a_web_process_load_celery_and_workers_load_no_torch() -> None:
    script = (
        "import digitsite.asgi, sys; print('celery' in sys.modules, 'kombu' in sys.modules);"
        "import digitsite.celery as c; c.app.loader.import_default_modules(); import trainer.tasks;"
        "print('trainer.kick' in c.app.tasks, 'trainer.work' in c.app.tasks);"
        "print('torch' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False", "True", "True", "False"]
