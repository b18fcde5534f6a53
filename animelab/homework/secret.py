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
        """A new one in a file that only its owner may read; FileExistsError where there is a file: none is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Secret:
        """The one in a file; LabError where the file is missing or damaged."""
        try:
            with open(path, "rb") as file:
                text = file.read(100).strip()
            if not re.fullmatch(rb"[0-9a-f]{64}", text):
                raise ValueError("it holds another thing, or was damaged")
        except (OSError, ValueError) as error:
            what = f"{path} is no secret that can be read ({reason(error)})"
            advice = "name the secret.key that `animelab homework release` wrote into the instructor's folder"
            raise LabError(f"{what}; {advice}: --secret FILE.") from error
        return cls(bytes.fromhex(text.decode()))

    def number(self, *names: str) -> int:
        """A number of 63 bits that belongs to these names, such as ("2027S", "hw01", student, "task 1")."""
        return int(self._digest("number", *names)[:16], 16) >> 1

    def ticket(self, *names: str) -> str:
        """32 hexadecimal digits for a notebook's metadata: nobody can claim to be another."""
        return self._digest("ticket", *names)[:32]

    def _digest(self, *names: str) -> str:
        return hmac.new(self._key, json.dumps(names).encode(), hashlib.sha256).hexdigest()
