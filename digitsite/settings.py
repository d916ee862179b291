"""Every setting of the site, read from DIGITSITE_ environment variables by strict readers.

With nothing set it is a safe local installation: everything it writes is in `var/`, DEBUG is off,
and only pages from this machine may talk to it. No module but this one reads the environment.
"""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from digitsite import broker, databases, logs, secret_key
from digitsite.environment import Environment
from digitsite.origins import local_origins

BASE_DIR = Path(__file__).resolve().parent.parent
# Read by `make test` and the tests themselves.
_of_tests = frozenset({"DIGITSITE_TEST_STRICT", "DIGITSITE_TEST_DATABASE_URL"})
env = Environment(os.environ, ignored=_of_tests)

# Where this installation keeps what it writes: database, secret, collected files, versions.
STATE = env.path("STATE", BASE_DIR / "var")
VERSIONS_DIR = env.path("VERSIONS_DIR", STATE / "versions")  # shared by web and workers
STATIC_ROOT = STATE / "static"
try:
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    STATIC_ROOT.mkdir(exist_ok=True)
    SECRET_KEY = env.text("SECRET_KEY") or secret_key.read_or_create(STATE / "secret_key")
except OSError as error:
    raise ImproperlyConfigured(
        f"The state directory {STATE} cannot be used ({error.strerror}): make it writable, "
        "or name another one with --state DIR or DIGITSITE_STATE."
    ) from None
secret_key.require_length(SECRET_KEY, "DIGITSITE_SECRET_KEY")

DEBUG = env.flag("DEBUG", default=False)

# Whom we answer: an exact list of origins, from which the hosts follow.
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, most=65535)
_origins = env.origins("ORIGINS") or local_origins(HOST, PORT)
ALLOWED_ORIGINS = [str(origin) for origin in _origins]
ALLOWED_HOSTS = list(dict.fromkeys(origin.host for origin in _origins))
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
_encrypted = {origin.scheme == "https" for origin in _origins}

# Whose pages may use the API besides ours. See digitsite.cross_origin: without cookies.
CORS_ALLOWED_ORIGINS = [str(origin) for origin in env.origins("CORS_ORIGINS")]
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_METHODS = ["GET", "POST", "DELETE"]
CORS_ALLOW_HEADERS = ["content-type"]
CORS_EXPOSE_HEADERS = ["Retry-After"]

INSTALLED_APPS = [
    "digitsite",
    "recognizer",
    "feedback",
    "trainer",
    "csp",
    "corsheaders",
    "ninja",  # for the files of its API page, which would come from elsewhere otherwise
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "digitsite.content_policy.ContentPolicy",
    "digitsite.hosts.KnownHosts",  # before all that answers
    "digitsite.cross_origin.CrossOrigin",
    "digitsite.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "digitsite.errors.api_methods",
]
ROOT_URLCONF = "digitsite.urls"
ASGI_APPLICATION = "digitsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# A file for one machine, PostgreSQL for several.
DATABASE_POOL = env.integer(
    "DATABASE_POOL", 8, least=0, most=databases.MOST
)  # connections of a process
try:
    DATABASES = {
        "default": databases.configuration(
            env.text("DATABASE_URL", f"sqlite:///{STATE / 'db.sqlite3'}"), pool=DATABASE_POOL
        )
    }
except databases.BadAddress as error:
    raise ImproperlyConfigured(f"DIGITSITE_DATABASE_URL: {error}.") from None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL")  # `serve` sets it for its children; empty: there is none
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured(
        "DIGITSITE_REDIS_URL: use redis://, rediss:// or unix://, with host and password."
    )
REDIS_PREFIX = env.text("REDIS_PREFIX", "digitsite")  # of what we name there

# What wakes the workers that learn; without a broker nothing is learned.
BROKER_URL = env.text("BROKER_URL", REDIS_URL)
TRAIN_KICK_SECONDS = env.integer("TRAIN_KICK_SECONDS", 5, most=3600)  # between looks for work
WORKER_GRACE_SECONDS = env.integer("WORKER_GRACE_SECONDS", 20, least=0, most=600)  # at its stop
HEARTBEAT_FILE: Path | None = env.path("HEARTBEAT_FILE", None)  # touched while it works
try:
    CELERY = BROKER_URL and broker.configuration(
        BROKER_URL, kick_seconds=TRAIN_KICK_SECONDS, grace_seconds=WORKER_GRACE_SECONDS
    )
except broker.BadAddress as error:
    raise ImproperlyConfigured(f"DIGITSITE_BROKER_URL: {error}.") from None

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Cookies leave only over TLS as soon as one origin has it; when all have it, nothing else is left.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True in _encrypted
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _encrypted == {True}
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]  # as digitsite.hosts has it
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE_SSL_REDIRECT else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "digitsite.errors.csrf_failure"
# Other sites on subdomains of ours, and browsers' preload lists, are not ours to decide about.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "connect-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "digitsite.static_files.HashedStaticFiles"},
    # Where version folders come from. With another backend, VERSIONS_DIR holds this machine's copy.
    "versions": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VERSIONS_DIR},
    },
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = ["digitsite.formats"]

# What one request, one drawing and one connection may ask for.
BODY_BYTES = env.integer("BODY_BYTES", 2 * 2**20)  # refused by the server before it is read
HEAD_SECONDS = env.integer("HEAD_SECONDS", 20)  # for all headers of a request to arrive
BODY_SECONDS = env.integer("BODY_SECONDS", 30)  # for its body
STALLED_SECONDS = env.integer("STALLED_SECONDS", 30)  # that a client may leave answers unread
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = BODY_BYTES  # nothing that we accept reaches the disk
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_NUMBER_FILES = 4
IMAGE_BYTES = env.integer("IMAGE_BYTES", 2**20)
IMAGE_PIXELS = env.integer("IMAGE_PIXELS", 4_000_000)
FRAME_BYTES = env.integer("FRAME_BYTES", 64 * 2**10, least=1024)
MAX_STROKES = env.integer("MAX_STROKES", 500)
MAX_POINTS = env.integer("MAX_POINTS", 5000)
FRAMES_PER_SECOND = env.integer("FRAMES_PER_SECOND", 60)
FRAME_BURST = env.integer("FRAME_BURST", 120)
BAD_FRAMES_PER_MINUTE = env.integer("BAD_FRAMES_PER_MINUTE", 10)
CONNECTIONS_PER_ADDRESS = env.integer("CONNECTIONS_PER_ADDRESS", 256)
CONNECTIONS_TOTAL = env.integer("CONNECTIONS_TOTAL", 2000)
HTTP_PREDICTIONS_PER_SECOND = env.integer("HTTP_PREDICTIONS_PER_SECOND", 100)
HTTP_PREDICTION_BURST = env.integer("HTTP_PREDICTION_BURST", 200)
HTTP_EXPLANATIONS_PER_SECOND = env.integer("HTTP_EXPLANATIONS_PER_SECOND", 5)  # dear: see saliency
HTTP_EXPLANATION_BURST = env.integer("HTTP_EXPLANATION_BURST", 20)
# Wrong passwords within a quarter of an hour: for one name, and for all names, from one address.
LOGIN_FAILURES = env.integer("LOGIN_FAILURES", 10)
LOGIN_FAILURES_PER_ADDRESS = env.integer("LOGIN_FAILURES_PER_ADDRESS", 50)
PREDICTION_INTERVAL_MS = env.integer("PREDICTION_INTERVAL_MS", 50, least=0, most=10_000)

# Corrections: what one person and one address may send, how long what nobody reviewed is kept, how
# many drawings a personal memory holds, how often decisions made elsewhere are looked for.
CORRECTIONS_PER_HOUR = env.integer("CORRECTIONS_PER_HOUR", 600)
CORRECTIONS_PER_ADDRESS_PER_HOUR = env.integer("CORRECTIONS_PER_ADDRESS_PER_HOUR", 3000)
RETENTION_DAYS = env.integer("RETENTION_DAYS", 90, most=36_500)
MEMORY_SIZE = env.integer("MEMORY_SIZE", 128, most=1_000)
RECEIPT_POLL_SECONDS = 1.0
LOGIN_POLL_SECONDS = 30.0  # between looks whether those whose sockets are open are still logged in

# A version folder to serve whatever the champion is; None: the champion.
MODEL_DIR: Path | None = env.path("MODEL", None)
VERSION_POLL_SECONDS = 1.0

# Training: a run is opened after so many approvals, or once one has waited so many seconds; with
# TRAIN_EVERY_HOURS, so many hours after the last run instead. More challengers need more workers.
# What a lost worker had is taken over after TRAIN_LEASE_SECONDS.
TRAIN_AFTER_APPROVALS = env.integer("TRAIN_AFTER_APPROVALS", 100)
TRAIN_AFTER_SECONDS = env.integer("TRAIN_AFTER_SECONDS", 5, least=0, most=30 * 86_400)
TRAIN_EVERY_HOURS = env.integer("TRAIN_EVERY_HOURS", 0, least=0, most=8760)
TRAIN_LEASE_SECONDS = env.integer("TRAIN_LEASE_SECONDS", 30, least=2, most=600)
TRAIN_CHALLENGERS = env.integer("TRAIN_CHALLENGERS", 1, most=16)
# A tenth of the base and of the steps: to try the loop out in seconds, not to learn well.
TRAIN_SMALL = env.flag("TRAIN_SMALL", default=False)
# So few steps at the usual rate do only damage, and the gate would refuse every version.
_small = {"steps": 10, "most_steps": 10, "lr": 3e-4, "distil": 12.0}
TRAIN_CONFIG: dict[str, float] = _small if TRAIN_SMALL else {}
# What the gate lets one submitter and one class have of the corrections, and how many labels may
# seem impossible to the anchor; a site for one person raises the first to 100.
GATE_SUBMITTER_PERCENT = env.integer("GATE_SUBMITTER_PERCENT", 20, most=100)
GATE_CLASS_PERCENT = env.integer("GATE_CLASS_PERCENT", 30, most=100)
GATE_IMPLAUSIBLE_PERCENT = env.integer("GATE_IMPLAUSIBLE_PERCENT", 6, least=0, most=100)
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "data")  # data sets of the trainer
METRICS_TOKEN = env.text("METRICS_TOKEN")

LOG_FORMAT = env.choice("LOG_FORMAT", ("console", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL)
logs.configure_structlog()

env.refuse_unknown()
