"""The windows for reading pregnancy, lactation and childbearing potential, from cards/knowledge/pregnancy.yaml.

Loaded once, when this module is first imported: a wrong file stops the start.
"""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from cards.knowledge.limits_file import load_limits

PATH: Final = Path(__file__).parents[1] / "knowledge" / "pregnancy.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class PregnancyLimits:
    """Every limit by its name in the file; the last part of a name is its unit."""

    pregnant_days: int
    code_alone_days: int
    test_positive_days: int
    not_pregnant_days: int
    test_negative_days: int
    ended_days: int
    labour_days: int
    residual_days: int
    term_days: int
    past_due_days: int
    longest_gestation_days: int
    second_trimester_days: int
    third_trimester_days: int
    trimester_digit_days: int
    hcg_negative_below_miu_ml: Decimal
    hcg_positive_from_miu_ml: Decimal
    breastfeeding_days: int
    after_delivery_days: int
    youngest_years: int
    oldest_years: int
    items_outside_ages: int
    items_against_sex: int
    newborn_years: int
    contraception_days: int
    intrauterine_days: int
    intention_days: int
    future_tolerance_days: int
    maternity_words: tuple[str, ...]


def load_pregnancy_limits(path: Path = PATH) -> PregnancyLimits:
    """The limits in `path`. Raises KnowledgeFileError with file, line and field where one is not in order."""
    return load_limits(path, PregnancyLimits)


PREGNANCY_LIMITS: Final = load_pregnancy_limits()
