"""A person who signs in. Global; what they may do is said by their `Member` rows."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from uuid_utils.compat import uuid7


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this address.

        :raises User.DoesNotExist: when there is none.
        """
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create and return a user; without a password nobody can sign in until it is reset."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A sign-in. Users are never deleted, they are anonymised."""

    class Theme(models.TextChoices):
        SYSTEM = "", "As the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        COMFORTABLE = "", "Comfortable"
        COMPACT = "compact", "Compact"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.SYSTEM, blank=True)
    density = models.CharField(max_length=10, choices=Density.choices, default=Density.COMFORTABLE, blank=True)
    single_keys = models.BooleanField(default=True, help_text="Single-key shortcuts; WCAG 2.1.4 lets one stop them.")
    time_zone = models.CharField(max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    # Set by `manage.py grant_operator` alone: no page and no endpoint can make somebody one of ours.
    is_operator = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    anonymized_at = models.DateTimeField(null=True, blank=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return the name to show, or the address when there is none."""
        return self.name or self.email

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return False: rights are of members, in `tenancy.access`, never of users."""
        return False
