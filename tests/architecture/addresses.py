"""Every address of the product, read from the URL configuration: nothing can be forgotten in a list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tenancy.access import AccessPolicy


@dataclass(frozen=True)
class Address:
    """One URL pattern with its view."""

    name: str
    route: str
    parameters: tuple[str, ...]
    view: Callable[..., Any]

    @property
    def policy(self) -> AccessPolicy | None:
        """What the view says of its access."""
        of_class = getattr(self.view, "view_class", None) or getattr(self.view, "cls", None)
        return getattr(self.view, "access_policy", None) or getattr(of_class, "access_policy", None)

    @property
    def in_organization(self) -> bool:
        """Whether the address begins with an organisation."""
        return "organization" in self.parameters

    def __str__(self) -> str:
        return self.name or self.route


def every_address() -> list[Address]:
    """Return all the addresses, those of included configurations too."""
    return list(_walk(get_resolver(), "", "", ()))


def _walk(resolver: URLResolver, route: str, namespace: str, inherited: tuple[str, ...]) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        parameters = (*inherited, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern, here, inner, parameters)
        elif isinstance(pattern, URLPattern):
            yield Address(f"{namespace}{pattern.name}" if pattern.name else "", here, parameters, pattern.callback)
