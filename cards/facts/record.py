"""What was read about the patient, and what could not be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from cards.facts.resources import Resource

State = Literal["given", "absent", "failed"]

_NONE_THERE: dict[State, str] = {
    "given": "no {} on file",
    "absent": "no {} supplied",
    "failed": "{} could not be read",
}


class KeyResult(NamedTuple):
    """One prefetch key after reading.

    given: the resources are the answer (possibly none); absent: nobody supplied it; failed: the attempt
    went wrong, and `why` says how without patient data. `words` name the key in a sentence.
    """

    key: str
    state: State
    resources: tuple[Resource, ...] = ()
    why: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """Something in the input that was not usable. `code` is stable; `text` holds no patient data."""

    code: str
    text: str
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The patient's record as one request supplied it."""

    patient_id: str
    keys: Mapping[str, KeyResult] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()
    _by_type: dict[str, tuple[Resource, ...]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    # What readers worked out of all resources once, by the name of the reader.
    derived: dict[str, Any] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sorts all resources by type, once: an EHR may put a resource under another key than we asked."""
        found: dict[str, dict[object, Resource]] = {}
        for result in self.keys.values():
            for resource in result.resources:
                kind = resource.get("resourceType")
                if isinstance(kind, str):
                    identifier = resource.get("id")
                    key = identifier if isinstance(identifier, str) and identifier else id(resource)
                    listed = found.get(kind)
                    if listed is None:
                        listed = found[kind] = {}
                    listed.setdefault(key, resource)
        self._by_type.update({kind: tuple(ones.values()) for kind, ones in found.items()})

    def state(self, key: str) -> State:
        """How the key ended; a key never asked for is absent."""
        result = self.keys.get(key)
        return result.state if result else "absent"

    def none_there(self, key: str, what: str) -> str:
        """Why there is no `what` under the key: none on file, none supplied, or not to be read."""
        return _NONE_THERE[self.state(key)].format(what)

    def no_list(self, key: str, what: str) -> str:
        """Why it is not known what is on the list `what`, whose key was not supplied or failed."""
        return f"the {what} could not be read" if self.state(key) == "failed" else f"no {what} was supplied"

    def of_type(self, *kinds: str) -> tuple[Resource, ...]:
        """Resources of those types under any key, each id once."""
        by_type = self._by_type
        if len(kinds) == 1:
            return by_type.get(kinds[0], ())
        return tuple([one for kind in kinds if kind in by_type for one in by_type[kind]])

    def of(self, *keys: str) -> Iterable[Resource]:
        """Resources under those keys, in order."""
        for key in keys:
            result = self.keys.get(key)
            if result:
                yield from result.resources
