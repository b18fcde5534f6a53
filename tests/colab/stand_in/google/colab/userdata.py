"""The reader's secrets: they have none."""


class SecretNotFoundError(Exception):
    pass


def get(key: str) -> str:
    raise SecretNotFoundError(f"Secret {key} does not exist.")
