"""Full-size checks: a million resources, killed processes, Spark with several executors."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from back_test import table
from make_population import population, write_export

pytestmark = [pytest.mark.full, pytest.mark.enable_socket]

needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs the spark extra and Java: pip install -e '.[spark]', apt-get install default-jre-headless",
)
COMMAND = [sys.executable, "-m", "cds_service", "backtest", "run"]
LONGEST_S = 900


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """20,000 resources in several pieces' worth of files."""
    folder = tmp_path_factory.mktemp("full") / "export"
    write_export(folder, population(1000))
    return folder


@pytest.fixture(scope="module")
def expected(export):
    out = export.parent / "expected"
    assert started(export, out).wait(LONGEST_S) == 0
    return out


def started(export, out, *more):
    key = export.parent / "key"
    log = (out.parent / f"{out.name}.log").open("ab")
    with log:
        return subprocess.Popen(
            [*COMMAND, str(export), "--out", str(out), "--hash-key", str(key), "--jobs", "2", *more],
            stderr=log,
            stdout=log,
        )


def until(process, wanted):
    """Waits for a condition while the process runs; False when the process ended first."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        if wanted():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.05)
    raise AssertionError("nothing happened for too long")


def below(ancestor):
    """Process ids of all descendants, with their command lines."""
    parents, lines = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            lines[int(entry.name)] = (entry / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {}
    for number, line in lines.items():
        up = parents.get(number)
        while up and up != ancestor:
            up = parents.get(up)
        if up == ancestor:
            found[number] = line
    return found


def same(one, other):
    return table(one, "orders") == table(other, "orders") and table(one, "cards") == table(other, "cards")


def test_a_run_killed_in_the_middle_goes_on_and_gives_the_same_rows(export, expected):
    out = export.parent / "killed"
    done = out / "work" / "done"
    process = started(export, out)
    assert until(process, lambda: done.is_dir() and any(done.glob("*.json")))
    workers = below(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "manifest.json").exists()
    # Workers of a killed run end themselves, so that they do not write beside the next one.
    end = time.monotonic() + 60
    while any(Path(f"/proc/{number}").exists() for number in workers) and time.monotonic() < end:
        time.sleep(0.1)
    assert not [number for number in workers if Path(f"/proc/{number}").exists()]
    kept = {path: path.stat().st_mtime_ns for path in done.glob("*.json")}
    assert started(export, out).wait(LONGEST_S) == 0
    assert kept
    assert same(out, expected)


def test_a_killed_worker_is_said_and_the_next_run_goes_on(export, expected):
    out = export.parent / "worker"
    done = out / "work" / "done"
    process = started(export, out)
    assert until(process, lambda: done.is_dir() and any(done.glob("*.json")))
    victim = next(number for number, line in below(process.pid).items() if "spawn_main" in line)
    os.kill(victim, signal.SIGKILL)
    assert process.wait(LONGEST_S) == 2
    assert "run the same command again" in (export.parent / "worker.log").read_text()
    assert started(export, out).wait(LONGEST_S) == 0
    assert same(out, expected)


@needs_spark
def test_spark_gives_the_rows_of_the_local_engine(export, expected):
    out = export.parent / "spark"
    assert started(export, out, "--engine", "spark").wait(LONGEST_S) == 0
    assert same(out, expected)
    assert (
        json.loads((out / "manifest.json").read_text())["rows"]
        == json.loads((expected / "manifest.json").read_text())["rows"]
    )


@needs_spark
def test_spark_gives_the_same_rows_when_an_executor_is_killed(export, expected):
    out = export.parent / "executor"
    process = started(export, out, "--engine", "spark")

    def executors():
        return [n for n, line in below(process.pid).items() if "CoarseGrainedExecutorBackend" in line]

    # The second job has begun when its output folder is there.
    assert until(process, lambda: (out / "work" / "spark" / "_temporary").exists())
    before = executors()
    assert len(before) == 2
    os.kill(before[0], signal.SIGKILL)
    assert until(process, lambda: before[0] not in executors() and len(executors()) == 2)
    assert process.wait(LONGEST_S) == 0
    assert same(out, expected)


def test_a_million_resources_stay_below_a_gigabyte_in_each_process(tmp_path):
    count = write_export(tmp_path / "export", population(14_000, more_results=18))
    assert count > 1_000_000
    out = tmp_path / "out"
    assert started(tmp_path / "export", out).wait(2 * LONGEST_S) == 0
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["read"]["resources"] == count
    assert manifest["rows"]["orders"] == 42_000
    assert manifest["peak_memory_mb_per_process"] < 1000
