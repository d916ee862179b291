"""Versions for tests: the packaged anchor with another number on its card, and ways to spoil it."""

import hashlib
import json
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission, User

from recognizer import publishing, registry
from recognizer.checkpoints import CARD, MODEL, WEIGHTS
from recognizer.models import ModelVersion
from recognizer.publishing import PACKAGED_ANCHOR


def files_of(number: int, name: str = "copy", **contents: bytes) -> dict[str, bytes]:
    """Return the files of a whole version; `model` and `weights` may be given."""
    files = {
        MODEL: contents.get("model") or (PACKAGED_ANCHOR / MODEL).read_bytes(),
        WEIGHTS: contents.get("weights") or (PACKAGED_ANCHOR / WEIGHTS).read_bytes(),
    }
    card = json.loads((PACKAGED_ANCHOR / CARD).read_bytes())
    card |= {"number": number, "name": name}
    card["sha256"] = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    return {**files, CARD: json.dumps(card).encode()}


def made(name: str = "copy", **contents: bytes) -> ModelVersion:
    """Publish and register a version with the next number."""
    number = registry.reserve_number()
    files = files_of(number, name, **contents)
    folder = publishing.publish(files, number)
    return registry.register(number, folder, publishing.sha256_of(files[CARD]), {}, {}, parent=1)


def folder_of(version: ModelVersion) -> Path:
    """Return where its files are."""
    return Path(settings.VERSIONS_DIR) / version.folder


def flip_a_bit(path: Path) -> None:
    """Alter a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def promoter(name: str = "pro") -> User:
    """Return somebody who may promote."""
    user = User.objects.create_user(name, password=name, is_staff=True)
    user.user_permissions.add(
        Permission.objects.get(
            content_type__app_label="recognizer", codename="promote_modelversion"
        )
    )
    return user
