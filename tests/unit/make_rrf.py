"""RxNorm releases in RRF for tests: a small one by hand, and one of any size that follows the same layout.

Concept codes of the small one are real; atoms are made up. 9900001 and 9900002 stand for retired codes.
"""

from pathlib import Path

CONCEPTS = [
    (25480, "IN", "gabapentin"), (11289, "IN", "warfarin"), (723, "IN", "amoxicillin"),
    (7804, "IN", "oxycodone"), (161, "IN", "acetaminophen"), (114194, "PIN", "warfarin sodium"),
    (2598, "IN", "clonazepam"), (8886, "BN", "Neurontin"), (202421, "BN", "Coumadin"),
    (317541, "DF", "Oral Tablet"), (316965, "DF", "Oral Capsule"),
    (345818, "SCDC", "gabapentin 300 MG"), (346145, "SCDC", "gabapentin 600 MG"),
    (855331, "SCDC", "warfarin sodium 5 MG"), (331646, "SCDC", "amoxicillin 500 MG"),
    (1049506, "SCDC", "oxycodone hydrochloride 5 MG"), (315263, "SCDC", "acetaminophen 325 MG"),
    (310431, "SCD", "gabapentin 300 MG Oral Capsule"), (310433, "SCD", "gabapentin 600 MG Oral Tablet"),
    (1806382, "SCD", "Once-Daily gabapentin 600 MG Oral Tablet"),
    (105029, "SBD", "gabapentin 300 MG Oral Capsule [Neurontin]"),
    (855332, "SCD", "warfarin sodium 5 MG Oral Tablet"),
    (855334, "SBD", "warfarin sodium 5 MG Oral Tablet [Coumadin]"),
    (308191, "SCD", "amoxicillin 500 MG Oral Capsule"),
    (1049621, "SCD", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet"),
    (563878, "SBDC", "gabapentin 300 MG [Neurontin]"),
    (2398511, "GPCK", "{9 (Once-Daily gabapentin 300 MG Oral Tablet) / 24 (Once-Daily gabapentin 600 MG Oral"
     " Tablet) } Pack"),
    (1806380, "SCD", "Once-Daily gabapentin 300 MG Oral Tablet"),
]  # fmt: skip
# subject RELA object
RELATIONS = [
    (345818, "has_ingredient", 25480), (346145, "has_ingredient", 25480),
    (855331, "has_precise_ingredient", 114194), (114194, "form_of", 11289),
    (331646, "has_ingredient", 723), (1049506, "has_ingredient", 7804), (315263, "has_ingredient", 161),
    (310431, "consists_of", 345818), (310433, "consists_of", 346145), (1806382, "consists_of", 346145),
    (1806380, "consists_of", 345818), (855332, "consists_of", 855331), (308191, "consists_of", 331646),
    (1049621, "consists_of", 1049506), (1049621, "consists_of", 315263),
    (105029, "tradename_of", 310431), (855334, "tradename_of", 855332), (563878, "tradename_of", 345818),
    (8886, "tradename_of", 25480), (202421, "tradename_of", 11289),
    (310431, "has_dose_form", 316965), (310433, "has_dose_form", 317541), (308191, "has_dose_form", 316965),
    (105029, "has_dose_form", 316965), (855332, "has_dose_form", 317541), (855334, "has_dose_form", 317541),
    (1049621, "has_dose_form", 317541), (1806382, "has_dose_form", 317541),
    (2398511, "contains", 1806380), (2398511, "contains", 1806382),
]  # fmt: skip
NDCS = [("00071080524", 105029), ("00056017270", 855334), ("00093013901", 310433)]


def conso(rxcui, tty, name, *, source="RXNORM", code=None, suppress="N"):
    return (
        f"{rxcui}|ENG||||||{rxcui}1|{rxcui}|{rxcui}||{source}|{tty}|{code or rxcui}|{name}||{suppress}|4096|"
    )


def rel(subject, rela, target):
    """`subject rela target` as the release writes it: the second concept is the subject."""
    return f"{target}||CUI|RO|{subject}||CUI|{rela}|1||RXNORM|||||4096|"


def sat(rxcui, name, value, *, source="RXNORM", suppress="N"):
    return f"{rxcui}|||1|CUI|{rxcui}|1||{name}|{source}|{value}|{suppress}|4096|"


def small_release(folder: Path, **files):
    """Writes the release into `folder`; `files` replaces the rows of a file (None leaves it out)."""
    rows = {
        "RXNCONSO": [
            *(conso(*one) for one in CONCEPTS),
            conso(310431, "PSN", "gabapentin 300 MG Oral Capsule"),
            conso(25480, "IN", "gabapentin", source="ATC", code="N03AX12"),
            conso(197316, "SCD", "gabapentin 250 MG Oral Tablet", suppress="O"),
            conso(310431, "TTY", "a proprietary name", source="FDB"),
        ],
        "RXNREL": [rel(*one) for one in RELATIONS],
        "RXNSAT": [
            *(sat(rxcui, "NDC", code) for code, rxcui in NDCS),
            *(
                sat(rxcui, "RXN_STRENGTH", " ".join(name.split()[-2:]))
                for rxcui, tty, name in CONCEPTS
                if tty == "SCDC"
            ),
            sat(345818, "RXN_BOSS_STRENGTH_NUM_VALUE", "300"),
            sat(345818, "RXN_BOSS_STRENGTH_NUM_UNIT", "MG"),
            sat(345818, "RXN_BOSS_STRENGTH_DENOM_VALUE", "1"),
            sat(345818, "RXN_BOSS_STRENGTH_DENOM_UNIT", "1"),
            sat(310433, "NDC", "00093013999", suppress="O"),
        ],
        "RXNCUICHANGES": ["1|9900001|RXNORM|SCD|gabapentin 300 MG Oral Capsule|9900001|9900002|"],
        "RXNATOMARCHIVE": [
            "2||gabapentin 300 MG Oral Capsule||||9900002||ENG|||S|9900002|RXNORM|SCD|310431|"
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in {**rows, **files}.items():
        if lines is not None:
            content = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
            (folder / f"{name}.RRF").write_bytes(content)
    return folder


def large_release(folder: Path, products: int):
    """A release of `products` made-up products with their components and 11 attributes for each of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "RXNCONSO.RRF").open("w") as stream:
        for place in range(1_000):
            stream.write(conso(1_000_000 + place, "IN", f"drug{place}") + "\n")
        stream.write(conso(500, "DF", "Oral Tablet") + "\n")
        for place in range(products):
            name = f"drug{place % 1_000} {place // 1_000 + 1} MG"
            stream.write(conso(2_000_000 + place, "SCDC", name) + "\n")
            stream.write(conso(5_000_000 + place, "SCD", f"{name} Oral Tablet") + "\n")
            stream.write(conso(5_000_000 + place, "PSN", f"{name} Oral Tablet") + "\n")
    with (folder / "RXNREL.RRF").open("w") as stream:
        for place in range(products):
            component, product = 2_000_000 + place, 5_000_000 + place
            stream.write(rel(component, "has_ingredient", 1_000_000 + place % 1_000) + "\n")
            stream.write(rel(1_000_000 + place % 1_000, "ingredient_of", component) + "\n")
            stream.write(rel(product, "consists_of", component) + "\n")
            stream.write(rel(product, "has_dose_form", 500) + "\n")
    with (folder / "RXNSAT.RRF").open("w") as stream:
        for place in range(products):
            stream.write(sat(2_000_000 + place, "RXN_BOSS_STRENGTH_NUM_VALUE", place // 1_000 + 1) + "\n")
            stream.write(sat(2_000_000 + place, "RXN_BOSS_STRENGTH_NUM_UNIT", "MG") + "\n")
            for package in range(4):
                stream.write(sat(5_000_000 + place, "NDC", f"{place:09}{package:02}") + "\n")
            for other in range(5):
                stream.write(
                    sat(5_000_000 + place, "SPL_SET_ID", f"set-{place}-{other}", source="MTHSPL") + "\n"
                )
    return folder
