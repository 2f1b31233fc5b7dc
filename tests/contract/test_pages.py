from dataclasses import replace

import pytest

from cds_service.app import create_app


def test_the_index_lists_every_statement(client, engine):
    page = client.get("/knowledge")
    assert page.status_code == 200
    for name in engine.knowledge.statements:
        assert f'/knowledge/{name}"' in page.text


def test_every_statement_has_a_page_with_its_sources_and_review_state(client, engine):
    for name, statement in engine.knowledge.statements.items():
        page = client.get(f"/knowledge/{name}")
        assert page.status_code == 200
        assert "no clinician has approved this statement yet" in page.text
        for source in statement.sources:
            assert source.url.replace("&", "&amp;") in page.text


def test_a_renal_table_is_shown_with_both_edges_of_each_band(client):
    text = client.get("/knowledge/gabapentin-renal-dose").text
    assert "&gt; 15" in text
    assert "≤ 30" in text
    assert ">700<" in text


def test_an_unknown_statement_is_not_found(client):
    assert client.get("/knowledge/none").status_code == 404


def test_text_of_the_knowledge_is_escaped(settings, engine):
    name, statement = next(iter(engine.knowledge.statements.items()))
    odd = replace(statement, title="<script>alert(1)</script>")
    changed = replace(engine, knowledge=replace(engine.knowledge, statements={name: odd}))
    client = create_app(settings, changed).test_client()
    for path in ("/knowledge", f"/knowledge/{name}"):
        text = client.get(path).text
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_a_source_that_is_no_web_address_is_no_link(settings, engine):
    name, statement = next(iter(engine.knowledge.statements.items()))
    source = replace(statement.sources[0], url="javascript:alert(1)")
    changed = replace(engine.knowledge, statements={name: replace(statement, sources=(source,))})
    client = create_app(settings, replace(engine, knowledge=changed)).test_client()
    assert 'href="javascript:' not in client.get(f"/knowledge/{name}").text


@pytest.mark.parametrize("path", ["/knowledge", "/knowledge/gabapentin-renal-dose"])
def test_pages_need_nothing_but_their_own_style_sheet(client, path):
    text = client.get(path).text
    assert "<script" not in text
    assert "style=" not in text
    assert 'href="/static/knowledge.css"' in text
    with client.get("/static/knowledge.css") as style:
        assert style.status_code == 200
