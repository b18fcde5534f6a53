"""The secret of an instructor, from which everything follows that students must not know beforehand."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from pathlib import Path

from animelab.errors import LabError, reason


class Secret:
    """32 random bytes. Numbers and tickets made with them are the same every time, and nobody can guess the next."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def create(cls, path: Path) -> Secret:
        """A new one in a file that only its owner may read; LabError where there is a file already."""
        key = secrets.token_bytes(32)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise LabError(f"{path} exists; a secret is never replaced, since grades depend on it.") from error
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
        return cls(key)

    @classmethod
    def read(cls, path: Path) -> Secret:
        """The one in a file; LabError where the file is missing or damaged."""
        advice = "name the one that `animelab homework release` wrote into the instructor's folder: --secret FILE"
        try:
            with open(path, "rb") as file:
                text = file.read(100).strip()
        except OSError as error:
            raise LabError(f"The secret {path} cannot be read ({reason(error)}); {advice}.") from error
        if not re.fullmatch(rb"[0-9a-f]{64}", text):
            raise LabError(f"{path} holds no secret, or a damaged one; {advice}.")
        return cls(bytes.fromhex(text.decode()))

    def number(self, *names: str) -> int:
        """A number of 63 bits that belongs to these names, such as ("2027S", "hw01", student, "task 1")."""
        return int.from_bytes(self._digest("number", *names)[:8], "big") >> 1

    def ticket(self, *names: str) -> str:
        """32 hexadecimal digits for a notebook's metadata: nobody can claim to be another."""
        return self._digest("ticket", *names).hex()[:32]

    def _digest(self, *names: str) -> bytes:
        return hmac.new(self._key, json.dumps(names).encode(), hashlib.sha256).digest()
