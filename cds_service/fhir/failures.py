"""Why something was not fetched: a closed set, each with the words that a prescriber reads."""

from typing import Final, Literal, get_args

Why = Literal[
    "unauthorized", "forbidden", "not-found", "throttled", "server-error", "rejected", "redirect", "timeout",
    "unreachable", "not-allowed", "too-large", "broken-off", "unreadable", "not-fhir", "outcome",
    "wrong-patient", "busy", "no-authorization", "bad-id", "foreign-link", "loop", "too-many-pages",
    "too-many-resources", "too-many-references",
]  # fmt: skip

WHYS: Final = frozenset(get_args(Why))

_WORDS: Final[dict[Why, str]] = {
    "unauthorized": "the EHR did not accept this service's permission, which may have expired",
    "forbidden": "the EHR does not permit this service to read it",
    "not-found": "the EHR's server does not have it",
    "throttled": "the EHR's server is too busy",
    "server-error": "the EHR's server reported a fault",
    "rejected": "the EHR's server rejected the question",
    "redirect": "the EHR's server pointed to another address",
    "timeout": "no answer in time",
    "unreachable": "the EHR's server could not be reached",
    "not-allowed": "the EHR's server is not one that this service may ask",
    "too-large": "the answer was too large",
    "broken-off": "the answer broke off",
    "unreadable": "the answer could not be read",
    "not-fhir": "the answer was not a health record",
    "outcome": "the EHR's server reported an error",
    "wrong-patient": "the answer held no usable data of this patient",
    "busy": "this service was too busy to ask",
    "no-authorization": "the EHR's permission could not be used",
    "bad-id": "its identifier cannot be used",
    "foreign-link": "the link to more leads to another server",
    "loop": "the EHR's server repeats its pages",
    "too-many-pages": "there are too many pages",
    "too-many-resources": "there are too many entries",
    "too-many-references": "there are too many of them",
}


class NotFetchedError(Exception):
    """An exchange that gave nothing usable; holds no URL, id or content."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


def words_of(why: Why) -> str:
    """The reason as part of a sentence on a card."""
    return _WORDS[why]
