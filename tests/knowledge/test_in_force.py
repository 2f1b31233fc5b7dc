"""Switch-offs end on their day, approvals lapse with the content, topics and protected statements."""

from datetime import timedelta

import pytest
from site_overlay import CHANGE, OFF, approval, write_knowledge, write_overlay

from cards.knowledge.loader import load_knowledge
from cards.knowledge.overlay import later_by_months
from cards.knowledge.policy_file import SHIPPED
from cards.knowledge.strict_yaml import KnowledgeFileError

RENAL, USUAL, MONITORING = "mexiletine-renal-dose", "mexiletine-usual-maximum", "mexiletine-monitoring"
KEY = ("mexiletine", "immediate")
TOPIC_OFF = "topics_off: [{topic: monitoring, owner: Drug committee, reason: the laboratory does it}]\n"


@pytest.fixture
def home(tmp_path):
    return write_knowledge(tmp_path / "home")


@pytest.fixture
def site(tmp_path, home):
    (tmp_path / "site").mkdir()

    def made(*, require_approval=False, **files):
        folder = write_overlay(tmp_path / "site", **files)
        return load_knowledge(home, overlay=folder, require_approval=require_approval)

    return made


def ids(statements):
    return {one.id for one in statements}


def approvals(*entries):
    return "approvals:\n" + "".join(entries)


def test_a_switch_off_applies_through_its_last_day_and_no_longer(site, day_of):
    knowledge, last = site(overlay=OFF), day_of("2026-06-30")
    for day, silent in ((last - timedelta(days=400), True), (last, True), (last + timedelta(days=1), False)):
        on_day = knowledge.on(day)
        assert (USUAL not in ids(on_day.about(KEY, frozenset()))) == silent
        assert (USUAL in on_day.dormant) == silent
        assert RENAL in ids(on_day.about(KEY, frozenset()))


def test_an_expired_switch_off_is_reported_and_a_running_one_is_not(site, day_of):
    knowledge = site(overlay=OFF)
    assert knowledge.notices(day_of("2026-06-30")) == ()
    (notice,) = knowledge.notices(day_of("2026-07-01"))
    assert (notice.kind, notice.statement) == ("switch-off-expired", USUAL)


def test_without_a_day_no_switch_off_applies(site):
    assert USUAL in ids(site(overlay=OFF).about(KEY, frozenset()))


def test_two_switch_offs_end_on_their_own_days(site, day_of):
    second = OFF.partition("\n")[2].replace(USUAL, MONITORING).replace("2026-06-30", "2026-12-31")
    knowledge = site(overlay=OFF + second)
    assert knowledge.on(day_of("2026-06-30")).dormant.keys() == {USUAL, MONITORING}
    assert knowledge.on(day_of("2026-07-01")).dormant.keys() == {MONITORING}
    assert knowledge.on(day_of("2027-01-01")).dormant.keys() == set()


def test_what_is_switched_off_says_who_why_and_until_when(site, day_of):
    on_day = site(overlay=OFF).on(day_of("2026-06-15"))
    assert "until 2026-06-30 (Drug committee: the pharmacy checks it)" in on_day.dormant[USUAL]
    assert on_day.reason(USUAL) == "switched-off"
    assert ids(on_day.dormant_about(KEY, frozenset())) == {USUAL}
    assert on_day.dormant_about(("gabapentin", "immediate"), frozenset()) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    expires: 2026-06-30\n", "", "expires"),
        ("2026-06-30", "2026-06-31", "needs a day"),
        ("2026-06-30", "soon", "needs a day"),
        ("    owner: Drug committee\n", "", "owner"),
        ("    reason: the pharmacy checks it\n", "", "reason"),
        (USUAL, "mexiletine-maximum", "there is no statement mexiletine-maximum"),
        (USUAL, RENAL, "cannot be switched off: a gross overdose"),
    ],
)
def test_a_wrong_switch_off_stops_the_start(site, old, new, said):
    with pytest.raises(KnowledgeFileError, match=r"overlay\.yaml: line \d: off\.0") as raised:
        site(overlay=OFF.replace(old, new))
    assert said in str(raised.value)


def test_a_statement_cannot_be_switched_off_twice(site):
    with pytest.raises(KnowledgeFileError, match="switched off twice"):
        site(overlay=OFF, changes__more=OFF)


def test_a_protected_statement_stays_protected_when_the_site_lowers_it(site):
    lowered = CHANGE.replace("rule.bands[crcl < 30].max_mg_per_day: 400", "severity: warning").replace(
        "rule.bands[crcl < 30].max_mg_per_day: 600", "severity: warning"
    )
    with pytest.raises(KnowledgeFileError, match="cannot be switched off"):
        site(overlay=lowered + OFF.replace(USUAL, RENAL))


def test_a_topic_that_is_off_silences_its_statements_on_every_day(site, day_of):
    knowledge = site(policy=TOPIC_OFF)
    assert knowledge.dormant.keys() == {MONITORING}
    assert knowledge.reason(MONITORING) == "topic-off"
    assert knowledge.topics == ("dosing",)
    assert knowledge.on(day_of("2099-01-01")).dormant.keys() == {MONITORING}


@pytest.mark.parametrize(
    ("policy", "line", "said"),
    [
        ("topics_off: [monitoring]\n", 1, "topics_off.0"),
        (TOPIC_OFF.replace("monitoring", "data"), 1, "topics_off.0.topic"),
        (TOPIC_OFF.replace("monitoring", "contraindication"), 1, "cannot be turned off"),
        (TOPIC_OFF.replace(", reason: the laboratory does it", ""), 1, "reason"),
        ("max_cards: 5\nrepeat_days: 400\n", 2, "repeat_days"),
        ("repeat_days: -1\n", 1, "repeat_days"),
        ("repeat_days: thirty\n", 1, "repeat_days"),
        ("max_cards: 0\n", 1, "max_cards"),
        ("max_card: 5\n", 1, "max_card: Unknown field"),
    ],
)
def test_a_wrong_policy_names_file_line_and_field(site, policy, line, said):
    with pytest.raises(KnowledgeFileError, match=rf"policy\.yaml: line {line}: ") as raised:
        site(policy=policy)
    assert said in str(raised.value)


def test_a_policy_names_only_what_differs_from_the_shipped_one(site):
    policy = site(policy="repeat_days: 60\n").policy
    assert (policy.repeat_days, policy.max_cards) == (60, SHIPPED.max_cards)


def test_nobody_has_approved_what_is_shipped(knowledge, day_of):
    assert {one.review.state_on(day_of("2026-06-15")) for one in knowledge.statements.values()} == {"none"}
    assert {one.approved_by for one in knowledge.statements.values()} == {None}


def test_an_approval_is_of_the_content_and_lapses_with_it(site, day_of):
    fingerprint, day = site().statements[RENAL].fingerprint, day_of("2026-06-15")
    kept = approvals(approval(RENAL, fingerprint))
    approved = site(approvals=kept)
    assert approved.statements[RENAL].review.state_on(day) == "approved"
    assert approved.statements[RENAL].approved_by == "Dr A. Example"
    assert approved.statements[USUAL].review.state_on(day) == "none"
    changed = site(approvals=kept, overlay=CHANGE)
    assert changed.statements[RENAL].review.state_on(day) == "lapsed"
    assert changed.statements[RENAL].approved_by is None
    assert [one.kind for one in changed.notices(day)] == ["approval-lapsed"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("crcl < 30, max_mg_per_day: 600", "crcl < 30, max_mg_per_day: 601"),
        ("title: Mexiletine and kidney function", "title: Mexiletine and the kidney"),
        ('section: "2"', 'section: "3"'),
        ("name: Mexiletine}", "name: Mexiletin}"),
    ],
)
def test_any_change_of_values_words_source_or_drug_ends_an_approval(home, site, day_of, old, new):
    kept = approvals(approval(RENAL, site().statements[RENAL].fingerprint))
    path = home / "dosing/mexiletine.yaml"
    path.write_text(path.read_text().replace(old, new))
    assert site(approvals=kept).statements[RENAL].review.state_on(day_of("2026-06-15")) == "lapsed"


def test_how_a_value_is_written_and_another_statement_do_not_end_an_approval(home, site, day_of):
    kept = approvals(approval(RENAL, site().statements[RENAL].fingerprint))
    path = home / "dosing/mexiletine.yaml"
    path.write_text(
        path.read_text()
        .replace("critical_ratio: 1.5", "critical_ratio: 1.50  # of the ceiling")
        .replace("{max_mg_per_day: 900, reason", "{max_mg_per_day: 800, reason")
    )
    knowledge = site(approvals=kept)
    assert knowledge.statements[RENAL].review.state_on(day_of("2026-06-15")) == "approved"


def test_a_change_that_is_taken_back_has_its_approval_again(site):
    kept = approvals(approval(RENAL, site().statements[RENAL].fingerprint))
    assert site(approvals=kept, overlay=CHANGE).statements[RENAL].approved_by is None
    assert site(approvals=kept, overlay="").statements[RENAL].approved_by == "Dr A. Example"


def test_a_review_is_overdue_after_the_policys_months(site, day_of):
    kept = approvals(approval(RENAL, site().statements[RENAL].fingerprint, "2026-01-15"))
    review = site(approvals=kept, policy="review_months: 6\n").statements[RENAL].review
    assert review.state_on(day_of("2026-07-15")) == "approved"
    assert review.state_on(day_of("2026-07-16")) == "overdue"
    assert "overdue since 2026-07-15" in review.words(day_of("2026-07-16"))


def test_an_approval_can_have_a_day_of_its_own_for_the_next_review(site, day_of):
    entry = approval(RENAL, site().statements[RENAL].fingerprint, due="2026-03-01")
    review = site(approvals=approvals(entry)).statements[RENAL].review
    assert [review.state_on(day_of(day)) for day in ("2026-03-01", "2026-03-02")] == ["approved", "overdue"]


def test_the_newest_approval_of_the_present_content_counts(site, day_of):
    fingerprint = site().statements[RENAL].fingerprint
    entries = (
        approval(RENAL, fingerprint, "2026-05-01"),
        approval(RENAL, fingerprint, "2025-01-15"),
        approval(RENAL, "sha256:0123456789abcdef", "2026-06-01"),
    )
    review = site(approvals=approvals(*entries)).statements[RENAL].review
    assert review.current.on == day_of("2026-05-01")
    assert [one.on.isoformat() for one in review.history] == ["2025-01-15", "2026-05-01", "2026-06-01"]


def test_an_approval_of_a_statement_that_is_gone_is_noticed(site, day_of):
    knowledge = site(approvals=approvals(approval("mexiletine-gone", "sha256:0123456789abcdef")))
    assert [one.kind for one in knowledge.notices(day_of("2026-06-15"))] == ["approval-unused"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sha256:0123456789abcdef", "0123456789abcdef"),
        ("2026-01-15", "2026-13-15"),
        ("    by: Dr A. Example\n", ""),
        ("    date:", "    when: now\n    date:"),
    ],
)
def test_a_wrong_approval_names_file_and_line(site, old, new):
    entry = approval(RENAL, "sha256:0123456789abcdef")
    with pytest.raises(KnowledgeFileError, match=r"approvals\.yaml: line \d: approvals\.0"):
        site(approvals=approvals(entry).replace(old, new))


def test_with_approval_required_only_what_is_approved_is_in_force(site):
    fingerprint = site().statements[RENAL].fingerprint
    kept = approvals(approval(RENAL, fingerprint))
    assert ids(site(approvals=kept).in_force) == {RENAL, USUAL, MONITORING}
    knowledge = site(approvals=kept, require_approval=True)
    assert ids(knowledge.in_force) == {RENAL}
    assert ids(knowledge.about(KEY, frozenset())) == {RENAL}
    assert knowledge.dormant[USUAL] == "not approved: no clinician has approved it yet"
    assert knowledge.reason(USUAL) == "not-approved"
    lapsed = site(approvals=kept, overlay=CHANGE, require_approval=True)
    assert lapsed.in_force == ()
    assert "lapsed" in lapsed.dormant[RENAL]


def test_an_overdue_review_does_not_silence_a_statement(site, day_of):
    kept = approvals(approval(RENAL, site().statements[RENAL].fingerprint, "2020-01-15"))
    knowledge = site(approvals=kept, require_approval=True).on(day_of("2026-06-15"))
    assert ids(knowledge.in_force) == {RENAL}
    assert [one.kind for one in knowledge.notices(day_of("2026-06-15"))] == ["review-overdue"]


def test_offered_changes_keep_to_what_waits_for_approval_and_to_every_ceiling(site, day_of):
    kept = approvals(approval(MONITORING, site().statements[MONITORING].fingerprint))
    waiting = site(approvals=kept, require_approval=True)
    assert ids(waiting.bounding.about(KEY, frozenset())) == {RENAL, USUAL, MONITORING}
    off = site(approvals="approvals: []\n", overlay=OFF, policy=TOPIC_OFF).on(day_of("2026-06-15"))
    assert ids(off.about(KEY, frozenset())) == {RENAL}
    assert ids(off.bounding.about(KEY, frozenset())) == {RENAL, USUAL}


def test_where_everything_is_in_force_nothing_else_bounds_a_change(site):
    knowledge = site()
    assert knowledge.bounding is knowledge
    assert not knowledge.changes_by_day


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-15", 6, "2026-07-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-10-31", 1, "2026-11-30"),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_last(day_of, day, months, later):
    assert later_by_months(day_of(day), months) == day_of(later)
