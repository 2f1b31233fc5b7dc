"""What comes from outside - releases, servers, documents - is refused or read, never a crash."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from terminology.coding import SNOMED, Coding
from terminology.coverage import concepts
from terminology.fhir_server import FhirTerminology
from terminology.rrf import COLUMNS, RrfError, rrf_rows

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["resourceType", "parameter", "name", "valueString", "valueBoolean", "expansion", "contains", "total",
             "system", "code", "coding", "text", "display", "medicationCodeableConcept"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.integers(100, 599), JSON)
def test_whatever_a_server_answers_no_lookup_raises(status, body):
    source = FhirTerminology("https://tx.example.org", lambda *_: (status, body), lambda: 0.0)
    display = source.display(Coding(SNOMED, "1"))
    assert display is None or display.strip()
    assert source.value_sets(Coding(SNOMED, "1"), {"u": frozenset({"a"})}) <= {"a"}
    assert source.refresh(["u"])["u"] in (True, False)


@given(JSON)
def test_concepts_of_any_document_have_codes_or_a_text(document):
    for concept in concepts(document):
        assert concept.text or all(coding.code for coding in concept.codings)


@given(st.binary(max_size=200), st.sampled_from(["RXNCONSO", "RXNREL", "RXNSAT", "RXNCUICHANGES"]))
def test_any_bytes_are_rows_of_the_right_width_or_are_refused(content, name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.RRF"
        path.write_bytes(content)
        widths: set[int] = set()
        refusals: list[str] = []
        try:
            widths = {len(row) for row in rrf_rows(path, name, lambda *_: None)}
        except RrfError as error:
            refusals.append(str(error))
        assert widths == {len(COLUMNS[name])} or all(name in said for said in refusals)
