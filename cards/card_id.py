"""Ids of cards and suggestions: the same answer to the same call has the same ids."""

from uuid import UUID, uuid5

NAMESPACE = UUID("6f0d9f0c-5d0e-5a3b-9a57-3d3f1c6b7b11")


def card_id(name: str) -> str:
    """UUIDv5 of the name."""
    return str(uuid5(NAMESPACE, name))
