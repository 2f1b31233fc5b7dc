"""The same request gives the same bytes in every process: nothing may depend on the order of a set."""

import json
import os
import subprocess
import sys

import pytest
from hook_requests import bundle, draft_of, plain


def listed(kind, name):
    return {
        "resourceType": kind,
        "id": name,
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": name},
    }


def answered(body, seed):
    command = [sys.executable, "-m", "cds_service", "evaluate", "-", "--as-of", "2026-06-15T12:00:00Z"]
    done = subprocess.run(
        command,
        input=json.dumps(body).encode(),
        capture_output=True,
        env=os.environ | {"PYTHONHASHSEED": seed},
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("seed", ["1", "2"])
def test_two_processes_give_the_same_bytes_for_one_request(seed):
    body = plain(
        medications=bundle(
            listed("MedicationStatement", "spironolactone 100 mg tablet"),
            listed("MedicationRequest", "eplerenone 25 mg tablet"),
            listed("MedicationStatement", "warfarin 5 mg tablet"),
            listed("MedicationRequest", "etodolac 200 mg capsule"),
        )
    )
    draft_of(body)["medicationCodeableConcept"] = {"text": "ketorolac 10 mg tablet"}
    answer = answered(body, seed)
    assert b"also etodolac, also eplerenone)" in answer
    assert answer == answered(body, "3")
