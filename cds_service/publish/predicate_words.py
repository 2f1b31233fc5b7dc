"""Conditions as a pharmacist reads them: one phrase for each predicate, with its arguments put in."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from cards.facts.lab_table import LABS
from cards.knowledge.conditions import Condition, Predicate
from cards.rules.names import PREDICATES
from terminology.load import Terminology

# {0}, {1} ... are the arguments in the order of rules/names.py.
_PHRASES: Final = {
    "age-at-least": "the patient is {0} years old or older",
    "age-below": "the patient is younger than {0} years",
    "sex": "the patient's sex is {0}",
    "inpatient": "the patient is in hospital",
    "ancestry": "the recorded ancestry is in “{0}”",
    "condition": "the problem list has “{0}”",
    "condition-within": "“{0}” began in the last {1} days",
    "history": "“{0}” is on record from the last {1} days, or without a date",
    "risk-factors-at-least": "at least {1} factors of the risk set “{0}” are present",
    "crcl-below": "CrCl is below {0} mL/min, or creatinine is rising, or the patient is on haemodialysis",
    "egfr-below": "eGFR is below {0} mL/min/1.73 m², or the patient is on haemodialysis",
    "on-haemodialysis": "the patient is on haemodialysis",
    "over-next-renal-band": "CrCl is just above a cut-off and the dose is over what the band below it allows",
    "lab-below": "the last {0} of the past {2} days is below {1}",
    "lab-above": "the last {0} of the past {2} days is above {1}",
    "lab-recent": "there is a {0} from the past {1} days",
    "blood-pressure-at-least": "the last blood pressure of the past {2} days is {0}/{1} mmHg or higher in either part",
    "lab-planned": "a {0} is ordered for the next {1} days",
    "result-positive": "a test of “{0}” was positive",
    "result-on-file": "a test of “{0}” has a readable result",
    "order-class": "the order is “{0}”",
    "partner-class": "the other drug of the pair is “{0}”",
    "on-class": "the patient takes or is ordered “{0}”",
    "with-class": "the patient also takes “{0}”",
    "on-class-within": "the patient takes “{0}”, or stopped it in the last {1} days",
    "on-ingredient": "the medication list already has “{0}”",
    "class-count-at-least": "{1} or more different drugs of “{0}” are taken together",
    "class-dose-above": "“{0}” is given above {1} mg a day",
    "daily-dose-above": "the dose is above {0} mg a day",
    "single-dose-above": "a single dose is above {0} mg",
    "single-units-above": "a single dose is above {0} units",
    "mg-per-kg-above": "the dose is above {0} mg per kg a day",
    "dispensed": "the order is to be dispensed to the patient",
    "as-needed": "the order is to be taken only when needed",
    "course-at-most": "the order is for at most {0} days",
    "route": "the route is {0}",
    "new-start": "the drug is new to the patient",
    "continued-unchanged": "the patient already takes the product at this dose",
    "listed-at-least": "the product has been on the medication list for at least {0} days",
    "ordered": "it is being ordered now, not only on the list",
    "pair-class": "one of the drugs is “{0}”",
    "also-on": "besides these drugs the patient takes “{0}”",
    "also-on-longer-than": "besides these drugs the patient takes “{0}”, not known to be for {1} days or less",
    "none-known": "nothing on the list or ordered is “{0}”",
    "class-as-needed": "“{0}” is to be taken only when needed",
    "class-course-at-most": "“{0}” is for at most {1} days, or given once",
    "class-dose-at-least": "“{0}” is given at {1} mg a day or more",
    "class-times-at-least": "“{0}” is used {1} times a day or more, not only when needed",
    "class-ends-within": "“{0}” ends within {1} days",
    "class-given": "“{0}” is to be given: {1}",
    "pair-stable-days": "the drugs have been taken together for at least {0} days, and no dose is raised",
    "opioid-being-reduced": "the opioid is being tapered or lowered",
    "done-within": "“{0}” was done in the last {1} days",
    "on-record": "“{0}” is on record, at any time",
    "device-in-place": "a device “{0}” is in place",
    "same-site": "“{0}” is at the same site of the body",
    "planned-within": "the procedure is planned within {0} days",
    "pregnant": "the patient is pregnant",
    "pregnancy-unknown": "nothing on record tells whether the patient is pregnant",
    "gestation-at-least": "the pregnancy may have reached {0} weeks",
    "gestation-below": "the pregnancy may be below {0} weeks",
    "due-within": "the patient may be due within {0} days",
    "lactating": "the patient is breastfeeding",
    "lactation-unknown": "there was a delivery not long ago, and nothing tells whether the patient breastfeeds",
    "infant-younger-than": "the youngest infant is less than {0} days old",
    "childbearing-potential": "the patient can become pregnant",
    "contraception-recorded": "some contraception is on record",
    "contraception-effective": "contraception that no drug defeats is on record",
    "pregnancy-test-negative": "a pregnancy test of the last {0} days was negative",
}
assert _PHRASES.keys() == PREDICATES.keys()  # noqa: S101  a predicate without words could not be reviewed


Titles = Mapping[str, str]
"""What value sets and drug classes are called; the others are called by their names."""

NO_TITLES: Final[Titles] = {}


@lru_cache(maxsize=4)
def titles_of(terms: Terminology) -> Titles:
    """The titles of all value sets and drug classes."""
    return {name: one.title for name, one in terms.sets.sets.items()}


def condition_words(condition: Condition, titles: Titles = NO_TITLES) -> str:
    """A whole condition; "never" for an empty one."""
    joined = " and " if condition.mode == "all" else ", or "
    return joined.join(predicate_words(one, titles) for one in condition.predicates) or "never"


def phrase(name: str) -> str:
    """What a predicate means, with {0}, {1} ... for its arguments."""
    return _PHRASES[name]


def predicate_words(predicate: Predicate, titles: Titles = NO_TITLES) -> str:
    """One predicate; "not:" before one that is to fail."""
    kinds = PREDICATES.get(predicate.name, ())
    args = [_argument(kind, arg, titles) for kind, arg in zip(kinds, predicate.args, strict=False)]
    said = _PHRASES[predicate.name].format(*args) if len(args) == len(kinds) else str(predicate)
    return f"not: {said}" if predicate.negated else said


def _argument(kind: str, arg: Decimal | str, titles: Titles) -> str:
    if isinstance(arg, Decimal):
        return f"{arg.normalize():f}"
    if kind == "lab" and arg in LABS:
        return LABS[arg].title
    return titles.get(arg) or arg.replace("-", " ")
