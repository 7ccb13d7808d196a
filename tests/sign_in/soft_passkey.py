"""A passkey in software: makes what a browser would send, and what a liar would."""

import hashlib
import json
import os
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from tenancy.models import Member

ORIGIN = "http://localhost"
HOST = "localhost"
_FLAG = AuthenticatorData.FLAG


class SoftPasskey:
    """One key pair for one site."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(32)
        self.user_handle = ""

    def make(self, challenge: str, *, host: str = HOST, origin: str = ORIGIN, verified: bool = True) -> str:
        """Return the answer to a request to make it."""
        public = ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(Aaguid.NONE, self.id, public)
        data = self._data(host, _FLAG.AT | _FLAG.UP | (_FLAG.UV if verified else _FLAG(0)), held)
        client = self._client("webauthn.create", challenge, origin)
        return self._credential(
            clientDataJSON=websafe_encode(client),
            attestationObject=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def sign(
        self,
        challenge: str,
        *,
        host: str = HOST,
        origin: str = ORIGIN,
        verified: bool = True,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> str:
        """Return the answer to a request to sign in."""
        data = self._data(host, _FLAG.UP | (_FLAG.UV if verified else _FLAG(0)), b"")
        client = self._client("webauthn.get", challenge, origin)
        signature = (key or self.key).sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(
            clientDataJSON=websafe_encode(client),
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
            userHandle=self.user_handle,
        )

    def add_to(self, member: Member, *, name: str = "Laptop") -> Any:
        """Register it without a browser, and return its row."""
        self.user_handle = websafe_encode(user_pk_to_url_str(member.user).encode())
        credential = json.loads(self.make(websafe_encode(os.urandom(32))))
        return Authenticator.objects.create(
            user=member.user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": credential}
        )

    def _credential(self, **response: str) -> str:
        encoded = websafe_encode(self.id)
        return json.dumps(
            {
                "id": encoded,
                "rawId": encoded,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {"credProps": {"rk": True}},
            }
        )

    @staticmethod
    def _data(host: str, flags: AuthenticatorData.FLAG, held: bytes) -> AuthenticatorData:
        return AuthenticatorData.create(hashlib.sha256(host.encode()).digest(), flags, 0, held)

    @staticmethod
    def _client(kind: str, challenge: str, origin: str) -> CollectedClientData:
        return CollectedClientData.create(kind, challenge, origin)
