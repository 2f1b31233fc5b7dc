"""All artifacts of the knowledge in force, made when somebody first asks and then remembered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cards.knowledge.index import Knowledge
from cds_service.publish.artifacts.code_resources import code_resources
from cds_service.publish.artifacts.libraries import libraries
from cds_service.publish.artifacts.metadata import Resource
from cds_service.publish.artifacts.plan_definitions import plan_definition
from cds_service.publish.release_words import release_words, released_on
from terminology.load import Terminology

TYPES = ("PlanDefinition", "Library", "ValueSet", "ConceptMap", "CodeSystem")

ByType = Mapping[str, Mapping[str, Resource]]
"""Resources by type and id, in the order of their ids."""


@dataclass(slots=True)
class Repository:
    """Read-only. Reviews turn overdue on a day, so artifacts are made once for each day."""

    terminology: Terminology
    _made: dict[tuple[int, date], ByType] = field(default_factory=dict)

    def on(self, knowledge: Knowledge, day: date) -> ByType:
        """The artifacts as they are on that local day; `knowledge` is what is in force then."""
        key = (id(knowledge), day)
        found = self._made.get(key)
        if found is None:
            found = artifacts(knowledge, self.terminology, day)
            self._made = {key: found}
        return found


def artifacts(knowledge: Knowledge, terms: Terminology, day: date) -> ByType:
    """Every resource, by type and id."""
    on, release = released_on(), release_words(knowledge)
    plans = [
        plan_definition(knowledge.statements[name], knowledge, terms, day, on, release)
        for name in sorted(knowledge.statements)
    ]
    codes = list(code_resources(terms, knowledge.version, on))
    listed = [*plans, *libraries(knowledge, on, (*plans, *codes)), *codes]
    return {
        kind: {one["id"]: one for one in sorted(listed, key=_id) if one["resourceType"] == kind}
        for kind in TYPES
    }


def _id(resource: Resource) -> str:
    return str(resource["id"])
