"""How Celery behaves and talks to its broker, as a function of the broker's address.

Each value that is not Celery's own guards against a failure that was seen: docs/architecture.md
names them. Messages only wake a worker; what there is to do is in the database, so a message that
is lost, late or doubled changes nothing. Knows nothing about the environment or Django, and does
not import Celery: every process reads the settings.
"""

import ssl
from typing import Any, Final
from urllib.parse import urlsplit

RABBITS: Final = ("amqp", "amqps")
SCHEMES: Final = ("redis", "rediss", "unix", *RABBITS)
ADVICE: Final = "use redis://, rediss://, unix://, amqp:// or amqps://, with host and password"

TRAIN: Final = "train"  # minutes of work
LIGHT: Final = "light"  # milliseconds; never behind training on a worker of its own
QUEUES: Final = (TRAIN, LIGHT)
# Learning from thousands of corrections takes two minutes on an idle core, several times that on a
# busy one. What is stuck ends itself before (trainer/leases.py); the limits are for what cannot.
HARD_SECONDS: Final = 780  # a task that takes longer is killed
SOFT_SECONDS: Final = 600
# Above any difference of clocks, so that no worker finds every message expired.
EXPIRES_SECONDS: Final = 300

REDIS: Final = {
    # A task that takes longer is handed out again, so far above HARD_SECONDS.
    "visibility_timeout": 3600,
    # What a killed worker had is looked for every 5 s, not every 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
# A RabbitMQ that has just begun may take a message for a queue that has no leader yet, and say so
# never. Who must not wait for ever for its word is beat, and the only child of a worker.
RABBIT: Final = {"confirm_publish": True, "read_timeout": 10, "write_timeout": 10}
CONFIRM_SECONDS: Final = 5
# Quorum queues survive a broker; a message that kills five workers is dropped.
QUORUM: Final = {"x-queue-type": "quorum", "x-delivery-limit": 5}


class BadAddress(ValueError):
    """The address names no broker that the site can use. The text does not repeat it."""


def queue_arguments(url: str) -> dict[str, Any]:
    """Return what the broker at `url` has to know about a queue of ours."""
    return QUORUM if url.partition("://")[0] in RABBITS else {}


def configuration(url: str, *, kick_seconds: int, grace_seconds: int) -> dict[str, Any]:
    """Return Celery's settings for the broker at `url`.

    Raises:
        BadAddress: it is neither Redis nor RabbitMQ.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise BadAddress(ADVICE)
    is_rabbit = scheme in RABBITS
    return {
        "broker_url": _kombu_url(url),
        "broker_transport_options": RABBIT if is_rabbit else REDIS,
        "broker_use_ssl": _tls(scheme, url),
        "broker_connection_timeout": 3,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # With Redis publishing tells of a failure at once; the next kick makes good what was lost.
        # With RabbitMQ a second try is what connects again: without it kombu (5.7) goes on with the
        # channel of a connection that the broker has closed, and nobody is ever woken any more.
        "task_publish_retry": is_rabbit,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_max": 0},
        "result_backend": None,
        "task_ignore_result": True,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_default_queue": LIGHT,
        "task_default_queue_type": "quorum" if is_rabbit else "classic",
        "task_create_missing_queues": False,
        "task_routes": {"trainer.work": {"queue": TRAIN}},
        "task_acks_late": True,
        # Handed out again without limit, a task that kills its process would run for ever.
        "task_reject_on_worker_lost": False,
        "task_retry_on_worker_lost": True,
        "task_soft_time_limit": SOFT_SECONDS,
        "task_time_limit": HARD_SECONDS,
        "worker_detect_quorum_queues": True,
        "worker_pool": "prefork",
        "worker_concurrency": 1,
        "worker_prefetch_multiplier": 1,
        # A new child on a busy machine needs more than Celery's 4 s; it would be killed for ever.
        "worker_proc_alive_timeout": 60,
        "worker_max_tasks_per_child": 50,
        "worker_max_memory_per_child": 900_000,  # KiB
        "worker_soft_shutdown_timeout": grace_seconds,
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        # Django's logging setting covers it all.
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "timezone": "UTC",
        # In memory: after a restart the first kick is one interval away, and nothing is on disk.
        "beat_scheduler": "digitsite.beating:Scheduler",
        "beat_max_loop_interval": kick_seconds,
        "beat_schedule": {
            "kick": {
                "task": "trainer.kick",
                "schedule": kick_seconds,
                "options": {
                    "queue": LIGHT,
                    "expires": EXPIRES_SECONDS,
                    "confirm_timeout": CONFIRM_SECONDS,
                },
            }
        },
    }


def _tls(scheme: str, url: str) -> dict[str, Any] | None:
    """Return what is demanded of the broker's certificate: it is for the host that was named."""
    if scheme == "rediss":
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED}  # the host's name is compared as well
    if scheme == "amqps":
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(url).hostname}
    return None


def _kombu_url(url: str) -> str:
    """Return the address as kombu wants it; redis-py calls a unix socket something else."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url
