"""The settings under which the tests run: the site's own, with a throw-away state directory."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_state = tempfile.mkdtemp(prefix="digitsite-tests-")
atexit.register(shutil.rmtree, _state, ignore_errors=True)
_database = os.environ.get(
    "DIGITSITE_TEST_DATABASE_URL", ""
)  # as digitsite/tests/postgres.py has it
for _name in [name for name in os.environ if name.startswith("DIGITSITE_")]:
    if _name != "DIGITSITE_TEST_STRICT":
        del os.environ[_name]  # what the person at the keyboard has set must not decide a test
os.environ["DIGITSITE_STATE"] = _state
os.environ["DIGITSITE_DATABASE_URL"] = _database
(Path(_state) / "static").mkdir()  # whitenoise warns when there is nothing to look at

from digitsite.settings import *  # noqa: E402, F403

# No test starts the watcher by the way: those of it ask for it.
MODEL_DIR = BASE_DIR / "recognizer" / "weights" / "anchor"  # noqa: F405
STORAGES = STORAGES | {  # noqa: F405
    # The hashed names need collected files; the tests of the hashing collect their own.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast, for tests alone
