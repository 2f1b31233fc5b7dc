import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.wording import escape
from cds_service.sandbox.markdown import as_html


@pytest.mark.parametrize(
    ("detail", "html"),
    [
        ("One\ntwo", "<p>One two</p>"),
        (
            "- a\n- b\n\n**Basis**\n\n- c",
            "<ul><li>a</li><li>b</li></ul><p><strong>Basis</strong></p><ul><li>c</li></ul>",
        ),
        ("Reason\n- advice", "<p>Reason</p><ul><li>advice</li></ul>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("a [link](javascript:x)", "<p>a [link](javascript:x)</p>"),
        ("**a \\* b**", "<p><strong>a * b</strong></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
    ],
)
def test_the_markdown_of_cards_becomes_html(detail, html):
    assert as_html(detail) == f'<div class="detail">{html}</div>'


@given(st.text(max_size=80))
def test_what_was_escaped_for_a_card_is_shown_as_it_was(text):
    shown = " ".join(text.replace("`", "'").split())
    made = as_html(f"With {escape(text)}")
    inner = str(made).removeprefix('<div class="detail">').removesuffix("</div>")
    assert inner.count("<") == 2  # <p> and </p>
    if "\x00" not in text and shown and "&" not in shown and "\\" not in shown:
        from html import unescape

        assert unescape(inner).startswith(f"<p>With {shown}")


@given(st.text(max_size=200))
def test_no_text_makes_a_tag_of_its_own(text):
    import re

    tags = set(re.findall(r"<[^>]*>", as_html(text)))
    allowed = {
        '<div class="detail">',
        "</div>",
        "<p>",
        "</p>",
        "<ul>",
        "</ul>",
        "<li>",
        "</li>",
        "<strong>",
        "</strong>",
    }
    assert tags <= allowed
