"""What channels share: their one error, secrets, trust, and how long they may take."""

import os
import ssl
from functools import cached_property
from pathlib import Path

from config.paths import CONFIG

SECONDS = 8.0
"""What a channel may take to hand a message over."""


class DeliveryError(Exception):
    """A message was not taken; the text says why, without secrets."""


class Trust:
    """The certificates this machine trusts, read when first needed: it takes some 20 ms."""

    @cached_property
    def context(self) -> ssl.SSLContext:
        """For every TLS connection of a channel."""
        return ssl.create_default_context()


def secret(file: Path | None, variable: str) -> str:
    """Return a secret from its file (relative to config/), or else from the environment.

    Raises DeliveryError. It is read at each use, so that it can be changed while the robot lives.
    """
    if file is None:
        value = os.environ.get(variable, "")
    else:
        try:
            value = (CONFIG / file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DeliveryError(f"the secret in {file} cannot be read; check the file") from error
    if not value.strip():
        raise DeliveryError(f"there is no secret; write it to a file, or set {variable}")
    return value.strip()
