"""Every HTTP route."""

from django.contrib import admin
from django.urls import path

from digitsite.login_throttle import throttled
from feedback import memories, people
from feedback.api import router as corrections
from feedback.export_api import router as exports
from recognizer import operations, views
from recognizer.api import api, recall_with
from trainer.api import router as runs

api.add_router("", corrections)
api.add_router("", exports)
api.add_router("", runs)
recall_with(memories.of_request)

admin.site.site_header = admin.site.site_title = "Digitsite"
admin.site.index_title = "Review, versions and training"

urlpatterns = [
    path("", people.introduced(views.draw), name="draw"),
    path("favicon.ico", views.favicon),
    path("models/card", views.served_card, name="card"),
    path("models/<int:number>/card", views.card, name="model_card"),
    path("api/v1/", api.urls),
    path("health/live", operations.live, name="live"),
    path("health/ready", operations.ready, name="ready"),
    path("metrics", operations.metrics, name="metrics"),
    path("admin/login/", throttled(admin.site.login)),  # found before the admin's own
    path("admin/", admin.site.urls),
]

handler400 = "digitsite.errors.bad_request"
handler403 = "digitsite.errors.permission_denied"
handler404 = "digitsite.errors.page_not_found"
handler500 = "digitsite.errors.server_error"
