from make_pregnancy import condition, due, read

from cards.evaluate import Evaluation
from cards.trace import trace


def traced(found):
    return trace(Evaluation(cards=(), pregnancy=found))["facts"]["pregnancy"]


def test_explain_shows_status_age_trimester_lactation_and_why(terminology):
    shown = traced(read(terminology, due(126, 30)))
    wanted = {
        "status": "yes",
        "ga_weeks": 22,
        "trimester": 2,
        "lactating": "no",
        "childbearing_potential": "yes",
    }
    assert {key: shown[key] for key in wanted} == wanted
    assert "estimated date of delivery 2026-10-19" in shown["why"]
    assert shown["evidence"][0]["source"] == "Observation/o-11778-8-30"


def test_explain_shows_null_and_a_reason_for_what_is_not_known(terminology):
    shown = traced(read(terminology, condition("Z33.1", 365)))
    assert (shown["status"], shown["ga_weeks"], shown["trimester"]) == ("unknown", None, None)
    assert "too old" in shown["why"]
    assert traced(None) is None
