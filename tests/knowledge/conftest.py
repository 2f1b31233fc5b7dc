from datetime import date

import pytest


@pytest.fixture
def day_of():
    return date.fromisoformat
