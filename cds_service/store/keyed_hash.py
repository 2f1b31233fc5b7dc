"""Keyed hashes in the place of identifiers: without the key nobody can tell whose they are, or try ids out."""

import hmac
import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from cds_service.settings import SettingsError

_BYTES = 32


class HashKeyError(SettingsError):
    """A key file that cannot be used; the message names the file."""


def read_key(file: Path, *, make: bool) -> bytes:
    """The key in `file`; with `make`, a new one is written where there is none. Raises HashKeyError."""
    try:
        if make and not file.exists():
            _write(file)
        written = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise HashKeyError(
            f"CDS_HASH_KEY_FILE: there is no {file}; make one with 'openssl rand -hex 32'"
        ) from None
    except (OSError, ValueError) as error:
        raise HashKeyError(
            f"CDS_HASH_KEY_FILE: {file} cannot be read or made ({type(error).__name__})"
        ) from None
    if len(written) < _BYTES:
        raise HashKeyError(
            f"CDS_HASH_KEY_FILE: the key in {file} is too short: it needs {_BYTES} characters or more"
        )
    return written.encode()


def _write(file: Path) -> None:
    """Whole or not at all: several processes may start together, and the first one's key stays."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(_BYTES) + "\n")
        with suppress(FileExistsError):
            os.link(part, file)
    finally:
        part.unlink()


def keyed_hash(key: bytes, kind: str, client: str, value: str) -> str:
    """Hexadecimal HMAC-SHA256 of an identifier, "" for none. Equal ids of two clients are two people."""
    if not value:
        return ""
    made = _keyed(key).copy()
    made.update("\x00".join((kind, client, value)).encode(errors="replace"))
    return made.hexdigest()


@lru_cache(maxsize=2)
def _keyed(key: bytes) -> hmac.HMAC:
    """The beginning of every hash: to key one costs as much as all the rest."""
    return hmac.new(key, digestmod="sha256")
