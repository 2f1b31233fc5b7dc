"""Where in a statement a value stands, in words: `rule.bands[30 < crcl < 60].max_mg_per_day` is a ceiling in mg/day."""

import re
from typing import Final

_UNITS: Final = (
    ("_mg_per_day", "mg/day"), ("_mg", "mg"), ("_days", "days"), ("_percent", "percent"), ("_h", "hours"),
)  # fmt: skip
_LEAVES: Final = {
    "max_mg_per_day": ("ceiling", "mg/day"),
    "max_single_mg": ("highest single dose", "mg"),
    "start_mg_per_day": ("start", "mg/day"),
    "critical_above_mg_per_day": ("critical above", "mg/day"),
    "critical_ratio": ("critical from this multiple of the ceiling", ""),
    "near_percent": ("close to a band's edge", "percent"),
    "floor_mg_per_day": ("dose that is safe in every band", "mg/day"),
    "unreadable_below": ("an unreadable dose speaks below a CrCl of", "mL/min"),
    "scale_to": ("limits shrink below a CrCl of", "mL/min"),
    "crcl": ("range", ""),
    "to": ("severity", ""),
    "below": ("below the age of", "years"),
    "from": ("from the age of", "years"),
    "most": ("gravest severity", ""),
    "avoid_severity": ("severity where the drug is to be avoided", ""),
}
_PARTS: Final = {
    "haemodialysis": "on haemodialysis",
    "aki": "while creatinine is rising",
    "when": "condition",
    "unless": "exception",
    "when_missing": "condition for speaking about missing data",
    "indication": "indication",
    "tier_up": "condition for one tier more",
}
_STEP = re.compile(r"([A-Za-z0-9_-]+)((?:\[[^\[\]]+\])*)")
# Texts may be changed like values, but decide nothing.
TEXTS: Final = frozenset(
    {
        "title", "summary", "summary_if_stopped", "reason", "advice", "advice_if_partner_ordered", "missing", "plan",
        "note", "says", "because", "frequency", "restart_h",
    }
)  # fmt: skip


def path_words(path: str) -> tuple[str, str]:
    """What stands at a path, and its unit ("" where it has none)."""
    steps = [(match[1], re.findall(r"\[([^\[\]]+)\]", match[2])) for match in _STEP.finditer(path)]
    steps = [(name, chosen) for name, chosen in steps if name not in ("rule", "any", "all") or chosen]
    if not steps:
        return path, ""
    leaf, selected = steps[-1]
    if steps[0][0] == "sources":
        return f"{leaf.replace('_', ' ')} of source {steps[1][0]}" if len(steps) > 2 else f"source {leaf}", ""
    within = [_part(name, chosen) for name, chosen in steps[:-1]]
    label, unit = _leaf(leaf)
    if leaf in ("any", "all"):
        label = f"“{selected[0]}”"
    elif selected:
        label = f"{label} {_entry(selected)}"
    return " ".join((label, *(one for one in within if one))), unit


def is_text(path: str) -> bool:
    """Whether a path leads to words of a card, not to what decides."""
    steps = [match[1] for match in _STEP.finditer(path)]
    return bool(steps) and steps[-1] in TEXTS


def _leaf(name: str) -> tuple[str, str]:
    if name in _LEAVES:
        return _LEAVES[name]
    if name in _PARTS:
        return _PARTS[name], ""
    if name not in TEXTS:
        for ending, unit in _UNITS:
            if name.endswith(ending):
                return name.removesuffix(ending).replace("_", " "), unit
    return name.replace("_", " "), ""


def _part(name: str, chosen: list[str]) -> str:
    if name == "bands" and chosen:
        return "for " + chosen[0].replace("crcl", "CrCl") + " mL/min"
    if name in ("escalations", "caps") and chosen:
        return f"of {name.removesuffix('s')} {_entry(chosen)}"
    words = _PARTS.get(name, f"of {name.replace('_', ' ')}" if not chosen else "")
    return f"{words} for {_entry(chosen)}".strip() if chosen else words


def _entry(chosen: list[str]) -> str:
    return " ".join(str(int(one) + 1) if one.isdigit() else one for one in chosen)
