"""A second factor for somebody of the cast, without the ceremony."""

from allauth.mfa.models import Authenticator

from tenancy.models import Member


def give_second_factor(member: Member) -> None:
    """Let the member have an app that makes codes."""
    Authenticator.objects.create(user=member.user, type=Authenticator.Type.TOTP, data={"secret": "x"})
