"""Each claim of the source document goes somewhere, and what must not be said is in no card."""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import pytest

from cards.knowledge.cases import evaluate_case
from cards.knowledge.loader import HOME, cases_file, knowledge_files
from cards.knowledge.seed import NOT_TO_BE_SAID, disagreements, read_seed
from cards.knowledge.strict_yaml import KnowledgeFileError, read

SEED = read_seed(HOME)
FORBIDDEN = [
    (name, re.compile(pattern, re.IGNORECASE))
    for name, claim in SEED.claims.items()
    for pattern in claim.never_says
]


def rendered(card):
    """Every word of a card that a prescriber reads."""
    parts = [card.summary, card.detail, card.source.label, *(link.label for link in card.links)]
    for suggestion in card.suggestions:
        parts += [suggestion.label, *(action.description for action in suggestion.actions)]
    return "\n".join(parts)


def test_all_claims_of_the_document_are_there():
    document = [f"SC{number:03d}" for number in range(1, 103)]
    left_out = [f"SC{number:03d}" for number in range(103, 113)]
    assert sorted(SEED.claims) == document + left_out
    assert [SEED.claims[name].line for name in left_out] == [0] * len(left_out)
    assert all(SEED.claims[name].line for name in document)


def test_claims_and_statements_name_each_other(knowledge):
    assert list(disagreements(SEED.claims, knowledge.statements.values())) == []


def test_every_claim_that_is_plainly_wrong_says_what_no_card_may_say():
    wrong = {name for name, claim in SEED.claims.items() if claim.verdict in NOT_TO_BE_SAID}
    lost = {name for name, claim in SEED.claims.items() if "was lost" in claim.not_surfaced}
    assert wrong - lost <= {name for name, _ in FORBIDDEN}


@pytest.mark.parametrize("path", knowledge_files(), ids=lambda path: path.stem)
def test_no_card_says_what_a_wrong_claim_says(path, knowledge, terminology):
    found = [
        f"{case['name']}: {name} {pattern.pattern!r} in {text!r}"
        for case in read(cases_file(path))
        for card in evaluate_case(case, knowledge, terminology).cards
        for text in [rendered(card)]
        for name, pattern in FORBIDDEN
        if pattern.search(text)
    ]
    assert found == []


def texts(value):
    """Every text in a statement, offer or file of wordings, whether a case shows it or not."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for one in fields(value):
            yield from texts(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def test_no_text_that_a_card_could_show_says_what_a_wrong_claim_says(knowledge):
    wordings = read(HOME.parent / "wording" / "en.yaml")
    shown = [
        *knowledge.statements.values(),
        *knowledge.offers.values(),
        *knowledge.information.values(),
        wordings,
    ]
    said = [text for one in shown for text in texts(one)]
    assert len(said) > 20 * len(knowledge.statements)
    assert [(name, text) for text in said for name, pattern in FORBIDDEN if pattern.search(text)] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SC007", "Treatment prevents progression of the disease"),
        ("SC029", "Gabapentin starts at 300-3600 mg daily"),
        ("SC037", "Adjust every 4-6 weeks"),
        ("SC040", "Pregabalin slows the progression"),
        ("SC054", "Use a tricyclic for three weeks"),
        ("SC062", "more than 30% relief in 60% of patients"),
        ("SC064", "effective in 70-85%"),
        ("SC071", "Lei Gong Teng relieves pain"),
        ("SC081", "Stop immediately"),
        ("SC083", "improves relief by 30-50%"),
    ],
)
def test_the_wording_of_a_wrong_claim_would_be_found(name, said):
    assert any(pattern.search(said) for owner, pattern in FORBIDDEN if owner == name)


def test_a_line_of_information_is_used_by_some_statement(knowledge):
    used = {statement.information for statement in knowledge.statements.values()} - {""}
    assert used == set(SEED.information)


def test_a_card_shows_at_most_one_line_of_information(knowledge, terminology):
    lines = [line.says for line in SEED.information.values()]
    shown = [
        sum(card.detail.count(line) for line in lines)
        for path in knowledge_files()
        for case in read(cases_file(path))
        for card in evaluate_case(case, knowledge, terminology).cards
    ]
    assert max(shown) == 1


GOOD = """
sources: {S: A source}
information:
  review: {says: Agree when it will be reviewed., claims: [SC001]}
claims:
  SC001: {line: 1, claim: It is reviewed, verdict: corroborated, value: It is, sources: [S], information: review}
"""


@pytest.mark.parametrize(
    ("change", "field", "what"),
    [
        ((", information: review}", "}"), "claims.SC001.statements", "points nowhere"),
        (("information: review}", "information: other}"), "claims.SC001.information", "no information other"),
        (("sources: [S]", "sources: [T]"), "claims.SC001.sources", "no source T"),
        (
            ("verdict: corroborated", "verdict: garbled"),
            "information.review.claims",
            "no claim that may be said",
        ),
        (("verdict: corroborated", "verdict: true"), "claims.SC001.verdict", "valid"),
        (("line: 1", "lines: 1"), "claims.SC001.lines", "Unknown"),
        (
            ("information: review}", "not_surfaced: because of this, never_says: ['(']}"),
            "SC001.never_says",
            "no pattern",
        ),
        (
            ("information: review}", "information: review, not_surfaced: because of this}"),
            "SC001.statements",
            "nowhere",
        ),
    ],
)
def test_a_wrong_seed_file_is_refused_with_its_field(tmp_path, change, field, what):
    (tmp_path / "seed.yaml").write_text(GOOD)
    assert read_seed(tmp_path).claims["SC001"].information == "review"
    (tmp_path / "seed.yaml").write_text(GOOD.replace(*change))
    with pytest.raises(KnowledgeFileError, match=r"^seed\.yaml: line \d+: ") as error:
        read_seed(tmp_path)
    assert field in str(error.value)
    assert what in str(error.value)


def test_a_claim_and_a_statement_that_disagree_are_named(knowledge, tmp_path):
    (tmp_path / "seed.yaml").write_text(
        GOOD.replace("information: review}", "statements: [gabapentin-start-dose]}")
    )
    claims = read_seed(tmp_path).claims
    said = list(disagreements(claims, [knowledge.statements["gabapentin-start-dose"]]))
    assert "claims.SC001.statements: gabapentin-start-dose does not list SC001 in its seed_claims" in said
    assert "statement gabapentin-start-dose: no claim SC028" in said
    assert "claims.SC001.statements: no statement gabapentin-start-dose" in list(disagreements(claims, []))
