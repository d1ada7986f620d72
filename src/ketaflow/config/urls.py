"""Where each face begins."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
    path("", include("ketaflow.portal.urls")),
    path("p/", include("ketaflow.portal.urls_patient")),
    path("", include("ketaflow.web.urls")),
]
