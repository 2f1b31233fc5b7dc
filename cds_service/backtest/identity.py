"""Keyed hashes in place of identifiers: rows of two runs can be joined, and nobody without the key can go back."""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

_DIGITS = 24  # 96 bits: no two of a billion orders alike
_KEY_BYTES = 32


class HashKeyError(ValueError):
    """A key file that cannot be used; the message says what to do."""


def read_key(path: Path) -> bytes:
    """The key in `path`, made there at first use, readable by its owner only."""
    try:
        written = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return _make_key(path)
    except (OSError, UnicodeDecodeError) as error:
        raise HashKeyError(f"cannot read the hash key {path}: {type(error).__name__}") from None
    try:
        key = bytes.fromhex(written)
    except ValueError:
        raise HashKeyError(f"the hash key {path} must be hexadecimal digits") from None
    if len(key) < _KEY_BYTES:
        raise HashKeyError(f"the hash key {path} is shorter than {_KEY_BYTES} bytes")
    return key


def _make_key(path: Path) -> bytes:
    key = secrets.token_bytes(_KEY_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise HashKeyError(f"cannot make the hash key {path}: {error.strerror}") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    return key


def fingerprint(key: bytes) -> str:
    """Tells whether two runs used one key, without telling the key."""
    return keyed(key, "fingerprint")


def keyed(key: bytes, *parts: str) -> str:
    """The hash of `parts` under the key, in hexadecimal digits."""
    return hmac.new(key, "\x1f".join(parts).encode("utf-8", "surrogatepass"), sha256).hexdigest()[:_DIGITS]
