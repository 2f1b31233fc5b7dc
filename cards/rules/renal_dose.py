"""Dose ceilings by kidney function: bands, haemodialysis, acute kidney injury."""

from decimal import Decimal

from cards.card import Indicator
from cards.facts.medications import Order
from cards.facts.renal import discordant
from cards.finding import DoseAdvice, Finding, Outcome, Words, cannot, fired, not_fired
from cards.knowledge.rule_types import Band, Regimen, RenalDose
from cards.knowledge.statements import Statement
from cards.rules.basis import clearance, drug_name, order_line, regimen_words, renal_lines
from cards.rules.context import Context, certain_exposure, daily_exposure
from cards.rules.renal_missing import missing
from cards.rules.severity import adjusted, by_dose_reading
from cards.wording import Name, amount, say, whole


def check(statement: Statement, rule: RenalDose, order: Order, ctx: Context) -> Outcome:
    """Whether the dose is inside the ceiling for the patient's kidney function."""
    renal = ctx.renal
    if renal.issue == "child":
        return not_fired("adult kidney-function tables do not apply to a child")
    if renal.basis == "dialysis-other":
        return _refer(statement, rule, order, ctx)
    if renal.basis == "aki":
        return _acute(statement, rule, order, ctx)
    if renal.basis == "haemodialysis":
        return _banded(statement, rule, rule.haemodialysis, None, order, ctx)
    if renal.crcl_low is None:
        return missing(statement, rule, order, ctx)
    band = rule.band_at(renal.crcl_low)
    return _banded(statement, rule, band, renal.crcl_low, order, ctx)


def _scaled(limit: Decimal, band: Band, crcl: Decimal | None) -> Decimal:
    """A limit of the band in proportion to CrCl; multiplied first, so that 300 mg at 10 of 15 mL/min is 200 mg."""
    return limit * crcl / band.scale_to if band.scale_to and crcl is not None else limit


def _banded(
    statement: Statement, rule: RenalDose, band: Band, crcl: Decimal | None, order: Order, ctx: Context
) -> Outcome:
    exposure, single = certain_exposure(order, ctx), order.dose.max_single_mg
    if band.avoid:
        return _avoid(statement, rule, order, ctx, band)
    daily_limit = _scaled(band.max_mg_per_day or Decimal(0), band, crcl)
    single_limit = None if band.max_single_mg is None else _scaled(band.max_single_mg, band, crcl)
    # At full kidney function the label maximum is the limit, and its own statement says so.
    reduced = band.high is not None or ctx.renal.basis == "haemodialysis"
    over_day = reduced and exposure is not None and exposure > daily_limit
    over_single = reduced and single is not None and single_limit is not None and single > single_limit
    if not over_day and not over_single:
        if exposure is None or daily_exposure(order, ctx) is None:
            return _unreadable(statement, rule, daily_limit, order, ctx)
        if ctx.renal.low_muscle and exposure > rule.floor_mg_per_day:
            return fired(_low_muscle(statement, rule, exposure, order, ctx))
        return not_fired(
            lambda: f"{amount(exposure)} mg/day is within {amount(daily_limit)} mg/day ({_why(ctx)})"
        )
    if over_day and exposure is not None:
        critical = exposure >= daily_limit * rule.critical_ratio
        severity = Indicator.critical if critical else Indicator.warning
        severity = _by_reading(severity, rule, band, exposure, ctx)
        severity = by_dose_reading(severity, order, ctx, daily_limit)
    else:
        severity = Indicator.warning
    severity, because = adjusted(severity, statement, ctx, order)

    def summary() -> str:
        if over_day and exposure is not None:
            return _over(statement, band, exposure, daily_limit, order, ctx)
        return say(
            "renal-over-single",
            drug=drug_name(statement, order),
            dose=amount(single or Decimal(0)),
            crcl=_crcl(ctx, band),
            limit=amount(single_limit or Decimal(0)),
        )

    def reason() -> str:
        times = f", {band.frequency}" if band.frequency else ""
        ordered = f" Ordered: {amount(exposure)} mg/day." if exposure is not None else ""
        return f"{_ceiling(statement)} for {_why(ctx)} is {amount(daily_limit)} mg/day{times}.{ordered}"

    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: Words(
                summary=summary(),
                reason=reason(),
                advice=tuple(
                    part for part in (*_first_choice(band.regimens, daily_limit), band.note, *because) if part
                ),
                basis=(order_line(order, ctx), *renal_lines(ctx), *_disagreement(rule, ctx)),
            ),
            dose=DoseAdvice(
                max_mg_per_day=daily_limit,
                max_single_mg=single_limit,
                regimens=band.regimens if band.evidence == "seen" else (),
                note=band.note,
            ),
            order_creatinine=ctx.renal.stale,
            unchecked=band.evidence != "seen",
        )
    )


def _disagreement(rule: RenalDose, ctx: Context) -> tuple[str, ...]:
    """That the reported eGFR would lead to another band; the label's measure decides all the same."""
    if not discordant(ctx.renal, (band.low for band in rule.bands if band.low > 0)):
        return ()
    return ("The reported eGFR would give another band of this table; CrCl, the label's measure, was used",)


def _first_choice(regimens: tuple[Regimen, ...], limit: Decimal) -> tuple[str, ...]:
    fitting = next((one for one in regimens if one.mg_per_day <= limit), None)
    return (f"Consider {regimen_words(fitting)}, then adjust to effect.",) if fitting else ()


def _by_reading(
    severity: Indicator, rule: RenalDose, band: Band, exposure: Decimal, ctx: Context
) -> Indicator:
    """At most a warning where a plausible reading of the kidney function keeps the limit."""
    renal = ctx.renal
    if renal.crcl_low is None:
        return severity
    readings: list[Decimal] = []
    if renal.crcl_high is not None:  # weights in obesity, unknown sex, partial birth date
        readings.append(renal.crcl_high)
    if band.high is not None and renal.crcl_low >= band.high * (1 - rule.near_percent / 100):
        readings.append(band.high)  # just below a cut-off
    above = [(reading, _next(rule, band, reading)) for reading in readings]
    limits = [
        _scaled(other.max_mg_per_day, other, reading)
        for reading, other in above
        if other.max_mg_per_day is not None and not other.avoid
    ]
    if renal.stale and not _last_known_severe(rule, renal.crcl):
        limits += [other.max_mg_per_day for other in rule.bands if other.max_mg_per_day and not other.avoid]
    if any(exposure <= limit for limit in limits):
        return min(severity, Indicator.warning)
    return severity


def _next(rule: RenalDose, band: Band, reading: Decimal) -> Band:
    """The band of a reading; an upper edge that the lower band still includes counts for the band above.

    So does a band of a single value (gabapentin at exactly 15 mL/min): a clearance is never known that well.
    """
    found = rule.band_at(reading)
    if (found is band and band.high == reading) or found.low == found.high:
        return next((b for b in rule.bands if b.low == reading and b not in (band, found)), found)
    return found


def _last_known_severe(rule: RenalDose, crcl: Decimal | None) -> bool:
    """Severe impairment does not expire to normal."""
    return crcl is not None and crcl < rule.unreadable_below


def _over(
    statement: Statement, band: Band, exposure: Decimal, limit: Decimal, order: Order, ctx: Context
) -> str:
    renal = ctx.renal
    values = {"drug": drug_name(statement, order), "dose": amount(exposure), "limit": amount(limit)}
    if renal.basis == "haemodialysis":
        frequency = f" {band.frequency}" if band.frequency else ""
        return say("renal-over-haemodialysis", frequency=frequency, **values)
    crcl = _crcl(ctx, band)
    if renal.stale:
        return say("renal-over-stale", days=renal.creatinine_age_days, crcl=crcl, **values)
    if renal.weight_readings and renal.crcl_low is not None and renal.crcl_high is not None:
        low, high = whole(renal.crcl_low), whole(renal.crcl_high)
        return say(
            "renal-over-straddle", low=low, high=high, crcl=whole(renal.crcl or renal.crcl_low), **values
        )
    if renal.crcl_low != renal.crcl_high and renal.crcl_low is not None and renal.crcl_high is not None:
        return say("renal-over-readings", low=whole(renal.crcl_low), high=whole(renal.crcl_high), **values)
    prn = " as needed" if order.dose.as_needed else ""
    return say("renal-over", crcl=crcl, prn=prn, **values)


def _crcl(ctx: Context, band: Band) -> str:
    """The clearance in words, or its range where readings differ: the lower one has decided."""
    renal = ctx.renal
    low, high = renal.crcl_low, renal.crcl_high
    if low is None or high is None or whole(low) == whole(high):
        return clearance(renal.crcl or low or Decimal(0), band.high)
    return f"{clearance(low, band.high)}-{whole(high)}"


def _ceiling(statement: Statement) -> str:
    """A site that changes a ceiling is its author; the basis names the value and the reason."""
    return "The ceiling" if statement.changed else "The label's ceiling"


def _why(ctx: Context) -> str:
    if ctx.renal.basis == "haemodialysis":
        return "haemodialysis"
    return f"CrCl {whole(ctx.renal.crcl_low or Decimal(0))} mL/min"


def _avoid(statement: Statement, rule: RenalDose, order: Order, ctx: Context, band: Band) -> Outcome:
    renal = ctx.renal
    severity = rule.avoid_severity
    if renal.stale and renal.basis != "haemodialysis" and not _last_known_severe(rule, renal.crcl):
        severity = min(severity, Indicator.warning)
    if renal.crcl_high is not None and not rule.band_at(renal.crcl_high).avoid:
        severity = min(severity, Indicator.warning)
    severity, because = adjusted(severity, statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: Words(
                summary=_not_at_all(statement, rule, order, ctx, band),
                reason=_not_at(rule, drug_name(statement, order), ctx),
                advice=tuple(part for part in (band.note, *because) if part),
                basis=(order_line(order, ctx), *renal_lines(ctx)),
            ),
            topic="contraindication",
            dose=DoseAdvice(max_mg_per_day=Decimal(0)),
            order_creatinine=renal.stale,
        )
    )


def _not_at_all(statement: Statement, rule: RenalDose, order: Order, ctx: Context, band: Band) -> str:
    renal, drug = ctx.renal, drug_name(statement, order)
    if rule.avoid_severity < Indicator.critical:
        renal_words = (
            "On haemodialysis" if renal.basis == "haemodialysis" else f"CrCl {_crcl(ctx, band)} mL/min"
        )
        return say("renal-not-recommended", drug=drug, renal=renal_words)
    if renal.basis == "haemodialysis":
        return say("renal-avoid-haemodialysis", drug=drug)
    if renal.stale:
        return say("renal-avoid-stale", drug=drug, days=renal.creatinine_age_days, crcl=_crcl(ctx, band))
    return say("renal-avoid", drug=drug, crcl=_crcl(ctx, band))


def _not_at(rule: RenalDose, drug: Name, ctx: Context) -> str:
    if rule.avoid_severity < Indicator.critical:
        return f"The label does not recommend {drug.inside} at {_why(ctx)}."
    return f"The label says not to use {drug.inside} at {_why(ctx)}."


def _acute(statement: Statement, rule: RenalDose, order: Order, ctx: Context) -> Outcome:
    """In acute kidney injury no CrCl is valid; the ceiling of the lowest band stands in for it."""
    exposure, limit = certain_exposure(order, ctx), rule.aki.max_mg_per_day
    if exposure is not None and exposure <= limit and daily_exposure(order, ctx) is None:
        exposure = None  # a lower bound within the limit tells nothing
    if exposure is not None and 0 < exposure <= limit:
        return not_fired(
            lambda: f"{amount(exposure)} mg/day is within {amount(limit)} mg/day for changing kidney function"
        )
    if exposure is None and limit > 0:
        severity = Indicator.info
    else:
        over = exposure is None or exposure > rule.aki.critical_above_mg_per_day
        severity = Indicator.critical if over else Indicator.warning
        severity = by_dose_reading(severity, order, ctx, limit)
    severity, because = adjusted(severity, statement, ctx, order)
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=severity,
            words=lambda: _acute_words(statement, exposure, limit, because, order, ctx),
            dose=DoseAdvice(max_mg_per_day=limit, max_single_mg=limit, regimens=rule.aki.regimens),
        )
    )


def _acute_words(
    statement: Statement,
    exposure: Decimal | None,
    limit: Decimal,
    because: tuple[str, ...],
    order: Order,
    ctx: Context,
) -> Words:
    drug = drug_name(statement, order)
    if exposure is None and limit > 0:
        summary = say("renal-unreadable-aki", drug=drug)
    else:
        key = "renal-over-aki" if limit > 0 else "renal-avoid-aki"
        summary = say(key, drug=drug, dose=amount(exposure or Decimal(0)))
    state = "still rising" if ctx.renal.rising or ctx.renal.oliguria else "recently raised"
    return Words(
        summary=summary,
        reason=(
            f"Creatinine is {state}, so no clearance can be calculated; the drug leaves the body through "
            f"the kidney. Until it settles, the ceiling for the poorest function ({amount(limit)} mg/day) "
            "applies."
        ),
        advice=("Consider holding the next doses and asking a pharmacist.", *because),
        basis=(order_line(order, ctx), *renal_lines(ctx)),
    )


def _refer(statement: Statement, rule: RenalDose, order: Order, ctx: Context) -> Outcome:
    exposure = daily_exposure(order, ctx)
    small = exposure is not None and exposure <= rule.floor_mg_per_day
    return fired(
        Finding(
            statement=statement,
            order=order.id,
            severity=Indicator.info if small else Indicator.warning,
            words=lambda: Words(
                summary=say("renal-refer", drug=drug_name(statement, order)),
                reason="The label's dialysis table is for haemodialysis only.",
                advice=("Ask a renal pharmacist for a dose.",),
                basis=(order_line(order, ctx), *renal_lines(ctx)),
            ),
        )
    )


def _unreadable(statement: Statement, rule: RenalDose, limit: Decimal, order: Order, ctx: Context) -> Outcome:
    renal = ctx.renal
    why = f"daily dose not readable: {order.dose.why}"
    haemodialysis = renal.basis == "haemodialysis"
    crcl = renal.crcl_low
    if not haemodialysis and (crcl is None or crcl >= rule.unreadable_below):
        return cannot(why)

    def summary() -> str:
        drug = drug_name(statement, order)
        if haemodialysis or crcl is None:
            return say("renal-unreadable-haemodialysis", drug=drug, limit=amount(limit))
        read = clearance(crcl, rule.unreadable_below)
        return say("renal-unreadable", drug=drug, limit=amount(limit), crcl=read)

    return cannot(
        why,
        Finding(
            statement=statement,
            order=order.id,
            severity=Indicator.info,
            words=lambda: Words(
                summary=summary(),
                reason=f"{_ceiling(statement)} for {_why(ctx)} is {amount(limit)} mg/day.",
                advice=("Add a structured dose and frequency so that it can be checked.",),
                basis=(order_line(order, ctx), *renal_lines(ctx)),
            ),
            topic="data",
        ),
    )


def _low_muscle(
    statement: Statement, rule: RenalDose, exposure: Decimal, order: Order, ctx: Context
) -> Finding:
    return Finding(
        statement=statement,
        order=order.id,
        severity=Indicator.info,
        words=lambda: Words(
            summary=say("renal-low-muscle", drug=drug_name(statement, order), dose=amount(exposure)),
            reason="With little muscle a low creatinine does not show how well the kidneys clear a drug.",
            advice=(
                *(f"Consider starting with {regimen_words(one)}." for one in rule.low_muscle_regimens[:1]),
                "A cystatin C eGFR would tell more.",
            ),
            basis=(order_line(order, ctx), *renal_lines(ctx)),
        ),
        dose=DoseAdvice(regimens=rule.low_muscle_regimens),
    )
