"""Where sessions are: the database keeps the truth, the cache answers first, and what was ended stays ended.

Django's own store of this kind has three gaps. A request that read a session while it was being ended can put it back
into the cache, where it lives on; one that saves it at that moment can too; and without a cache it answers nothing.
Here an ended session leaves a mark in the cache which no reader overwrites, and a writer sets the cache while it holds
the row, so that whoever ends the session comes after.
"""

import logging
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore
from django.contrib.sessions.backends.db import SessionStore as RowStore
from django.db import transaction
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
_ENDED = {"ended": True}
_NO_CACHE = (RedisError, OSError)


class SessionStore(CachedStore):
    """One session."""

    # Django has both, its types don't.
    _cache: Any
    _get_session_from_db: Any
    _session: Any

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing when it was ended."""
        try:
            held: dict[str, Any] | None = self._cache.get(self.cache_key)
        except _NO_CACHE:
            held = None
        if held == _ENDED:
            self._session_key = None
            return {}
        if held is not None:
            return held
        row = self._get_session_from_db()
        if row is None:
            return {}
        data: dict[str, Any] = self.decode(row.session_data)
        try:
            self._cache.add(self.cache_key, data, self.get_expiry_age(expiry=row.expire_date))
        except _NO_CACHE:
            logger.warning("The cache does not answer; a session was read from its row.")
        return data

    def exists(self, session_key: str) -> bool:
        """Return whether the session has a row."""
        return RowStore.exists(self, session_key)

    def save(self, must_create: bool = False) -> None:
        """Write the row, and the cache before anybody else may touch the row."""
        with transaction.atomic():
            RowStore.save(self, must_create)
            try:
                self._cache.set(self.cache_key, self._session, self.get_expiry_age())
            except _NO_CACHE:
                logger.warning("The cache does not answer; a session was written to its row.")

    def delete(self, session_key: str | None = None) -> None:
        """End the session for good, or not at all.

        :raises RedisError: when the cache can't be told; it might still hold the session when it is back.
        """
        key = session_key or self.session_key
        if key is None:
            return
        with transaction.atomic():
            RowStore.delete(self, key)
            self._cache.set(self.cache_key_prefix + key, _ENDED, settings.SESSION_COOKIE_AGE)
