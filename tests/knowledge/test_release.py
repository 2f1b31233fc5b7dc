"""The knowledge has a release and a changelog of its own."""

import re

import pytest

from cards.knowledge.loader import HOME
from cards.knowledge.release import Release, read_release
from cards.knowledge.strict_yaml import KnowledgeFileError


def test_the_release_heads_the_changelog_with_its_date(knowledge):
    release = read_release(HOME)
    heads = re.findall(
        r"^## (\S+) \((\S+)\)$", (HOME / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert heads[0] == (release.version, str(release.on))
    assert heads == sorted(heads, key=lambda one: [int(part) for part in one[0].split(".")], reverse=True)
    assert knowledge.release == release.version
    assert knowledge.version.startswith(f"{release.version}+")


def test_a_folder_without_a_ruleset_is_no_release(tmp_path):
    assert read_release(tmp_path) == Release()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('release: "2026.13.1"\ndate: "2026-11-25"\n', "line 1: release"),
        ("release: 2026.11\ndate: 2026-11-25\n", "line 1: release"),
        ('release: "2026.11.1"\n', "date"),
        ('release: "2026.11.1"\ndate: 2026-11-31\n', "line 2: date"),
        ('release: "2026.11.1"\ndate: 2026-11-25\nname: x\n', "line 3: name"),
    ],
)
def test_a_wrong_ruleset_names_line_and_field(tmp_path, written, said):
    (tmp_path / "ruleset.yaml").write_text(written)
    with pytest.raises(KnowledgeFileError, match=r"ruleset\.yaml: ") as raised:
        read_release(tmp_path)
    assert said in str(raised.value)
