"""`manage.py reset_second_factors`: for somebody who lost phone, passkeys and recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from tenancy.models import User


class Command(BaseCommand):
    """Takes a person's second factors away and tells them; the password stays, and is asked for."""

    help = "Remove the second factors of a person who lost them. Make sure first that it is that person who asks."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        """Remove them.

        :raises CommandError: when nobody signs in with the address.
        """
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}.")
        with transaction.atomic():
            removed, _by_table = Authenticator.objects.filter(user=user).delete()
            if removed:
                send_mail(
                    _("Your second factors were removed"),
                    _(
                        "Whoever runs this installation removed the passkeys, apps and recovery codes of your sign-in,"
                        " because somebody said that you lost them. Set new ones up under Your account, Security.\n\n"
                        "If that was not you, change your password now and tell an administrator of your organisation."
                    ),
                    None,
                    [user.email],
                )
        self.stdout.write(f"{user.email} has no second factors any more." if removed else f"{user.email} had none.")
