"""What the frame around every page draws."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ui.keys import GROUPS, KeyGroup, cap

register = template.Library()


@register.inclusion_tag("parts/toast.html", takes_context=True)
def toast(context: Context, message: Any) -> dict[str, Any]:
    """Draw a message as a toast; one whose tag is `undo:<address>` brings the way to take it back."""
    tags = str(getattr(message, "extra_tags", "") or "")
    return {
        "words": message,
        "undo_url": tags.removeprefix("undo:") if tags.startswith("undo:") else "",
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def key_groups() -> Sequence[KeyGroup]:
    """Return the table of keys, for the list that shows it."""
    return GROUPS


@register.simple_tag(takes_context=True)
def caps(context: Context, names: Iterable[str]) -> SafeString:
    """Draw keys as they are on the person's keyboard."""
    system = str(context.get("system", "other"))
    return format_html_join(" ", "<kbd>{}</kbd>", ((cap(name, system),) for name in names))
