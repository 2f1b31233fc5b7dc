"""The drugs of neuropathic-pain treatment and of what interacts with them, by text and by class."""

from decimal import Decimal

import pytest

from terminology.coding import ATC, SNOMED, UNII, Coding
from terminology.load import load


@pytest.fixture(scope="module")
def read(terminology):
    def one(text):
        (found,) = terminology.medication((), (text,)).medications
        return found

    return one


def names(medication):
    return {part.name for part in medication.ingredients}


@pytest.mark.parametrize(
    ("text", "name", "mg", "release"),
    [
        ("DULoxetine 60 mg DR capsule", "duloxetine", 60, "immediate"),
        ("Cymbalta 30 mg", "duloxetine", 30, "immediate"),
        ("venlafaxine XR 75 mg", "venlafaxine", 75, "extended"),
        ("venlafaxine HCl ER 37.5 mg tablet", "venlafaxine", "37.5", "extended"),
        ("venlafaxine 37.5 mg tablet", "venlafaxine", "37.5", "immediate"),
        ("Effexor XR 150 mg cap", "venlafaxine", 150, "extended"),
        ("carBAMazepine ER 200 mg", "carbamazepine", 200, "extended"),
        ("carbamazepine 200 mg tab", "carbamazepine", 200, "immediate"),
        ("OXcarbazepine 300 mg tablet", "oxcarbazepine", 300, "immediate"),
        ("lamoTRIgine 25 mg", "lamotrigine", 25, "immediate"),
        ("topiramate sprinkle 25 mg capsule", "topiramate", 25, "immediate"),
        ("traMADol 50 mg tablet", "tramadol", 50, "immediate"),
        ("tramadol HCl ER 100 mg tablet", "tramadol", 100, "extended"),
        ("Nucynta ER 50mg", "tapentadol", 50, "extended"),
        ("amitriptyline 10 mg", "amitriptyline", 10, "immediate"),
        ("Eliquis 5 mg", "apixaban", 5, "immediate"),
        ("warfarin (COUMADIN) 5 mg tablet", "warfarin", 5, "immediate"),
        ("rifampicin 300 mg", "rifampin", 300, "immediate"),
        ("St. John’s Wort 300 mg capsule", "st. john's wort extract", 300, "immediate"),
        ("ガバペンチン錠２００ｍｇ", "gabapentin", 200, "immediate"),
    ],
)  # fmt: skip
def test_texts_of_the_mission_give_drug_strength_and_release(read, text, name, mg, release):
    found = read(text)
    (part,) = found.ingredients
    assert (part.name, part.strength.mg, found.release) == (name, Decimal(str(mg)), release)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lei Gong Teng", "tripterygium wilfordii"),
        ("Tripterygium wilfordii extract", "tripterygium wilfordii"),
        ("thunder god vine", "tripterygium wilfordii"),
        ("雷公藤多苷片10mg", "tripterygium wilfordii"),
        ("Tianma", "gastrodia elata"),
        ("Gastrodia elata rhizome", "gastrodia elata"),
        ("天麻胶囊", "gastrodia elata"),
        ("danshen", "salvia miltiorrhiza root extract"),
        ("复方丹参滴丸", "salvia miltiorrhiza root extract"),
        ("Ginkgo biloba 120 mg", "ginkgo biloba leaf extract"),
        ("St John's wort", "st. john's wort extract"),
        ("Hypericum perforatum", "st. john's wort extract"),
        ("dong quai", "dong quai"),
        ("Angelica sinensis", "dong quai"),
        ("CBD oil", "cannabidiol"),
    ],
)
def test_herbs_are_known_by_common_latin_and_chinese_names(read, text, name):
    assert names(read(text)) == {name}


@pytest.mark.parametrize(
    ("text", "route", "per"),
    [
        ("diclofenac 1 % gel", "topical", "g"),
        ("diclofenac sodium 75 mg DR tablet", "oral", "unit"),
        ("diclofenac sodium 0.1 % ophthalmic solution", "ophthalmic", "mL"),
        ("ketorolac 0.5 % eye drops", "ophthalmic", "mL"),
        ("ketorolac 30 mg/mL injection", "injection", "mL"),
        ("lidocaine 5% patch", "topical", "g"),
        ("Lidoderm", "topical", None),
        ("Qutenza", "topical", None),
        ("Acular", "ophthalmic", None),
        ("capsaicin 0.075 % cream", "topical", "g"),
        ("doxepin 5 % cream", "topical", "g"),
        ("doxepin 25 mg capsule", "oral", "unit"),
        ("betamethasone 0.05 % cream", "topical", "g"),
        ("prednisone 5 mg tablet", "oral", "unit"),
        ("buprenorphine 10 mcg/hr patch", "transdermal", "h"),
    ],
)
def test_topical_ophthalmic_and_systemic_products_are_told_apart(read, text, route, per):
    found = read(text)
    strength = found.ingredients[0].strength
    assert (found.route, strength.per if strength else None) == (route, per)


@pytest.mark.parametrize(
    ("text", "mg_per_g"), [("capsaicin 8 % patch", 80), ("capsaicin 0.025 % patch", Decimal("0.25"))]
)
def test_a_percentage_tells_the_capsaicin_system_from_a_shop_patch(read, text, mg_per_g):
    assert read(text).ingredients[0].strength.mg == mg_per_g


def test_the_amount_of_a_patch_says_more_than_its_percentage(read):
    strength = read("lidocaine 5 % topical patch 700 mg").ingredients[0].strength
    assert (strength.mg, strength.per) == (700, "unit")


@pytest.mark.parametrize("mg", [81, 100, 325, 500, 650])
def test_the_strength_of_aspirin_is_kept_for_whoever_decides(read, mg):
    assert read(f"aspirin {mg} mg tablet").ingredients[0].strength.mg == mg


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("acetaminophen-tramadol 325-37.5 mg", {"acetaminophen": "325", "tramadol": "37.5"}),
        ("amitriptyline-perphenazine 25-2 mg", {"amitriptyline": "25", "perphenazine": "2"}),
        ("aspirin/dipyridamole 25-200 mg", {"aspirin": "25", "dipyridamole": "200"}),
        ("lisinopril-hydrochlorothiazide 10-12.5 mg", {"lisinopril": "10", "hydrochlorothiazide": "12.5"}),
        ("omeprazole-sodium bicarbonate 40-1,100 mg", {"omeprazole": "40", "sodium bicarbonate": "1100"}),
        ("lidocaine-prilocaine 2.5-2.5 % cream", {"lidocaine": "25", "prilocaine": "25"}),
    ],
)
def test_each_part_of_a_combination_has_its_own_strength(read, text, parts):
    assert {part.name: str(part.strength.mg) for part in read(text).ingredients} == parts


@pytest.mark.parametrize(
    ("brand", "parts"),
    [
        ("Ultracet", {"tramadol", "acetaminophen"}), ("Aggrenox", {"aspirin", "dipyridamole"}),
        ("EMLA", {"lidocaine", "prilocaine"}), ("Symbyax", {"fluoxetine", "olanzapine"}),
        ("Contrave", {"bupropion", "naltrexone"}), ("Vimovo", {"naproxen", "esomeprazole"}),
    ],
)  # fmt: skip
def test_a_brand_of_a_combination_names_all_its_parts(read, brand, parts):
    assert names(read(brand)) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("valproic acid", "divalproex sodium"), ("valproate sodium", "Depakote"), ("paracetamol", "acetaminophen"),
        ("lignocaine", "lidocaine"), ("dosulepin", "dothiepin"), ("ciclosporin", "cyclosporine"),
    ],
)  # fmt: skip
def test_salts_and_international_names_are_one_drug(read, one, other):
    assert names(read(one)) == names(read(other))


@pytest.mark.parametrize(
    ("prodrug", "drug"),
    [
        ("gabapentin enacarbil", "gabapentin"), ("fosphenytoin", "phenytoin"),
        ("desvenlafaxine", "venlafaxine"), ("eslicarbazepine", "oxcarbazepine"), ("esomeprazole", "omeprazole"),
    ],
)  # fmt: skip
def test_a_prodrug_or_isomer_is_a_drug_of_its_own(read, prodrug, drug):
    assert names(read(prodrug)) != names(read(drug))


@pytest.mark.parametrize(
    "text",
    ["gabapentn 300 mg", "cymblta 60 mg", "warfrin", "tramadal 50 mg", "pregablin", "duloxetene"],
)
def test_a_near_miss_is_listed_and_never_decides(terminology, text):
    found = terminology.medication((), (text,))
    assert found.medications == ()
    assert len(found.near) in (1, 2, 3)


@pytest.mark.parametrize("text", ["nasal spray 50 mcg", "potassium chloride extended release", "tablet", ""])
def test_ordinary_words_resemble_no_drug(terminology, text):
    assert terminology.medication((), (text,)).near == ()


def test_a_text_with_two_unrelated_drugs_is_unknown_and_says_so(terminology):
    found = terminology.medication((), ("switch gabapentin to pregabalin",))
    assert found.medications == ()
    assert "several drugs" in found.why


@pytest.mark.parametrize(
    ("ingredient", "classes"),
    [
        ("duloxetine", {"snri", "serotonergic", "cyp2d6-inhibitor", "antidepressant"}),
        ("sertraline", {"ssri", "serotonergic", "sodium-lowering"}),
        ("nortriptyline", {"tca", "serotonergic", "anticholinergic"}),
        ("clomipramine", {"tca"}),
        ("phenelzine", {"maoi", "maoi-irreversible", "serotonergic"}),
        ("linezolid", {"maoi", "maoi-reversible"}),
        ("methylene blue", {"maoi"}),
        ("sumatriptan", {"triptan", "serotonergic"}),
        ("tramadol", {"opioid", "serotonergic", "seizure-threshold-lowering"}),
        ("warfarin", {"vitamin-k-antagonist", "oral-anticoagulant", "anticoagulant", "antithrombotic"}),
        ("phenprocoumon", {"vitamin-k-antagonist"}),
        ("apixaban", {"doac", "factor-xa-inhibitor", "anticoagulant"}),
        ("dabigatran etexilate", {"doac", "anticoagulant"}),
        ("enoxaparin", {"low-molecular-weight-heparin", "heparin", "parenteral-anticoagulant"}),
        ("heparin", {"heparin", "anticoagulant"}),
        ("clopidogrel", {"p2y12-inhibitor", "antiplatelet", "antithrombotic"}),
        ("aspirin", {"antiplatelet", "salicylate"}),
        ("celecoxib", {"nsaid", "cox-2-inhibitor"}),
        ("carbamazepine", {"enzyme-inducer", "enzyme-inducer-strong", "sodium-lowering", "antiseizure"}),
        ("st. john's wort extract", {"enzyme-inducer-strong", "serotonergic"}),
        ("topiramate", {"carbonic-anhydrase-inhibitor", "enzyme-inducer", "antiseizure"}),
        ("fluoxetine", {"cyp2d6-inhibitor-strong", "cyp2c19-inhibitor", "ssri"}),
        ("fluvoxamine", {"cyp1a2-inhibitor"}),
        ("omeprazole", {"ppi", "gastroprotection"}),
        ("misoprostol", {"gastroprotection"}),
        ("prednisone", {"corticosteroid"}),
        ("hydrochlorothiazide", {"thiazide", "antihypertensive", "sodium-lowering"}),
        ("methadone", {"qt-prolonging", "opioid"}),
        ("amiodarone", {"qt-prolonging", "antiarrhythmic-class-iii"}),
        ("mexiletine", {"antiarrhythmic-class-i"}),
        ("cannabidiol", {"cannabinoid", "cyp2c19-inhibitor"}),
        ("onabotulinumtoxina", {"botulinum-toxin"}),
        ("gentamicin", {"aminoglycoside", "nephrotoxin"}),
        ("ginkgo biloba leaf extract", {"herbal-bleeding-risk"}),
        ("tripterygium wilfordii", {"herbal-neuropathic"}),
        ("aluminum hydroxide", {"antacid"}),
    ],
)  # fmt: skip
def test_a_drug_is_in_its_classes(terminology, ingredient, classes):
    assert classes <= terminology.classes(ingredient)


@pytest.mark.parametrize(
    ("ingredient", "not_in"),
    [
        ("aspirin", "nsaid"), ("aspirin", "anticoagulant"), ("clopidogrel", "anticoagulant"),
        ("warfarin", "doac"), ("warfarin", "antiplatelet"), ("gabapentin", "enzyme-inducer"),
        ("oxcarbazepine", "enzyme-inducer-strong"), ("lamotrigine", "enzyme-inducer"),
        ("misoprostol", "ppi"), ("famotidine", "ppi"), ("furosemide", "thiazide"), ("amitriptyline", "ssri"),
        ("venlafaxine", "ssri"), ("duloxetine", "cyp2d6-inhibitor-strong"), ("acetaminophen", "nsaid"),
        ("amitriptyline", "qt-prolonging"), ("bupropion", "serotonergic"), ("pregabalin", "opioid"),
        ("moclobemide", "maoi-irreversible"), ("tramadol", "maoi"), ("methyl salicylate", "nsaid"),
    ],
)  # fmt: skip
def test_a_drug_is_not_in_the_neighbouring_class(terminology, ingredient, not_in):
    assert ingredient in terminology.medication_tables.ingredients
    assert not_in not in terminology.classes(ingredient)


@pytest.mark.parametrize(
    ("code", "name", "route"),
    [
        ("M02AA15", "diclofenac", "topical"), ("M01AB05", "diclofenac", None), ("M02AA10", "ketoprofen", "topical"),
        ("N01BX04", "capsaicin", "topical"), ("B01AC05", "ticlopidine", None), ("N06AX28", "levomilnacipran", None),
        ("N02BF03", "mirogabalin", None), ("b01aa12 ", "fluindione", None),
    ],
)  # fmt: skip
def test_an_atc_code_gives_the_drug_and_where_it_says_so_the_route(terminology, code, name, route):
    (found,) = terminology.medication((Coding(ATC, code),), ()).medications
    assert (found.ingredients[0].name, found.route) == (name, route)


def test_an_atc_code_of_a_combination_gives_all_its_parts(terminology):
    (found,) = terminology.medication((Coding(ATC, "N02AJ13"),), ()).medications
    assert names(found) == {"tramadol", "acetaminophen"}


def test_unii_of_herbs_are_known(terminology):
    (found,) = terminology.medication((Coding(UNII, "06Q6W5UGMZ"),), ()).medications
    assert names(found) == {"tripterygium wilfordii"}


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "39111711000001108"),
        ("urn:oid:1.2.392.100495.20.1.74", "1179042F1020"),
        ("http://pzn", "01234567"),
    ],
)
def test_national_codes_stay_unknown_until_their_text_names_the_drug(terminology, system, code):
    assert terminology.medication((Coding(system, code),), ()).medications == ()
    (found,) = terminology.medication((Coding(system, code, "Gabapentin 300mg capsules"),), ()).medications
    assert (found.recognised_by, names(found)) == ("text", {"gabapentin"})


@pytest.mark.parametrize(
    ("codings", "texts", "route"),
    [
        ([Coding(SNOMED, "26643006", "Oral route")], [], "oral"),
        ([Coding(SNOMED, "34206005", "Oral")], [], "injection"),
        ([Coding("urn:local", "7", "Topical")], [], "topical"),
        ([], ["PO"], "oral"),
        ([], ["by mouth"], "oral"),
        ([], ["transdermal"], "transdermal"),
        ([Coding(SNOMED, "26643006"), Coding(SNOMED, "6064005")], [], None),
        ([], ["oral", "topical"], None),
        ([], ["somewhere"], None),
        ([], [""], None),
        ([], ["x" * 5000], None),
    ],
)
def test_the_route_of_an_order_is_read_from_code_or_word(terminology, codings, texts, route):
    assert terminology.route(codings, texts) == route


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TENS unit for left thigh", "tens"),
        ("Transcutaneous Electrical Nerve Stimulation", "tens"),
        ("Acupuncture (ServiceRequest)", "acupuncture"),
        ("MRI lumbar spine", "mri"),
        ("short-wave diathermy to back", "diathermy"),
        ("HLA-B*15:02 genotype", "hla-b-1502"),
        ("HLA-B 1502", "hla-b-1502"),
        ("Spinal cord stimulator, rechargeable", "spinal-cord-stimulator"),
    ],
)
def test_orders_devices_and_measurements_without_a_code_are_named_by_text(terminology, text, expected):
    assert expected in terminology.named_sets(text)


@pytest.mark.parametrize(
    "text", ["", "intense exercise", "Mrs. Miller", "HLA-B*57:01", "contents", "x" * 5000]
)
def test_a_text_that_only_contains_the_letters_names_nothing(terminology, text):
    assert terminology.named_sets(text) == frozenset()


def test_a_site_adds_codes_to_a_set_and_sets_of_its_own(tmp_path):
    (tmp_path / "atrial-fibrillation.yaml").write_text(
        "id: atrial-fibrillation\ntitle: T\nsource: our hospital\nsnomed: ['49436004']\n"
    )
    (tmp_path / "our-clinic.yaml").write_text("id: our-clinic\ntitle: T\nsource: us\nsnomed: ['99900100']\n")
    terms = load(site_sets=tmp_path)
    assert "atrial-fibrillation" in terms.value_sets(Coding(SNOMED, "49436004"))
    assert terms.value_sets(Coding(SNOMED, "99900100")) == {"our-clinic"}
    assert terms.version != load().version
