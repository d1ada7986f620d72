"""The patient's face: what anybody may read, without signing in."""

from django.urls import path

from ketaflow.portal.information import views

urlpatterns = [
    path("information/", views.contents, name="information"),
    path("information/compare/", views.compare, name="information_compare"),
    path("information/claims/", views.claims, name="information_claims"),
    path("information/options/<slug:group>/", views.options, name="information_options"),
    path("information/<slug:page>/", views.page, name="information_page"),
]
