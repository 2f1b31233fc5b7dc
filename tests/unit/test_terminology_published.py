"""Value sets and code maps as FHIR R4B."""

import json

import pytest
from fhir.resources.R4B.codesystem import CodeSystem
from fhir.resources.R4B.conceptmap import ConceptMap
from fhir.resources.R4B.valueset import ValueSet

from terminology.coding import ATC, ICD10CM, LOINC, RXNORM
from terminology.published import INGREDIENT_SYSTEM, export, resources, value_set_url

MODELS = {"ValueSet": ValueSet, "ConceptMap": ConceptMap, "CodeSystem": CodeSystem}


@pytest.fixture(scope="module")
def published(terminology):
    return {(one["resourceType"], one["id"]): one for one in resources(terminology)}


def test_every_resource_is_valid_r4b(published):
    assert len(published) > 200
    for (kind, _), one in published.items():
        assert MODELS[kind].model_validate(one).id == one["id"]


def test_a_resource_that_is_not_valid_would_be_noticed(published):
    wrong = {**published["ValueSet", "copd"], "compose": {"include": [{"concept": [{"display": "no code"}]}]}}
    with pytest.raises(ValueError, match="code"):
        ValueSet.model_validate(wrong)


def test_every_set_is_published_once_under_its_url(published, terminology):
    ids = {name for kind, name in published if kind == "ValueSet"}
    assert ids == set(terminology.sets.sets)
    urls = [one["url"] for one in published.values()]
    assert len(urls) == len(set(urls))


def test_families_become_is_a_filters_with_the_dot(published):
    includes = published["ValueSet", "diabetic-neuropathy"]["compose"]["include"]
    filters = [one["filter"] for one in includes if one.get("system") == ICD10CM]
    assert [{"property": "concept", "op": "is-a", "value": "E11.4"}] in filters


def test_codes_ingredients_and_included_sets_are_listed(published):
    creatinine = published["ValueSet", "creatinine"]["compose"]["include"]
    assert {"code": "2160-0"} in next(one["concept"] for one in creatinine if one.get("system") == LOINC)
    snri = published["ValueSet", "snri"]["compose"]["include"]
    assert {"code": "duloxetine", "display": "duloxetine"} in snri[0]["concept"]
    doac = published["ValueSet", "doac"]["compose"]["include"]
    assert {"valueSet": [value_set_url("factor-xa-inhibitor")]} in doac


def test_every_ingredient_of_a_set_is_in_the_code_system(published):
    known = {one["code"] for one in published["CodeSystem", "ingredient"]["concept"]}
    used = {
        concept["code"]
        for (kind, _), one in published.items()
        if kind == "ValueSet"
        for include in one.get("compose", {}).get("include", ())
        if include.get("system") == INGREDIENT_SYSTEM
        for concept in include["concept"]
    }
    assert used
    assert used <= known


def test_maps_lead_from_codes_to_ingredients(published):
    (group,) = published["ConceptMap", "atc-to-ingredient"]["group"]
    assert (group["source"], group["target"]) == (ATC, INGREDIENT_SYSTEM)
    by_code = {one["code"]: one["target"] for one in group["element"]}
    assert by_code["N02BF01"] == [
        {"code": "gabapentin", "display": "gabapentin", "equivalence": "equivalent"}
    ]
    assert {one["equivalence"] for one in by_code["N02AJ13"]} == {"relatedto"}
    (rxnorm,) = published["ConceptMap", "rxnorm-to-ingredient"]["group"]
    assert rxnorm["source"] == RXNORM


def test_export_writes_one_file_for_each(terminology, tmp_path, published):
    counts = export(terminology, tmp_path / "new" / "folder")
    files = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert sum(counts.values()) == len(files) == len(published)
    assert json.loads((tmp_path / "new" / "folder" / "ValueSet-copd.json").read_text())["id"] == "copd"
