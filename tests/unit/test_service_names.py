"""What texts of orders, procedures and devices name, and what they take back."""

import pytest

from terminology.service_names import named_sets, phrase_index, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TENS unit", "tens"),
        ("tens", "tens"),
        ("Transcutaneous Electrical Nerve Stimulation, home", "tens"),
        ("Spinal cord stimulator trial", "spinal-cord-stimulator-trial"),
        ("Trial of spinal cord stimulator leads", "spinal-cord-stimulator-trial"),
        ("SCS (trial)", "spinal-cord-stimulator-trial"),
        ("Spinal cord stim - trial", "spinal-cord-stimulator-trial"),
        ("Permanent SCS implant", "spinal-cord-stimulator-implant"),
        ("Referral for spinal cord stimulator implant", "spinal-cord-stimulator-implant"),
        (
            "Percutaneous implantation of neurostimulator electrode array, epidural",
            "spinal-cord-stimulator-implant",
        ),
        ("MRI lumbar spine w/o contrast", "mri"),
        ("Without contrast MRI brain", "mri"),
        ("MR lumbar spine", "mri"),
        ("Short-wave diathermy", "diathermy"),
        ("short wave diathermy", "diathermy"),
        ("shortwave diathermy to back", "diathermy"),
        ("PT: therapeutic ultrasound", "therapeutic-ultrasound"),
        ("Lumbar epidural steroid injection", "epidural-steroid-injection"),
        ("Lumbar ESI", "steroid-injection"),
        (
            "Injection(s), anesthetic agent(s) and/or steroid; transforaminal epidural",
            "procedure-bleeding-intermediate",
        ),
        ("L4-5 transforaminal epidural with fluoroscopic guidance", "fluoroscopy"),
        ("Cervical medial branch block", "procedure-bleeding-intermediate"),
        ("Medial branch block C5-C6", "procedure-bleeding-intermediate"),
        ("Facet joint nerve(s), cervical or thoracic", "procedure-bleeding-intermediate"),
        ("Paravertebral facet joint nerve(s), lumbar or sacral", "facet-procedure"),
        ("Injection, anesthetic agent; stellate ganglion", "procedure-bleeding-intermediate"),
        ("Paravertebral sympathetic block, lumbar", "procedure-bleeding-intermediate"),
        ("Celiac plexus neurolysis", "procedure-bleeding-intermediate"),
        ("Decompression of nucleus pulposus, percutaneous", "procedure-bleeding-intermediate"),
        ("Spinal puncture, lumbar, diagnostic", "neuraxial-procedure"),
        ("Arthrocentesis, major joint", "joint-injection"),
        ("Genicular nerve ablation", "procedure-bleeding-low"),
        ("Implantation of neurostimulator electrode array; peripheral nerve", "procedure-bleeding-low"),
        ("Right femoral nerve block", "procedure-bleeding-low"),
        ("Trigger point injections", "trigger-point-injection"),
        ("Acupuncture eval and treat", "acupuncture"),
        ("Electro-acupuncture", "electroacupuncture"),
        ("Remove TENS, start acupuncture", "acupuncture"),
        ("Prior auth TENS unit", "tens"),
        ("TENS for post-herpetic neuralgia", "tens"),
        ("Removal of spinal cord stimulator", "stimulator-removal"),
    ],
)
def test_the_text_of_an_order_names_a_set(terminology, text, expected):
    assert expected in terminology.named_sets(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stimulator check",
        "Remove TENS unit",
        "removal of TENS",
        "Discontinue acupuncture",
        "No MRI",
        "Not for MRI",
        "History of acupuncture",
        "Electronic analysis of implanted neurostimulator pulse generator",
        "Previous acupuncture",
        "h/o TENS",
        "Status post epidural steroid injection",
        "Psychological evaluation for SCS trial",
        "Clearance before spinal cord stimulator implant",
        "TENS declined",
        "TENS (declined)",
        "Acupuncture was cancelled",
        "MRI screening form",
        "MRI conditional pulse generator",
        "Epidural abscess drainage",
        "Mastens ointment",
        "Intense exercise",
        "Colonoscopy",
        "Gastric emptying study",
        "x" * 1_001,
    ],
)
def test_the_text_of_an_order_names_nothing(terminology, text):
    assert terminology.named_sets(text) == frozenset()


def test_a_trial_is_no_stimulator_in_place(terminology):
    assert "spinal-cord-stimulator" not in terminology.named_sets("Spinal cord stimulator trial")
    assert "spinal-cord-stimulator" in terminology.named_sets("Spinal cord stimulator", on_record=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Spinal cord stimulator check", "spinal-cord-stimulator"),
        ("History of pacemaker implantation", "pacemaker"),
        ("s/p permanent pacemaker", "pacemaker"),
        ("Status post SCS implant", "spinal-cord-stimulator-implant"),
        ("Dual chamber ICD", "implanted-defibrillator"),
    ],
)
def test_what_lies_in_the_past_counts_on_record_only(terminology, text, expected):
    assert expected in terminology.named_sets(text, on_record=True)


@pytest.mark.parametrize(
    "text", ["No pacemaker", "Pacemaker removed", "SCS explanted", "Family history of pacemaker"]
)
def test_what_is_denied_or_gone_counts_nowhere(terminology, text):
    assert "electronic-implant" not in terminology.named_sets(text, on_record=True)
    assert "electronic-implant" not in terminology.named_sets(text)


def test_a_phrase_inside_a_longer_one_does_not_count_and_overlapping_ones_do():
    index = phrase_index(
        [
            ("nerve", frozenset({"short"})),
            ("nerve block", frozenset({"long"})),
            ("lumbar nerve", frozenset({"left"})),
        ]
    )
    assert named_sets("nerve block", index) == {"long"}
    assert named_sets("lumbar nerve block", index) == {"left", "long"}
    assert named_sets("nerves", index) == {"short"}


def test_words_are_singular_and_hyphens_separate():
    assert words_of("Short-wave Blocks; TENS s/p ESWL") == (
        "short", "wave", "block", ";", "tens", "status", "post", "eswl",
    )  # fmt: skip
