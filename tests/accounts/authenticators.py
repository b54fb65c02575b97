"""A passkey and an authenticator application, in a few lines, as a browser and a phone hold them."""

import base64
import json
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def data(given: str) -> bytes:
    return base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))


class Passkey:
    """A platform passkey (ES256): answers the options of the page as ``navigator.credentials`` does."""

    def __init__(self, origin: str = "http://localhost") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._origin, self._count = origin, 0
        self.id, self.user = b"passkey-" + sha256(str(id(self)).encode()).digest()[:8], b""

    def create(self, options: dict[str, Any]) -> str:
        self.user = data(options["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        return self._answer(
            attestationObject=text(
                cbor2.dumps({
                    "fmt": "none", "attStmt": {},
                    "authData": self._authenticator(options["rp"]["id"], ATTESTED) + attested,
                })
            ),
            clientDataJSON=text(self._client("webauthn.create", options)),
            transports=["internal"],
        )  # fmt: skip

    def get(self, options: dict[str, Any]) -> str:
        client, authenticator = self._client("webauthn.get", options), self._authenticator(options["rpId"])
        return self._answer(
            authenticatorData=text(authenticator),
            clientDataJSON=text(client),
            signature=text(self._key.sign(authenticator + sha256(client).digest(), ec.ECDSA(SHA256()))),
            userHandle=text(self.user),
        )

    def _answer(self, **response: Any) -> str:
        return json.dumps({"id": text(self.id), "rawId": text(self.id), "type": "public-key", "response": response})

    def _authenticator(self, relying_party: str, flags: int = 0) -> bytes:
        self._count += 1
        head = sha256(relying_party.encode()).digest()
        return head + bytes([PRESENT | VERIFIED | flags]) + self._count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self._origin}).encode()
