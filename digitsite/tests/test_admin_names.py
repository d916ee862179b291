"""What the admin calls itself and what is in it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_the_admin_has_the_product_s_name(client: Client) -> None:
    page = client.get("/admin/").content.decode()
    assert "Digitsite" in page
    assert "Django" not in page
    assert "Site administration" not in page


def test_groups_are_named_after_what_is_in_them(client: Client) -> None:
    page = client.get("/admin/").content.decode()
    for name in ("Corrections and their review", "Recognition and its versions", "Training"):
        assert f">{name}<" in " ".join(page.split()).replace("> ", ">").replace(" <", "<")
    assert "Looks at test sets" in page


@pytest.mark.parametrize(
    "path",
    [
        "feedback/correction/",
        "feedback/reviewevent/",
        "recognizer/modelversion/",
        "recognizer/promotion/",
        "recognizer/servingprocess/",
        "recognizer/splitopening/",
        "trainer/trainingrun/",
    ],
)
def test_no_list_asks_to_select_what_cannot_be_changed(client: Client, path: str) -> None:
    page = client.get(f"/admin/{path}").content.decode()
    assert "to view" not in page
    assert "Django site admin" not in page
