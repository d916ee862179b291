"""The group of those who review. Promoting versions and exporting are granted separately."""

from django.db import migrations

NAME = "Moderators"
PERMISSIONS = ("view_correction", "view_reviewevent", "review_correction")


def create(apps, schema_editor):
    # Django creates permissions after all migrations; the group needs its own now.
    from django.contrib.auth.management import create_permissions

    config = apps.get_app_config("feedback")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    config.models_module = None

    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    group, created = Group.objects.get_or_create(name=NAME)
    if created:
        group.permissions.set(
            Permission.objects.filter(content_type__app_label="feedback", codename__in=PERMISSIONS)
        )


def remove(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0001_corrections"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create, remove, elidable=False)]
