"""What the README shows is what the service answers."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cds_service.app import create_app
from cds_service.commands.example import example
from cds_service.settings import Settings

README = Path(__file__).parents[2] / "README.md"


def test_the_answer_in_the_readme_is_what_the_service_really_answers():
    text = README.read_text(encoding="utf-8")
    name = re.search(r"cds-service example (\S+)", text).group(1)
    path = re.search(r"127\.0\.0\.1:8000(/cds-services/\S+)", text).group(1)
    shown = json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL).group(1))
    client = create_app(Settings()).test_client()
    answer = client.post(path, data=example(name, datetime.now(UTC).date()), content_type="application/json")
    assert answer.status_code == 200
    assert_inside(shown, answer.get_json())


@pytest.mark.parametrize(
    ("shown", "real"), [({"a": 1}, {"a": 2}), ([1], [1, 2]), ({"a": {"b": 1}}, {"a": {}})]
)
def test_the_comparison_itself_notices_a_difference(shown, real):
    with pytest.raises((AssertionError, KeyError)):
        assert_inside(shown, real)


def assert_inside(shown, real):
    """Each member shown stands in the real answer with the same value; lists have the same length."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            assert_inside(value, real[key])
    elif isinstance(shown, list):
        assert len(shown) == len(real)
        for one, other in zip(shown, real, strict=True):
            assert_inside(one, other)
    else:
        assert shown == real
