"""Offers: what a card may propose with one click besides a dose, by name (offers.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from cards.facts.lab_table import LABS
from cards.knowledge.schema_fields import Loaded
from cards.knowledge.strict_yaml import KnowledgeFileError, line_of, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`delete` the order itself; `create` a test (`lab`, due in `days`) or a drug without a dose (`rxcui`).

    A test without a row of labs.yaml has its name in `test`, the value set of its `result`, and where one is known
    its LOINC code in `code` with `display`.
    `replaces` takes the order away with the same click. With `only_for` (drug classes) it concerns the order of
    the card that is of such a class: the order itself, or the draft it is paired with. It is not offered where
    the patient already has one of `unless_on` (drug classes), and only where there is one of `only_on`. With
    `only_new` it is offered for a drug new to the patient: none is taken away at once that was being taken.
    A test is not offered where it is ordered already, with `planned_within` only where it is due in so many
    days. `{drug}` in the label is the order concerned.
    """

    label: str
    kind: str
    lab: str = ""
    test: str = ""
    result: str = ""
    code: str = ""
    display: str = ""
    days: int = 0
    rxcui: str = ""
    drug: str = ""
    replaces: bool = False
    only_for: tuple[str, ...] = ()
    unless_on: tuple[str, ...] = ()
    only_on: tuple[str, ...] = ()
    only_new: bool = False
    planned_within: int = 0


class _OfferSchema(Loaded):
    makes = Offer
    label = fields.String(required=True, validate=validate.Length(min=3, max=80))
    kind = fields.String(required=True, validate=validate.OneOf(("delete", "test", "drug")))
    lab = fields.String(validate=validate.OneOf(tuple(LABS)))
    test = fields.String(validate=validate.Length(min=3, max=80))
    result = fields.String()
    code = fields.String(validate=validate.Regexp(r"^\d+-\d$"))
    display = fields.String(validate=validate.Length(min=3))
    days = fields.Integer(strict=True)
    rxcui = fields.String(validate=validate.Regexp(r"^\d+$"))
    drug = fields.String()
    replaces = fields.Boolean()
    only_for = fields.List(fields.String())
    unless_on = fields.List(fields.String())
    only_on = fields.List(fields.String())
    only_new = fields.Boolean()
    planned_within = fields.Integer(strict=True)

    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        coded = data.get("lab") and LABS[data["lab"]].order_code
        if data["kind"] == "test" and not coded and not (data.get("test") and data.get("result")):
            raise ValidationError("a test needs a `lab` that has an `order`, or `test` and `result`", "lab")
        if bool(data.get("code")) != bool(data.get("display")) or (data.get("code") and not data.get("test")):
            raise ValidationError("`code` and `display` belong together, with a `test`", "code")
        if data["kind"] == "drug" and not (data.get("rxcui") and data.get("drug")):
            raise ValidationError("a drug needs `rxcui` and `drug`", "rxcui")


class _OffersSchema(Schema):
    offers = fields.Dict(keys=fields.String(), values=fields.Nested(_OfferSchema), required=True)


def read_offers(home: Path) -> Mapping[str, Offer]:
    """The offers of a folder's offers.yaml; none where there is no such file."""
    path = home / "offers.yaml"
    if not path.exists():
        return {}
    try:
        content: dict[str, Any] = _OffersSchema(unknown=RAISE).load(read(path))
    except ValidationError as error:
        raise KnowledgeFileError(f"{path.name}: line {line_of(path, ())}: {error.messages}") from error
    offers: dict[str, Offer] = content["offers"]
    return offers
