"""`manage.py verify_audit`: proves that the audit trail is what was sealed, or says where it is not."""

import json
import re
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenancy.audit.verification import Verdict, verify
from tenancy.models import Organization
from tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Recomputes every hash; exits with 1 at a break. Reads only, so the application's role is enough."""

    help = "Verify the sealed audit trail of an organisation, or of all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--organization", metavar="SLUG")
        which.add_argument("--all", action="store_true", dest="everything")
        parser.add_argument("--anchor", metavar="HASH@DATE", help="an anchor that was kept outside, to compare with")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the verdicts as JSON")

    def handle(
        self,
        *args: Any,
        organization: str | None,
        everything: bool,
        anchor: str | None,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Verify.

        :raises CommandError: at a break, for an unknown organisation, or for an anchor that is none.
        """
        if anchor and everything:
            raise CommandError("An anchor belongs to one organisation; name it with --organization.")
        expected = parse_anchor(anchor) if anchor else None
        found = Organization.objects.order_by("slug")
        if organization:
            found = found.filter(slug=organization)
            if not found:
                raise CommandError(f"There is no organisation {organization!r}.")
        verdicts = []
        for one in found:
            with organization_scope(one, task="verify_audit"):
                verdicts.append(verify(organization=one, expected=expected))
        if as_json:
            self.stdout.write(json.dumps([verdict.as_dict() for verdict in verdicts], indent=2))
        else:
            for verdict in verdicts:
                self.stdout.write(sentence(verdict))
        if broken := [verdict for verdict in verdicts if verdict.first_break]:
            names = ", ".join(verdict.organization for verdict in broken)
            raise CommandError(f"The audit trail is not what was sealed: {names}.", returncode=1)


def parse_anchor(text: str) -> tuple[str, date]:
    """Return the hash and the day of `HASH@DATE`.

    :raises CommandError: for another form.
    """
    digest, _, day = text.strip().partition("@")
    try:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValueError
        return digest, date.fromisoformat(day)
    except ValueError:
        raise CommandError("An anchor is 64 hexadecimal digits, @ and a day: 3f…@2026-11-23.") from None


def sentence(verdict: Verdict) -> str:
    """Return the verdict as a line."""
    if verdict.first_break:
        return f"{verdict.organization}: BROKEN at {verdict.first_break}"
    purged = f", entries up to seal {verdict.purged_through} purged" if verdict.purged_through else ""
    return (
        f"{verdict.organization}: holds; {verdict.seals} seals over {verdict.entries} entries and "
        f"{verdict.events} events{purged}, {verdict.unsealed} not sealed yet; {verdict.hash}"
    )
