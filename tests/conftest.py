import pytest

from cards.knowledge.loader import load_knowledge
from terminology.load import load


@pytest.fixture(scope="session")
def terminology():
    return load()


@pytest.fixture(scope="session")
def knowledge(terminology):
    return load_knowledge(terms=terminology)
