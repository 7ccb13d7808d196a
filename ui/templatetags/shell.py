"""What the frame around every page draws."""

from typing import Any

from django import template
from django.template import Context

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
