"""Where each face begins."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
    path("", include("ketaflow.portal.urls")),
    path("", include("ketaflow.web.urls")),
]
