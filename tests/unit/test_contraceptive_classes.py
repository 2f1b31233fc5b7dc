"""Which entries of a medication list count as contraception."""

from datetime import UTC, datetime

import pytest

from cards.facts.medications import read_therapy

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def classes_of(name, terminology):
    listed = {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order"}
    listed["medicationCodeableConcept"] = {"text": name}
    orders, _ = read_therapy([listed], {}, terminology, None, NOW, UTC)
    return frozenset().union(*(order.classes for order in orders))


@pytest.mark.parametrize(
    "name",
    [
        "Levonorgestrel 0.000833 MG/HR Intrauterine System [Mirena]",
        "levonorgestrel 52 MG Intrauterine System",
        "Kyleena",
        "Skyla",
        "Paragard",
        "copper IUD",
    ],
)
def test_an_intrauterine_device_is_contraception_that_no_drug_defeats(terminology, name):
    assert "contraceptive-intrauterine" in classes_of(name, terminology)
    assert "contraceptive-hormonal" not in classes_of(name, terminology)


@pytest.mark.parametrize(
    "name",
    [
        "ethinyl estradiol 0.03 MG / levonorgestrel 0.15 MG Oral Tablet",
        "levonorgestrel 0.03 MG Oral Tablet",
        "norethindrone 0.35 MG Oral Tablet",
        "ethinyl estradiol 0.00063 MG/HR / etonogestrel 0.005 MG/HR Vaginal System",
        "etonogestrel 68 MG Drug Implant",
        "Nexplanon",
        "Yaz",
        "Slynd",
        "drospirenone 4 MG Oral Tablet",
        "Xulane",
        "NuvaRing",
        "Natazia",
        "Sprintec",
        "medroxyprogesterone acetate 150 MG/ML Injectable Suspension",
        "Depo-Provera",
    ],
)
def test_pills_patches_rings_implants_and_injections_are_hormonal_contraception(terminology, name):
    assert "contraceptive-hormonal" in classes_of(name, terminology)
    assert "contraceptive-intrauterine" not in classes_of(name, terminology)


@pytest.mark.parametrize(
    "name",
    [
        "levonorgestrel 1.5 MG Oral Tablet",
        "levonorgestrel 0.75 MG Oral Tablet",
        "norethindrone acetate 5 MG Oral Tablet",
        "medroxyprogesterone acetate 10 MG Oral Tablet",
        "estradiol 1 MG / norethindrone acetate 0.5 MG Oral Tablet",
        "168 HR estradiol 0.00188 MG/HR / levonorgestrel 0.000625 MG/HR Transdermal System",
        "ethinyl estradiol 0.0025 MG / norethindrone acetate 0.5 MG Oral Tablet",
        "dienogest 2 MG Oral Tablet",
        "estradiol 1 MG Oral Tablet",
        "levonorgestrel",
    ],
)
def test_emergency_pills_hormone_replacement_and_other_progestins_are_not(terminology, name):
    assert not {"contraceptive-hormonal", "contraceptive-intrauterine"} & classes_of(name, terminology)
