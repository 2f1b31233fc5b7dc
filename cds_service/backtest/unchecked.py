"""Why a statement could not be evaluated, as one of a closed list of reasons: its own words may quote the record."""

import re

_BY_BEGINNING = (
    ("kidney function not known", "kidney function not known"),
    ("eGFR not known", "eGFR not known"),
    ("kidney function or dose not known", "kidney function or dose not known"),
    ("daily dose not readable", "daily dose not readable"),
    ("the daily dose of", "daily dose of the other drug not readable"),
    ("single dose not readable", "single dose not readable"),
    ("doses per day not readable", "doses per day not readable"),
    ("number and wear time not readable", "number and wear time not readable"),
    ("age not known", "age not known"),
    ("sex not known", "sex not known"),
    ("route not known", "route not known"),
    ("pregnancy not known", "pregnancy not known"),
    ("breastfeeding not known", "breastfeeding not known"),
    ("the infant's age", "age of the infant not known"),
    ("childbearing potential not known", "childbearing potential not known"),
    ("how long the order is for", "length of the order not stated"),
    ("no medication list", "no medication list"),
    ("no problem list", "no problem list"),
    ("no ancestry recorded", "no ancestry recorded"),
    ("daily dose or weight not known", "daily dose or weight not known"),
    ("the order states no dose in units", "dose in units not stated"),
    ("not stated for the", "dose, route or length of the other drug not stated"),
    ("no HLA-", "no result on file"),
    ("the site is not stated", "site not stated on both"),
    ("the order has no date", "order without date"),
    ("rule ", "rule failed"),
)
_BY_END = (
    (re.compile(r"no date on file(?:\)|$)"), "entry without date"),
    (re.compile(r"is \d+ days old(?:\)|$)"), "result too old"),
    (re.compile(r"is not exact(?:\)|$)"), "result not exact"),
    (re.compile(r"is implausible(?:\)|$)"), "result implausible"),
    (re.compile(r"^no .{1,60} on file(?:\)|$)"), "no result on file"),
)
OTHER = "other"
# A condition's `why` lists predicates, each with what it found: "lab-below sodium 130 90 (no Sodium on file); ..."
_PREDICATE = re.compile(r"(?:^|\)?; )(?:not )?[a-z][a-z0-9-]*(?: [\w.%/-]+)* \(")


def reason_of(why: str, renal_issue: str) -> str:
    """The listed reason behind a `why`, with the code of the kidney reading where that stood in the way."""
    said = _PREDICATE.split(why.removesuffix(")"))[1:] if _PREDICATE.match(why) else [why]
    reason = next((found for one in said if (found := _listed(one)) != OTHER), OTHER)
    kidney = reason.startswith(("kidney", "eGFR")) and renal_issue != "none"
    return f"{reason} ({renal_issue})" if kidney else reason


def _listed(said: str) -> str:
    for beginning, reason in _BY_BEGINNING:
        if said.startswith(beginning):
            return reason
    return next((reason for pattern, reason in _BY_END if pattern.search(said)), OTHER)
