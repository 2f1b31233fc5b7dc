"""What a run says while it works, and the words its rows may hold."""

import io

import pytest

from cds_service.backtest.progress import Progress
from cds_service.backtest.unchecked import OTHER, reason_of


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_progress_tells_share_rate_and_time_left():
    clock = Clock()
    progress = Progress(stream=io.StringIO(), clock=clock)
    progress.begin("evaluating", 1000, "orders")
    clock.now = 10
    progress.advance(250)
    assert progress.line().endswith("25%  250/1,000 orders, 25/s, 30 s left")


def test_what_was_done_before_says_nothing_about_the_rate():
    clock = Clock()
    progress = Progress(stream=io.StringIO(), clock=clock)
    progress.begin("evaluating", 1000, "orders", skipped=500)
    clock.now = 10
    progress.advance(100)
    assert progress.rate == pytest.approx(10)
    assert "600/1,000 orders, 10/s, 40 s left" in progress.line()


def test_progress_without_a_terminal_is_a_line_now_and_then():
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream=stream, clock=clock)
    progress.begin("reading", 100, "pieces")
    for clock.now in range(1, 60):
        progress.advance(1)
    assert stream.getvalue().count("\n") == 2
    assert "\r" not in stream.getvalue()


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("kidney function not known: no creatinine on file", "kidney function not known (no-creatinine)"),
        ("daily dose not readable: no dose in 'Mrs Jones: as told'", "daily dose not readable"),
        ("no INR on file", "no result on file"),
        ("the last potassium is 400 days old", "result too old"),
        ("asthma of Mrs Jones: no date on file", "entry without date"),
        ("anything Mrs Jones said", OTHER),
        ("lab-below sodium 130 90 (no Sodium on file)", "no result on file"),
        ("blood-pressure-at-least 160 100 30 (no recent blood pressure on file)", "no result on file"),
        ("gestation-below 14 (pregnancy not known: nothing says so (yet))", "pregnancy not known"),
        ("not course-at-most 28 (how long the order is for is not stated)", "length of the order not stated"),
        (
            "sex-is female (words of Mrs Jones); age-at-least 65 (age not known: no birthDate)",
            "age not known",
        ),
        (
            "crcl-below 30 (kidney function not known: none); in-hospital",
            "kidney function not known (no-creatinine)",
        ),
        ("condition copd (COPD of Mrs Jones: no date on file); sex-is male", "entry without date"),
        ("condition copd (Mrs Jones)", OTHER),
    ],
)
def test_a_reason_is_one_of_a_list_and_quotes_nothing(why, reason):
    assert reason_of(why, "no-creatinine") == reason
