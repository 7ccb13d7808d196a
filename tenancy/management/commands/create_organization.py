"""`manage.py create_organization`: begins an empty organisation for somebody who will import their records."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenancy.founding import UnableToFound, found_organization


class Command(BaseCommand):
    """Creates the organisation and its first administrator; run it again and it says that it is there."""

    help = "Create an empty organisation with one administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--slug", required=True, help="its address: lower-case letters, digits, hyphens")
        parser.add_argument("--name", required=True)
        parser.add_argument("--admin", required=True, help="e-mail address of the first administrator")
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--time-zone", default="Europe/Berlin")

    def handle(
        self, *args: Any, slug: str, name: str, admin: str, currency: str, time_zone: str, **options: Any
    ) -> None:
        """Create it.

        :raises CommandError: when it cannot begin like this.
        """
        try:
            organization, member = found_organization(
                slug=slug,
                name=name,
                currency=currency,
                time_zone=time_zone,
                admin_email=admin,
                founded_at=timezone.now(),
            )
        except UnableToFound as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{organization.name} is at /{organization.slug}/ and {member.email} is its administrator.")
        if member.user is not None and not member.user.has_usable_password():
            self.stdout.write("They choose a password through “Forgot your password?” on the sign-in page.")
