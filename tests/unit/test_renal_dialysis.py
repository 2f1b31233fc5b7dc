import pytest
from make_fhir import ago, condition, creatinine, patient, renal, weight

from terminology.coding import ICD10CM, SNOMED

HAEMODIALYSIS, RENAL_DIALYSIS = "302497006", "265764009"


def read(terminology, *conditions, **more):
    results = (creatinine(7.2), weight(80))
    return renal(terminology, patient(66, "male"), *results, conditions=conditions, **more)


def snomed(code):
    return {"coding": [{"system": SNOMED, "code": code}]}


def procedure(code=HAEMODIALYSIS, *, status="completed", **more):
    return {"resourceType": "Procedure", "id": "p", "status": status, "code": snomed(code)} | more


def order(**more):
    made = {"resourceType": "ServiceRequest", "status": "active", "intent": "order"}
    return made | {"code": snomed(HAEMODIALYSIS)} | more


def care_plan(**more):
    return {"resourceType": "CarePlan", "status": "active", "intent": "plan"} | more


@pytest.mark.parametrize("code", ["Z99.2", "N18.6", "Z992"])
def test_a_condition_of_dialysis_cancels_cockcroft_gault(terminology, code):
    renal_function = read(terminology, condition(code))
    assert (renal_function.basis, renal_function.crcl, renal_function.issue) == (
        "haemodialysis",
        None,
        "none",
    )
    assert f"Condition/c-{code}" in renal_function.why


def test_end_stage_disease_by_snomed_is_dialysis(terminology):
    assert read(terminology, condition("x", code=snomed("46177005"))).basis == "haemodialysis"


@pytest.mark.parametrize(
    "more",
    [{"clinicalStatus": "resolved"}, {"abatementDateTime": ago(days=1)}, {"verificationStatus": "refuted"}],
)
def test_a_condition_that_has_ended_is_no_dialysis(terminology, more):
    renal_function = read(terminology, condition("Z99.2", **more))
    assert (renal_function.basis, renal_function.crcl is not None) == ("cockcroft-gault", True)


def test_ckd_5_without_dialysis_is_computed(terminology):
    assert f"{read(terminology, condition('N18.5')).crcl:.2f}" == "11.42"


@pytest.mark.parametrize("code", [HAEMODIALYSIS, RENAL_DIALYSIS])
@pytest.mark.parametrize(("days", "basis"), [(30, "haemodialysis"), (31, "cockcroft-gault")])
def test_a_procedure_counts_for_30_days(terminology, code, days, basis):
    assert read(terminology, services=(procedure(code, performedDateTime=ago(days=days)),)).basis == basis


@pytest.mark.parametrize(
    ("service", "basis"),
    [
        (procedure(status="in-progress"), "haemodialysis"),
        (procedure(), "cockcroft-gault"),  # completed, but nobody knows when
        (procedure(status="not-done", performedDateTime=ago(days=1)), "cockcroft-gault"),
        (procedure(status="entered-in-error", performedDateTime=ago(days=1)), "cockcroft-gault"),
        (procedure(performedPeriod={"start": ago(days=40), "end": ago(days=2)}), "haemodialysis"),
        (procedure(occurrenceDateTime=ago(days=2)), "haemodialysis"),
        (procedure(performedDateTime=ago(days=-3)), "cockcroft-gault"),
        (procedure("80146002", performedDateTime=ago(days=2)), "cockcroft-gault"),
        (order(status="active", intent="order"), "haemodialysis"),
        (order(status="completed", intent="order"), "cockcroft-gault"),
        (order(status="active", intent="plan"), "cockcroft-gault"),
        (order(doNotPerform=True), "cockcroft-gault"),
        (care_plan(activity=[{"detail": {"code": snomed(HAEMODIALYSIS)}}]), "haemodialysis"),
        (care_plan(category=[snomed(HAEMODIALYSIS)]), "haemodialysis"),
        (care_plan(category=[snomed(HAEMODIALYSIS)], status="revoked"), "cockcroft-gault"),
    ],
)
def test_orders_plans_and_procedures_count_while_they_are_in_force(terminology, service, basis):
    assert read(terminology, services=(service,)).basis == basis


@pytest.mark.parametrize("member", ["type", "serviceType"])
def test_an_encounter_for_dialysis_is_dialysis(terminology, member):
    encounter = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "in-progress",
        member: [snomed(HAEMODIALYSIS)],
    }
    assert read(terminology, encounter=encounter).basis == "haemodialysis"


@pytest.mark.parametrize("others", [[], ["Z99.2"], ["N18.6", "Z99.2"]])
def test_peritoneal_dialysis_is_never_taken_for_haemodialysis(terminology, others):
    conditions = [condition(code) for code in [*others, "T85.71XA"]]
    renal_function = read(terminology, *conditions)
    assert (renal_function.basis, renal_function.crcl) == ("dialysis-other", None)


def test_a_transplant_cancels_what_is_undated_or_older(terminology):
    graft = condition("Z94.0", onsetDateTime="2024-05-01")
    assert read(terminology, graft, condition("N18.6"), condition("Z99.2")).basis == "cockcroft-gault"
    assert read(terminology, graft, condition("Z99.2", onsetDateTime="2020-05-01")).basis == "cockcroft-gault"
    assert read(terminology, condition("Z94.0"), condition("N18.6")).basis == "cockcroft-gault"


def test_dialysis_that_began_after_the_transplant_stands(terminology):
    graft = condition("Z94.0", onsetDateTime="2024-05-01")
    assert read(terminology, graft, condition("Z99.2", onsetDateTime="2025-05-01")).basis == "haemodialysis"


def test_a_recent_session_stands_against_a_transplant_without_a_date(terminology):
    session = procedure(performedDateTime=ago(days=2))
    assert read(terminology, condition("Z94.0"), services=(session,)).basis == "haemodialysis"
    fresh_graft = condition("Z94.0", onsetDateTime=ago(days=1))
    assert read(terminology, fresh_graft, services=(session,)).basis == "cockcroft-gault"


def test_dialysis_needs_no_creatinine_weight_or_age(terminology):
    renal_function = renal(terminology, patient(None), conditions=[condition("Z99.2")])
    assert (renal_function.basis, renal_function.issue) == ("haemodialysis", "no-creatinine")


def test_the_code_system_counts_for_procedures_too(terminology):
    service = procedure(performedDateTime=ago(days=2))
    service["code"]["coding"][0]["system"] = ICD10CM
    assert read(terminology, services=(service,)).basis == "cockcroft-gault"
