"""The pairs of silent.yaml lead to no interaction, whichever of the two is ordered."""

import pytest

from cards.knowledge.cases import evaluate_case
from cards.knowledge.silent import load_silent
from cards.knowledge.strict_yaml import KnowledgeFileError

EXAMPLES = [
    (pair, number, first, second)
    for pair in load_silent()
    for number, example in enumerate(pair.examples)
    for first, second in (example, example[::-1])
]


@pytest.mark.parametrize(
    ("pair", "number", "first", "second"),
    EXAMPLES,
    ids=[f"{pair.id}-{number}-{first['drug'].split()[0]}" for pair, number, first, _ in EXAMPLES],
)
def test_an_example_of_a_silent_pair_gives_no_interaction(
    pair, number, first, second, knowledge, terminology
):
    case = {
        "name": f"{pair.id} {number}",
        "patient": {"age": 70, "sex": "male", "weight_kg": 80},
        "creatinine": {"value": 1},
        "drafts": [first],
        "active": [{**second, "days_ago": 20}],
    }
    evaluation = evaluate_case(case, knowledge, terminology)
    assert evaluation.orders[0].ingredient is not None
    assert evaluation.medications[0].ingredient is not None
    spoken = [
        one.statement.id
        for one in evaluation.judged
        if one.outcome.finding is not None and one.statement.kind == "interaction"
    ]
    assert spoken == []


def test_each_example_belongs_to_the_groups_of_its_pair(knowledge, terminology):
    for pair in load_silent(terms=terminology):
        for first, second in pair.examples:
            case = {"name": pair.id, "patient": {"age": 70}, "drafts": [first], "active": [second]}
            evaluation = evaluate_case(case, knowledge, terminology)
            assert evaluation.orders[0].classes & {*pair.drugs}, pair.id
            assert evaluation.medications[0].classes & {*pair.others}, pair.id


def test_an_unknown_class_in_the_file_stops_the_start(tmp_path, terminology):
    path = tmp_path / "silent.yaml"
    path.write_text(
        "sources:\n  S: {title: A source, section: all, url: 'https://example.org', status: seen}\n"
        "pairs:\n  - {id: a, drugs: [no-such-class], with: [doac], why: nothing is known, source: S,\n"
        "     evidence: seen, examples: [[{drug: a}, {drug: b}]]}\n"
    )
    with pytest.raises(KnowledgeFileError, match="no-such-class"):
        load_silent(path, terminology)
