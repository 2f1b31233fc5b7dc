"""Sends requests to a server in turn, and measures what they cost it: CPU seconds of its whole process tree.

wrk makes the load (Debian package `wrk`), with a script that goes through the bodies. Where it is not installed, a
thread pool in Python does, which is slower, and the table says so.
"""

import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

PATH: Final = "/cds-services/neuropathic-order-sign"
WRK: Final = shutil.which("wrk")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SETTLE_SECONDS: Final = 0.5  # what is written after the answer is a part of its cost
_SCRIPT: Final = """
wrk.method = "POST"
wrk.path = "%(path)s"
wrk.headers["Content-Type"] = "application/json"
local made, at, tokens = {}, %(first)d, {}
local function read(name)
  local file = io.open(name, "rb"); local all = file:read("*a"); file:close(); return all
end
function init(args)
  if %(tokens)d > 0 then
    for line in read("%(folder)s/tokens"):gmatch("[^\\n]+") do tokens[#tokens + 1] = line end
  end
  for number = 0, %(count)d - 1 do made[number] = read("%(folder)s/" .. number) end
  if %(tokens)d == 0 then
    for number = 0, %(count)d - 1 do made[number] = wrk.format(nil, nil, nil, made[number]) end
  end
end
function request()
  local body = made[at %% %(count)d]
  at = at + 1
  if %(tokens)d == 0 then return body end
  wrk.headers["Authorization"] = "Bearer " .. (tokens[at] or "used-up")
  return wrk.format(nil, nil, nil, body)
end
function done(summary, latency, requests)
  io.write(string.format("requests %%d refused %%d p50 %%f p99 %%f seconds %%f\\n", summary.requests,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.timeout, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.duration / 1e6))
end
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: requests answered, microseconds of server CPU for each, and latencies in ms."""

    requests: int
    cpu_us: float
    p50_ms: float
    p99_ms: float


def write_bodies(folder: Path, bodies: Sequence[bytes], tokens: Sequence[str] = ()) -> None:
    """Puts the bodies, and tokens to use once each, where the script finds them."""
    for number, body in enumerate(bodies):
        (folder / str(number)).write_bytes(body)
    (folder / "tokens").write_text("\n".join(tokens))


def run(port: int, pid: int, folder: Path, connections: int, seconds: float, first: int = 0) -> Run:
    """Load for some seconds with the bodies of `folder`, from token `first` on. Raises where a call is refused."""
    before = tree_seconds(pid)
    made = (_by_wrk if WRK else _by_threads)(port, folder, connections, seconds, first)
    time.sleep(_SETTLE_SECONDS)
    requests, p50, p99 = made
    return Run(requests, (tree_seconds(pid) - before) / requests * 1e6, p50, p99)


def _by_wrk(
    port: int, folder: Path, connections: int, seconds: float, first: int
) -> tuple[int, float, float]:
    tokens = (folder / "tokens").read_text().count("\n")
    count = sum(one.name.isdigit() for one in folder.iterdir())
    script = folder / "script.lua"
    values = {"path": PATH, "folder": folder, "count": count, "tokens": tokens, "first": first}
    script.write_text(_SCRIPT % values)
    command = [str(WRK), "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
    done = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True)
    found = re.search(r"requests (\d+) refused (\d+) p50 ([\d.]+) p99 ([\d.]+)", done.stdout)
    if found is None or int(found[2]):
        raise RuntimeError(f"calls were refused or broke off: {done.stdout[-300:]}")
    return int(found[1]), float(found[3]), float(found[4])


def _by_threads(
    port: int, folder: Path, connections: int, seconds: float, first: int
) -> tuple[int, float, float]:
    bodies = [one.read_bytes() for one in sorted(folder.iterdir()) if one.name.isdigit()]
    tokens = (folder / "tokens").read_text().split()
    until = time.monotonic() + seconds

    def send(place: int) -> list[float]:
        took: list[float] = []
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number, body in enumerate(islice(cycle(bodies), place, None)):
            if time.monotonic() >= until:
                break
            headers = {"Content-Type": "application/json"}
            if tokens:
                headers["Authorization"] = f"Bearer {tokens[first + place + number * connections]}"
            took.append(timed_call(connection, body, headers))
        connection.close()
        return took

    with ThreadPoolExecutor(connections) as pool:
        times = sorted(one for took in pool.map(send, range(connections)) for one in took)
    return len(times), times[len(times) // 2], times[len(times) * 99 // 100]


def timed_call(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> float:
    """Milliseconds of one call. Raises where it is refused."""
    began = time.perf_counter()
    connection.request("POST", PATH, body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"HTTP {answer.status}")
    return (time.perf_counter() - began) * 1000


def tree_seconds(pid: int) -> float:
    """CPU seconds (user and system) of a process and of all that it started."""
    return sum(_stat(one, 11, 12) for one in tree(pid)) / _TICKS


def tree(pid: int) -> list[int]:
    """A process and all that it started, ended ones left out."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        children.setdefault(_stat(int(folder.name), 1), []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def _stat(pid: int, *fields: int) -> int:
    try:
        read = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(read[field]) for field in fields)
