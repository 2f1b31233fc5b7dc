"""Predicates about pregnancy, lactation and childbearing potential.

Gestational age has bounds: where they stand on both sides of a week, or where the age is not known,
`gestation-at-least` and `gestation-below` of that week both hold, and the graver statement leads.
"""

from decimal import Decimal

from cards.facts.pregnancy import Pregnancy
from cards.facts.record import Record
from cards.rules.answer import HOLDS_NOT, Answer, Check, Situation, unknown, whether
from cards.wording import gestation


def pregnant(situation: Situation) -> Answer:
    """The patient is pregnant."""
    found = situation.ctx.pregnancy
    if found.status == "unknown":
        return _not_known(situation)
    return whether(found.status == "yes", lambda: gestation_line(found), lambda: _weeks(found))


def pregnancy_unknown(situation: Situation) -> Answer:
    """Nothing on record tells whether the patient is pregnant."""
    found, record = situation.ctx.pregnancy, situation.ctx.record
    return whether(found.status == "unknown", lambda: f"Pregnancy: not known ({_why(found, record)})")


def _not_known(situation: Situation) -> Answer:
    found, record = situation.ctx.pregnancy, situation.ctx.record
    return unknown(lambda: f"pregnancy not known: {_why(found, record)}")


def _why(found: Pregnancy, record: Record) -> str:
    """Why it is not known, and whether the results that would tell were there to read."""
    missing = record.none_there("pregnancy", "pregnancy results")
    return found.why if record.state("pregnancy") == "given" else f"{found.why}; {missing}"


def gestation_at_least(situation: Situation, weeks: Decimal) -> Answer:
    """The pregnancy may have reached so many completed weeks."""
    found = situation.ctx.pregnancy
    if found.status == "unknown":
        return _not_known(situation)
    return whether(found.may_have_reached(int(weeks)), lambda: gestation_line(found), lambda: _weeks(found))


def gestation_below(situation: Situation, weeks: Decimal) -> Answer:
    """The patient is pregnant, possibly below so many completed weeks."""
    found = situation.ctx.pregnancy
    if found.status != "yes":
        return pregnant(situation)
    return whether(found.may_be_below(int(weeks)), lambda: gestation_line(found), lambda: _weeks(found))


def lactating(situation: Situation) -> Answer:
    """The patient is breastfeeding."""
    found = situation.ctx.pregnancy
    if found.lactating == "unknown":
        return unknown(f"breastfeeding not known: {found.lactating_why}")
    return whether(found.lactating == "yes", lambda: _lactation(found))


def lactation_unknown(situation: Situation) -> Answer:
    """There was a delivery not long ago, and nothing tells whether the patient breastfeeds."""
    found = situation.ctx.pregnancy
    return whether(found.lactating == "unknown", lambda: _lactation(found))


def infant_younger_than(situation: Situation, days: Decimal) -> Answer:
    """The youngest infant is less than so many days old."""
    age = situation.ctx.pregnancy.infant_days
    return (
        unknown("the infant's age is not known")
        if age is None
        else whether(age < days, f"Infant {age} days old")
    )


def childbearing_potential(situation: Situation) -> Answer:
    """The patient can become pregnant."""
    found = situation.ctx.pregnancy
    if found.childbearing_potential == "unknown":
        return unknown(f"childbearing potential not known: {found.childbearing_why}")
    return whether(found.childbearing_potential == "yes", f"Childbearing potential: {found.childbearing_why}")


def contraception_recorded(situation: Situation) -> Answer:
    """Some contraception is on record."""
    found = situation.ctx.pregnancy
    return whether(found.contraception != "none-recorded", lambda: _contraception(found))


def contraception_effective(situation: Situation) -> Answer:
    """Contraception that no drug defeats is on record: sterilisation or an intrauterine device."""
    found = situation.ctx.pregnancy
    return whether(found.contraception == "effective", lambda: _contraception(found))


def pregnancy_test_negative(situation: Situation, days: Decimal) -> Answer:
    """The newest pregnancy test, at most so many days old, was negative."""
    age = situation.ctx.pregnancy.negative_test_days
    if age is None or age > days:
        return HOLDS_NOT
    return whether(True, f"Negative pregnancy test {age} days ago")


def due_within(situation: Situation, days: Decimal) -> Answer:
    """The patient is pregnant and may be due in at most so many days, or is past the due date."""
    found = situation.ctx.pregnancy
    if found.status != "yes":
        return pregnant(situation)
    return whether(found.may_be_due_within(int(days)), lambda: gestation_line(found), lambda: _weeks(found))


def gestation_line(found: Pregnancy) -> str:
    """The gestational age and where it comes from, for the basis of a card."""
    if found.status != "yes":
        return f"Pregnancy: {found.status} ({found.why})"
    if found.ga_days_least is None:
        words = f"trimester {found.trimester} by its code" if found.trimester else "gestational age not known"
        return f"Pregnancy: yes, {words} ({found.why})"
    return f"Pregnancy: {found.ga_words} by {found.ga_basis or 'the record'} ({found.why})"


def _weeks(found: Pregnancy) -> str:
    return gestation(found.ga_days_least, found.ga_days_most, found.trimester)


_METHODS = {
    "effective": "sterilisation or an intrauterine device",
    "hormonal": "hormonal",
    "recorded": "on record, method not said",
    "none-recorded": "none on record",
}


def _contraception(found: Pregnancy) -> str:
    sources = f" ({', '.join(found.contraception_sources)})" if found.contraception_sources else ""
    return f"Contraception: {_METHODS[found.contraception]}{sources}"


def _lactation(found: Pregnancy) -> str:
    infant = f", infant {found.infant_days} days old" if found.infant_days is not None else ""
    return f"Breastfeeding: {found.lactating} ({found.lactating_why}){infant}"


CHECKS: dict[str, Check] = {
    "pregnant": pregnant,
    "pregnancy-unknown": pregnancy_unknown,
    "gestation-at-least": gestation_at_least,
    "gestation-below": gestation_below,
    "due-within": due_within,
    "lactating": lactating,
    "lactation-unknown": lactation_unknown,
    "infant-younger-than": infant_younger_than,
    "childbearing-potential": childbearing_potential,
    "contraception-recorded": contraception_recorded,
    "contraception-effective": contraception_effective,
    "pregnancy-test-negative": pregnancy_test_negative,
}
