"""`manage.py create_api_token`: makes a token for an integrator and prints it once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenancy.models import Organization
from tenancy.scoping import organization_scope
from tenancy.tokens import UnableToIssueToken, issue_token


class Command(BaseCommand):
    """The only output is the token, so that a script can take it."""

    help = "Make an API token for an organisation and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--organization", required=True, help="the organisation's slug")
        parser.add_argument("--name", required=True, help="who or what uses the token")
        parser.add_argument("--scopes", required=True, help="comma-separated, for example accounts:read,scores:read")

    def handle(self, *args: Any, organization: str, name: str, scopes: str, **options: Any) -> None:
        """Make the token.

        :raises CommandError: for an unknown organisation or scope.
        """
        try:
            found = Organization.objects.get(slug=organization)
        except Organization.DoesNotExist:
            raise CommandError(f"There is no organisation {organization!r}.") from None
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        try:
            with organization_scope(found, task="create_api_token"):
                _, text = issue_token(organization=found, name=name, scopes=wanted, issued_at=timezone.now())
        except UnableToIssueToken as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)
