"""The designed answers to what went wrong."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was not sent from our own pages, or from one that was open too long."""
    return render(request, "errors/csrf.html", status=403)
