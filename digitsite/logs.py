"""How this process logs: one line an event, readable or JSON, without what must not be in a log.

Handwriting, tokens and addresses are personal or secret. The code does not log them; the
processor here is the second net, for what a library or a later change brings along.
"""

import logging
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

WITHHELD = "withheld"
PRIVATE = frozenset(
    {
        "strokes",
        "points",
        "drawing",
        "image",
        "frame",
        "body",
        "token",
        "password",
        "secret",
        "secret_key",
        "authorization",
        "cookie",
        "cookies",
        "headers",
        "address",
        "client",
        "ip",
        "peer",
        "remote_addr",
    }
)


def withhold_private(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every field whose name says that it is private."""
    for name in PRIVATE.intersection(event):
        event[name] = WITHHELD
    return event


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    withhold_private,
]


def without_needless_traceback(record: logging.LogRecord) -> bool:
    """Keep a refusal to one line: where it was raised says nothing that its address does not."""
    if getattr(record, "status_code", 500) < 500:
        record.exc_info = None
    return True


def configure_structlog() -> None:
    """Send what structlog's loggers say through the standard library, to one handler."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def configuration(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING setting; `form` is "json" or "console"."""
    render: list[Processor] = [
        structlog.dev.ConsoleRenderer(
            colors=False,
            pad_event_to=0,
            # The default prints local variables, which are strokes and tokens.
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]
    if form == "json":
        render = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *render,
                ],
            }
        },
        "filters": {
            "one_line": {
                "()": "django.utils.log.CallbackFilter",
                "callback": without_needless_traceback,
            },
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["one_line"],
            },
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print everything twice.
            "django": {"handlers": [], "level": level, "propagate": True},
            # It names the host that was asked for; anybody can fill a log with that.
            "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
            # Announces endpoints and missing extras at INFO, client addresses at DEBUG.
            "daphne": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
            # A line for each message, sent, received and done, every few seconds.
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # Warns, with RabbitMQ, of tasks for later; none of ours is.
            "kombu.transport.native_delayed_delivery": {"level": "ERROR"},
            "amqp": {"level": "WARNING"},
        },
    }
