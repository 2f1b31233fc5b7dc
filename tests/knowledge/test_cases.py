"""Every case beside the knowledge files holds."""

import pytest

from cards.knowledge.cases import run_file
from cards.knowledge.loader import HOME, cases_file, knowledge_files


@pytest.mark.parametrize("path", knowledge_files(), ids=lambda path: path.stem)
def test_the_cases_of_a_knowledge_file_hold(path, knowledge, terminology):
    results = list(run_file(cases_file(path), knowledge, terminology, HOME))
    assert results
    failed = [f"{result.name}: {'; '.join(result.problems)}" for result in results if result.problems]
    assert not failed, "\n".join(failed)
