"""Addresses of the methods: why a score is what it is, and whether it can be trusted."""

from django.urls import path

from coe.views import explanation

app_name = "coe"

urlpatterns = [
    path("priorities/<uuid:account_id>/", explanation.score, name="score"),
]
