"""The placeholders that a summary may contain; `rules/summary_text.py` fills them."""

PLACEHOLDERS: dict[str, str] = {
    "drug": "the ordered drug or procedure, capitalised",
    "dose": "mg a day as ordered",
    "age": "years",
    "crcl": "mL/min, without decimals",
    "value": "the input that decided, in a word or two",
    "risks": "the factors of the statement's risk set, in brackets",
    "weeks": "gestation in weeks and days",
    "pair": "the order and the other drugs of the pair",
    "partner": "the other drug of a pair",
    "least": "the least interval in days",
    "count": "how many at once",
    "hours": "how many hours on",
}
