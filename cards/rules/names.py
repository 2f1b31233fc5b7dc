"""The names of the context predicates, and whether each takes a value; `predicates.py` gives their meaning."""

PREDICATES: dict[str, bool] = {
    "age-at-least": True,
    "condition": True,
    "continued-unchanged": False,
    "crcl-below": True,
    "daily-dose-above": True,
    "on-class": True,
    "on-haemodialysis": False,
    "on-ingredient": True,
    "opioid-being-reduced": False,
    "over-next-renal-band": False,
    "pair-stable-days": True,
}
