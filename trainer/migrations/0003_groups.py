"""Moderators see what became of a round; Operators start runs, promote and roll back."""

from django.db import migrations

APPS = ("recognizer", "trainer")
MODERATORS = (("trainer", "view_trainingrun"),)
OPERATORS = (
    ("trainer", "view_trainingrun"),
    ("trainer", "start_trainingrun"),
    ("recognizer", "view_modelversion"),
    ("recognizer", "promote_modelversion"),
    ("recognizer", "view_promotion"),
    ("recognizer", "view_servingprocess"),
)


def create(apps, schema_editor):
    # Django creates permissions after all migrations; the groups need theirs now.
    from django.contrib.auth.management import create_permissions

    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0, using=schema_editor.connection.alias)
        config.models_module = None

    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, permissions in (("Moderators", MODERATORS), ("Operators", OPERATORS)):
        group, _ = Group.objects.get_or_create(name=name)
        for app, codename in permissions:
            group.permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )


def remove(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Operators").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("trainer", "0002_override_promotion"),
        ("feedback", "0003_lessons"),
        ("recognizer", "0003_split_openings"),
    ]

    operations = [migrations.RunPython(create, remove, elidable=False)]
