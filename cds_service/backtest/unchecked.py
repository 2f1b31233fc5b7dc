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
    ("no result of", "no result on file"),
    ("the site is not stated", "site not stated on both"),
    ("the order has no date", "order without date"),
    ("rule ", "rule failed"),
)
_BY_END = (
    (re.compile(r"no date on file$"), "entry without date"),
    (re.compile(r"is \d+ days old$"), "result too old"),
    (re.compile(r"is not exact$"), "result not exact"),
    (re.compile(r"is implausible$"), "result implausible"),
    (re.compile(r"^no .{1,60} on file$"), "no result on file"),
)
OTHER = "other"


def reason_of(why: str, renal_issue: str) -> str:
    """The listed reason behind a `why`, with the code of the kidney reading where that stood in the way."""
    for beginning, reason in _BY_BEGINNING:
        if why.startswith(beginning):
            kidney = reason.startswith(("kidney", "eGFR")) and renal_issue != "none"
            return f"{reason} ({renal_issue})" if kidney else reason
    return next((reason for pattern, reason in _BY_END if pattern.search(why)), OTHER)
