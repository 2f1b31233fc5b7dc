"""What is told of the statements of one evaluation, to the metrics, the log and the audit trail."""

from types import SimpleNamespace

from cards.finding import Outcome
from cards.judging import Judged
from cds_service.observability.outcomes import read_outcomes


def judged(name, kind, *, speaks=False):
    finding = SimpleNamespace() if speaks else None
    return Judged(SimpleNamespace(id=name), SimpleNamespace(), Outcome(kind, finding))


def test_each_outcome_is_told_once_per_order_and_each_statement_once_by_what_came_of_it():
    found = read_outcomes(
        [
            judged("quiet", "not-fired"),
            judged("speaks", "fired", speaks=True),
            judged("speaks", "fired", speaks=True),
            judged("missing-and-said", "cannot-evaluate", speaks=True),
            judged("missing", "cannot-evaluate"),
            judged("silenced", "suppressed"),
            judged("quiet", "not-fired"),
        ]
    )
    assert found.by_kind == {
        "not-fired": ["quiet", "quiet"],
        "fired": ["speaks", "speaks"],
        "cannot-evaluate": ["missing-and-said", "missing"],
        "suppressed": ["silenced"],
    }
    assert found.fired == ["speaks", "missing-and-said"]
    assert found.suppressed == ["silenced"]
    assert found.unchecked == ["missing-and-said", "missing"]


def test_nothing_judged_has_no_outcomes():
    found = read_outcomes(())
    assert not any(found.by_kind.values())
    assert not found.fired
