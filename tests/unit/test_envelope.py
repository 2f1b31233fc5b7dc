"""The members that every call needs: what is read without the schema is what the schema accepts."""

from itertools import product

import pytest

from cds_service.errors import Refused
from cds_service.hooks.schemas import Envelope, _envelope

ABSENT = object()
TEXTS = [ABSENT, None, "", " ", "\x1c\u2003", "order-sign", " x ", 5, True, [], {}]
CONTEXTS = [ABSENT, None, {}, {"patientId": "p1"}, [], "", 0, False]


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_is_read_and_what_is_refused_is_as_the_schema_has_it(context):
    for hook, instance in product(TEXTS, TEXTS):
        named = {"hook": hook, "hookInstance": instance, "context": context}
        body = {name: value for name, value in named.items() if value is not ABSENT} | {"further": 1}
        if Envelope().validate(body):
            with pytest.raises(Refused):
                _envelope(body)
        else:
            loaded = Envelope().load(body)
            assert _envelope(body) == (loaded["hook"], loaded["hook_instance"], loaded["context"])
