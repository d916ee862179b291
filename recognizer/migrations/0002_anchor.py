"""The version that comes with the code is version 1 and the first champion."""

import hashlib
import json

from django.db import migrations

from recognizer.publishing import ANCHOR, PACKAGED_ANCHOR


def create(apps, schema_editor):
    content = (PACKAGED_ANCHOR / "card.json").read_bytes()
    card = json.loads(content)
    version = apps.get_model("recognizer", "ModelVersion").objects.create(
        number=1,
        folder=ANCHOR,
        sha256=hashlib.sha256(content).hexdigest(),
        model_sha256=card["sha256"]["model.onnx"],
        metrics=card["metrics"],
        manifest=card["data"],
    )
    promotion = apps.get_model("recognizer", "Promotion").objects.create(
        to_version=version, kind="initial", reason="the version that comes with the code"
    )
    apps.get_model("recognizer", "Champion").objects.create(
        id=1, version=version, promotion=promotion, last_number=1
    )


def remove(apps, schema_editor):
    for name in ("Champion", "Promotion", "ModelVersion"):
        apps.get_model("recognizer", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("recognizer", "0001_versions")]

    operations = [migrations.RunPython(create, remove, elidable=False)]
