"""An evaluation holds nothing in a circle: what it read of a patient is freed as it ends, not by a later collection."""

import gc

import pytest

from cards.knowledge.cases import evaluate_case
from cards.knowledge.loader import HOME, cases_file, knowledge_files
from cards.knowledge.strict_yaml import read
from cards.trace import trace


@pytest.fixture
def only_what_is_new():
    """The collector looks at what is made from here on, and only when it is asked to."""
    enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.unfreeze()
    if enabled:
        gc.enable()


@pytest.mark.usefixtures("only_what_is_new")
@pytest.mark.parametrize("explained", [False, True], ids=["cards", "explain"])
def test_no_case_leaves_anything_to_the_garbage_collector(explained, knowledge, terminology):
    left = {}
    for path in knowledge_files(HOME):
        for case in read(cases_file(path)):
            evaluate_case(case, knowledge, terminology)  # what is remembered of vocabulary is made once
            gc.collect()
            evaluation = evaluate_case(case, knowledge, terminology)
            if explained:
                trace(evaluation, knowledge)
            del evaluation
            left[case["name"]] = gc.collect()
    assert {name: count for name, count in left.items() if count} == {}
