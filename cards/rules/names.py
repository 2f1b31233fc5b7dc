"""The names of the context predicates and what arguments each takes; `about_*.py` says what they mean.

An argument is a `number`, a `days` (whole number), a `class` (drug class, ingredient, group of classes.yaml or
set of procedures), a `set` (value set of conditions, procedures or devices), a `lab` of labs.yaml, a `risk` of
risks.yaml, or a `word` of a closed list.
"""

PREDICATES: dict[str, tuple[str, ...]] = {
    # the patient
    "age-at-least": ("number",),
    "age-below": ("number",),
    "sex": ("word",),
    "inpatient": (),
    "condition": ("set",),
    "condition-within": ("set", "days"),
    "history": ("set", "days"),
    "risk-factors-at-least": ("risk", "number"),
    # kidney function and results
    "crcl-below": ("number",),
    "egfr-below": ("number",),
    "on-haemodialysis": (),
    "over-next-renal-band": (),
    "lab-below": ("lab", "number", "days"),
    "lab-above": ("lab", "number", "days"),
    "lab-recent": ("lab", "days"),
    "lab-planned": ("lab", "days"),
    "result-positive": ("set",),
    # medication
    "order-class": ("class",),
    "partner-class": ("class",),
    "on-class": ("class",),
    "with-class": ("class",),
    "on-class-within": ("class", "days"),
    "on-ingredient": ("class",),
    "class-count-at-least": ("class", "number"),
    "class-dose-above": ("class", "number"),
    "daily-dose-above": ("number",),
    "single-dose-above": ("number",),
    "as-needed": (),
    "course-at-most": ("days",),
    "route": ("word",),
    "new-start": (),
    "continued-unchanged": (),
    "listed-at-least": ("days",),
    "pair-stable-days": ("days",),
    "opioid-being-reduced": (),
    # procedures and devices
    "done-within": ("set", "days"),
    "on-record": ("set",),
    "same-site": ("set",),
    "planned-within": ("days",),
    # pregnancy
    "pregnant": (),
    "pregnancy-unknown": (),
    "gestation-at-least": ("number",),
    "gestation-below": ("number",),
    "lactating": (),
    "lactation-unknown": (),
    "infant-younger-than": ("days",),
    "childbearing-potential": (),
    "contraception-recorded": (),
    "contraception-effective": (),
    "pregnancy-test-negative": ("days",),
}
