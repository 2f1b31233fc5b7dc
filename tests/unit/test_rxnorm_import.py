"""A site's own RxNorm release: reading it, refusing what is no whole release, and looking codes up in it."""

import os
import sqlite3
import threading
from decimal import Decimal

import pytest
from make_rrf import conso, large_release, rel, sat, small_release

from terminology.coding import ATC, NDC, RXNORM, Coding
from terminology.csv_tables import TableError
from terminology.load import load
from terminology.rrf import RrfError
from terminology.rxnorm import import_release
from terminology.site_rxnorm import SiteRxNorm


def silent(file, rows, share):
    assert 0 <= share <= 1
    assert rows >= 0
    assert file


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rxnorm")
    target = folder / "site.sqlite"
    return import_release(small_release(folder / "RxNorm_full_10062025" / "rrf"), target, silent), target


@pytest.fixture(scope="module")
def site(imported, terminology):
    return SiteRxNorm(imported[1], terminology.medication_tables)


def rx(code):
    return Coding(RXNORM, str(code))


def one(site, coding):
    found = site.medication(coding)
    assert found is not None
    return found


def test_an_import_says_what_it_kept_and_when_the_release_was(imported):
    result, _ = imported
    assert result.release == "2025-10-06"
    assert result.counts == {
        "ingredients": 6, "products": 11, "obsolete": 1, "brands": 2, "ndc": 3, "replaced": 2,
    }  # fmt: skip


def test_the_release_date_is_read_from_the_version_row_first(tmp_path):
    small_release(tmp_path / "weekly")
    (tmp_path / "weekly" / "RXNSAB.RRF").write_text("C1|C2|RXNORM_20AA_251103F|RXNORM|RxNorm|RXNORM||||\n")
    assert import_release(tmp_path / "weekly", tmp_path / "t", silent).release == "2025-11-03"


def test_the_date_of_a_release_without_any_hint_is_unknown(tmp_path):
    assert import_release(small_release(tmp_path / "a"), tmp_path / "t", silent).release == "unknown"


def test_a_product_has_its_ingredient_strength_form_and_route(site):
    found = one(site, rx(310431))
    (part,) = found.ingredients
    assert (part.name, part.rxcui, part.strength.mg, part.strength.per) == (
        "gabapentin",
        "25480",
        300,
        "unit",
    )
    assert (found.form, found.route, found.release, found.marketed) == (
        "Oral Capsule",
        "oral",
        "immediate",
        True,
    )
    assert found.recognised_by == "product"


def test_a_drug_that_the_embedded_tables_lack_is_known_with_its_strength(site, terminology):
    assert terminology.medication((rx(308191),), ()).medications == ()
    found = one(site, rx(308191))
    assert (found.ingredients[0].name, found.ingredients[0].strength.mg) == ("amoxicillin", 500)
    assert (found.form, found.route) == ("Oral Capsule", "oral")


def test_a_combination_has_each_ingredient_with_its_own_strength(site):
    parts = {part.name: part.strength.mg for part in one(site, rx(1049621)).ingredients}
    assert parts == {"acetaminophen": Decimal(325), "oxycodone": Decimal(5)}


def test_a_brand_has_the_ingredient_of_its_generic(site):
    found = one(site, rx(105029))
    assert (found.brand, found.ingredients[0].name, found.marketed) == ("Neurontin", "gabapentin", False)
    assert one(site, rx(563878)).ingredients[0].name == "gabapentin"


def test_a_precise_ingredient_and_a_brand_name_stand_for_the_ingredient(site):
    for code in (114194, 202421, 11289):
        found = one(site, rx(code))
        assert ([part.name for part in found.ingredients], found.recognised_by) == (
            ["warfarin"],
            "ingredient",
        )
    assert one(site, rx(855332)).ingredients[0].name == "warfarin"


def test_a_pack_is_a_pack_and_once_daily_gabapentin_stays_apart(site):
    pack = one(site, rx(2398511))
    assert (pack.form, pack.release, pack.ingredients[0].strength) == ("Pack", "once-daily", None)
    assert one(site, rx(1806382)).release == "once-daily"
    assert one(site, rx(310433)).release == "immediate"


def test_a_retired_code_leads_to_the_current_one_over_several_steps(site):
    assert one(site, rx(9900001)).rxcui == "310431"
    assert one(site, rx(9900002)).rxcui == "310431"


def test_an_obsolete_product_is_matched_and_never_marketed(site):
    found = one(site, rx(197316))
    assert (found.ingredients[0].name, found.marketed) == ("gabapentin", False)
    assert not site.is_current("197316")
    assert site.is_current("310431")
    assert not site.is_current("42")


@pytest.mark.parametrize(
    "code", ["00071080524", "00071-0805-24", "0071-0805-24", "00071-0805", "00071080599"]
)
def test_an_ndc_is_found_whole_or_by_labeler_and_product(site, code):
    found = one(site, Coding(NDC, code))
    assert (found.recognised_by, found.brand) == ("ndc", "Neurontin")


@pytest.mark.parametrize("code", ["00093999901", "0093", "", "abc", "9" * 50, "00071080524x"])
def test_an_ndc_that_is_not_in_the_release_is_unknown(site, code):
    assert site.medication(Coding(NDC, code)) is None


def test_an_atc_code_of_the_release_gives_its_ingredient(site):
    assert one(site, Coding(ATC, "n03ax12")).ingredients[0].name == "gabapentin"
    assert site.medication(Coding(ATC, "X99XX99")) is None


@pytest.mark.parametrize("code", ["", "0", "abc", "-1", "1e5", "9" * 40, "٣"])
def test_a_code_outside_the_release_is_unknown_and_never_raises(site, code):
    assert site.medication(rx(code)) is None
    assert site.medication(Coding("urn:other", code)) is None


def test_a_cycle_of_retired_codes_ends(tmp_path, terminology):
    changes = ["1|7|RXNORM|SCD|x|9900003|9900004|", "1|7|RXNORM|SCD|x|9900004|9900003|"]
    import_release(small_release(tmp_path / "a", RXNCUICHANGES=changes), tmp_path / "t", silent)
    assert SiteRxNorm(tmp_path / "t", terminology.medication_tables).medication(rx(9900003)) is None


def test_only_rows_of_rxnorm_itself_become_names(imported):
    names = {row[0] for row in sqlite3.connect(imported[1]).execute("SELECT name FROM drug")}
    assert "a proprietary name" not in names


def test_the_optional_files_may_be_missing(tmp_path, terminology):
    small_release(tmp_path / "a", RXNCUICHANGES=None, RXNATOMARCHIVE=None)
    assert import_release(tmp_path / "a", tmp_path / "t", silent).counts["replaced"] == 0
    assert SiteRxNorm(tmp_path / "t", terminology.medication_tables).medication(rx(9900001)) is None


def test_inverse_relations_alone_are_enough(tmp_path, terminology):
    turned = {
        "has_ingredient": "ingredient_of", "consists_of": "constitutes", "tradename_of": "has_tradename",
        "has_dose_form": "dose_form_of", "contains": "contained_in", "form_of": "has_form",
        "has_precise_ingredient": "precise_ingredient_of",
    }  # fmt: skip
    from make_rrf import RELATIONS

    rows = [rel(target, turned[rela], subject) for subject, rela, target in RELATIONS]
    import_release(small_release(tmp_path / "a", RXNREL=rows), tmp_path / "t", silent)
    found = SiteRxNorm(tmp_path / "t", terminology.medication_tables).medication(rx(105029))
    assert [part.name for part in found.ingredients] == ["gabapentin"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"RXNSAT": None}, "RXNSAT.RRF is not in"),
        ({"RXNREL": b""}, "RXNREL.RRF: the file is empty"),
        ({"RXNCONSO": ["<html>", "<body>"]}, "RXNCONSO.RRF line 1, column 1: 18 columns"),
        ({"RXNCONSO": [conso(1, "IN", "a"), "1|ENG|a|b|"]}, "RXNCONSO.RRF line 2, column 5: 18 columns"),
        (
            {"RXNCONSO": ["C0000005|ENG||||||1|1|1||RXNORM|IN|1|a||N||"]},
            "line 1, column 1 (RXCUI): 'C0000005' is no",
        ),
        ({"RXNREL": [rel("A1", "isa", 2)]}, "RXNREL.RRF line 1, column 5 (RXCUI2): 'A1' is no number"),
        (
            {"RXNSAT": sat(1, "NDC", "1").encode()},
            "RXNSAT.RRF line 1, column 14: the line is not ended; the file is cut",
        ),
        ({"RXNSAT": sat(1, "NDC", "1")[:-9].encode()}, "RXNSAT.RRF line 1, column 11: the line is not ended"),
        ({"RXNSAT": b"1|||\xff|"}, "RXNSAT.RRF line 1, column 4: not UTF-8"),
        ({"RXNCONSO": [conso(1, "IN", "a", source="MSH")]}, "no products and ingredients of source RXNORM"),
        (
            {"RXNREL": [rel(1, "has_ingredient", 2)]},
            "active products have no ingredient; the file is incomplete",
        ),
    ],
)
def test_a_release_that_is_cut_off_or_foreign_is_refused_and_the_old_table_stays(tmp_path, files, says):
    target = tmp_path / "site.sqlite"
    target.write_bytes(b"the old table")
    with pytest.raises(RrfError) as refused:
        import_release(small_release(tmp_path / "a", **files), target, silent)
    assert says in str(refused.value)
    assert target.read_bytes() == b"the old table"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "site.sqlite"]


def test_concepts_cut_off_at_a_line_end_are_noticed_by_the_relations(tmp_path):
    from make_rrf import CONCEPTS

    few = [conso(*one) for one in CONCEPTS if one[1] not in ("SCDC", "DF")]
    with pytest.raises(RrfError, match="incomplete"):
        import_release(small_release(tmp_path / "a", RXNCONSO=few), tmp_path / "t", silent)


def _cut(tmp_path, kept, order=int, products=100):
    """A release of which RXNSAT holds only the first `kept` of its 11 rows for each product, in that order."""
    folder = large_release(tmp_path / "a", products)
    path = folder / "RXNSAT.RRF"
    lines = sorted(path.read_text().splitlines(), key=lambda line: order(line.split("|")[0]))
    path.write_text("".join(f"{line}\n" for line in lines[:kept]))
    return folder


def test_attributes_cut_off_at_a_line_end_are_noticed_by_the_strengths(tmp_path):
    # The rows in order are the 200 strengths of the 100 components, then the rows of the products.
    whole = import_release(_cut(tmp_path, 1_100), tmp_path / "t", silent)
    assert whole.counts["products"] == 100
    with pytest.raises(RrfError) as refused:
        import_release(_cut(tmp_path, 150), tmp_path / "t2", silent)
    assert str(refused.value) == (
        "RXNSAT.RRF line 150: the file ends here, and 25 of 100 active components have no strength; it is incomplete"
    )
    assert not (tmp_path / "t2").exists()


@pytest.mark.parametrize("order", [int, str])
def test_a_cut_that_costs_few_strengths_is_noticed_where_the_rows_are_in_order(tmp_path, order):
    with pytest.raises(RrfError, match=r"line 194: .* concept 2000096, and none of 3 active components"):
        import_release(_cut(tmp_path, 194, order), tmp_path / "t", silent)
    # one component without a strength may be so in the release; without an order, nothing follows the last row
    import_release(_cut(tmp_path, 198, order), tmp_path / "t", silent)
    import_release(_cut(tmp_path, 194, lambda rxcui: (rxcui[0], rxcui[::-1])), tmp_path / "t", silent)


def test_a_release_without_strengths_for_a_tenth_of_the_components_is_accepted_and_no_more(tmp_path):
    def without(count):
        folder = large_release(tmp_path / "a", 100)
        lines = (folder / "RXNSAT.RRF").read_text().splitlines()
        bare = {str(2_000_000 + place) for place in range(count)}
        kept = [line for line in lines if line.split("|")[0] not in bare]
        (folder / "RXNSAT.RRF").write_text("".join(f"{line}\n" for line in kept))
        return folder

    import_release(without(10), tmp_path / "t", silent)
    with pytest.raises(RrfError, match="11 of 100 active components have no strength"):
        import_release(without(11), tmp_path / "t", silent)


def test_progress_is_told_for_each_file_up_to_its_end(tmp_path):
    told = []
    import_release(small_release(tmp_path / "a"), tmp_path / "t", lambda *one: told.append(one))
    assert [file for file, _, share in told if share == 1] == [
        "RXNCONSO.RRF", "RXNREL.RRF", "RXNSAT.RRF", "RXNCUICHANGES.RRF", "RXNATOMARCHIVE.RRF",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to look like one" * 50])
def test_a_file_that_is_no_table_stops_the_start(tmp_path, content):
    path = tmp_path / "site.sqlite"
    path.write_bytes(content)
    with pytest.raises(TableError, match="import-rxnorm"):
        load(site_table=path)


def test_a_table_of_another_version_stops_the_start(imported, tmp_path):
    other = tmp_path / "other.sqlite"
    other.write_bytes(imported[1].read_bytes())
    base = sqlite3.connect(other)
    base.execute("UPDATE meta SET value = '0' WHERE key = 'format'")
    base.commit()
    base.close()
    with pytest.raises(TableError, match="another version"):
        load(site_table=other)


def test_the_site_table_comes_first_and_the_embedded_tables_fill_in(imported):
    terms = load(site_table=imported[1])
    assert terms.version.endswith("+rxnorm-2025-10-06")
    (amoxicillin,) = terms.medication((rx(308191),), ()).medications
    assert amoxicillin.ingredients[0].name == "amoxicillin"
    (pregabalin,) = terms.medication((rx(483440),), ()).medications
    assert pregabalin.ingredients[0].name == "pregabalin"
    both = terms.medication((rx(308191),), ("gabapentin 300 MG Oral Capsule",))
    assert [one.ingredients[0].name for one in both.medications] == ["amoxicillin", "gabapentin"]
    assert "different drugs" in both.why


def test_products_that_the_site_release_lacks_are_not_suggested(imported, terminology):
    terms = load(site_table=imported[1])
    offered = {one.rxcui for one in terms.marketed("gabapentin", "immediate")}
    assert "310431" in offered
    assert "310432" not in offered
    assert "310432" in {one.rxcui for one in terminology.marketed("gabapentin", "immediate")}


def test_threads_look_up_at_the_same_time_each_over_its_own_connection(site):
    found, failed = [], []

    def work():
        try:
            found.extend(site.medication(rx(310431)).rxcui for _ in range(50))
        except Exception as error:  # any error fails the test below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert found == ["310431"] * 400


def test_a_forked_process_opens_its_own_connection(site):
    assert site.medication(rx(310431)) is not None
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, site.medication(rx(310433)).rxcui.encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    assert os.read(read, 20) == b"310433"
    os.close(read)


def test_a_table_that_is_damaged_while_running_knows_nothing_and_does_not_raise(
    imported, tmp_path, terminology
):
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(imported[1].read_bytes())
    site = SiteRxNorm(damaged, terminology.medication_tables)
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    assert site.medication(rx(310431)) is None
    assert not site.is_current("310431")
