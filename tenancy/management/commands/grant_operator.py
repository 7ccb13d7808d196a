"""`manage.py grant_operator`: makes a person one of ours, who may open support sessions. There is no other way."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenancy.identity import has_second_factor
from tenancy.models import User


class Command(BaseCommand):
    """Says what it did, and that a second factor is needed."""

    help = "Let somebody open support sessions, or take that away."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True, help="the person's sign-in address")
        parser.add_argument("--revoke", action="store_true", help="take it away: open sessions end with it")

    def handle(self, *args: Any, email: str, revoke: bool, **options: Any) -> None:
        """Set the flag.

        :raises CommandError: when nobody signs in with the address.
        """
        user = User.objects.filter(email=email.lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}.")
        user.is_operator = not revoke
        user.save(update_fields=["is_operator"])
        if revoke:
            self.stdout.write(f"{user.email} opens no support sessions any more.")
            return
        self.stdout.write(f"{user.email} may open support sessions at /auth/support/.")
        if not has_second_factor(user):
            self.stdout.write("They need a second factor before: “Your account”, “Security”.")
