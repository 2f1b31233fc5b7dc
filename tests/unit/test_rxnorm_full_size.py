"""Import of a release of a million rows: bounded memory, and lookups in what it wrote."""

import subprocess
import sys

import pytest
from make_rrf import large_release

from terminology.coding import NDC, RXNORM, Coding
from terminology.site_rxnorm import SiteRxNorm

MOST_MEGABYTES = 300
PRODUCTS = 56_000
ROWS = 1_000_000

# A process of its own, and the peak of its own memory: on Linux ru_maxrss of a child begins at the peak of the
# process that started it. VmHWM is in kilobytes.
IMPORT = """
import sys
from pathlib import Path
from terminology.rxnorm import import_release
read = {}
imported = import_release(Path(sys.argv[1]), Path(sys.argv[2]), lambda file, rows, share: read.update({file: rows}))
status = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(sum(read.values()), imported.counts["products"], peak // 1024)
"""


@pytest.mark.full
def test_a_release_of_a_million_rows_is_imported_in_less_than_300_megabytes(tmp_path, terminology):
    folder, target = large_release(tmp_path / "release", PRODUCTS), tmp_path / "site.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(folder), str(target)], capture_output=True, text=True, check=True
    )
    rows, products, megabytes = map(int, done.stdout.split())
    assert rows >= ROWS
    assert products == PRODUCTS
    assert megabytes < MOST_MEGABYTES
    site = SiteRxNorm(target, terminology.medication_tables)
    found = site.medication(Coding(RXNORM, str(5_000_000 + 4_007)))
    assert found is not None
    assert (found.ingredients[0].name, found.ingredients[0].strength.mg) == ("drug7", 5)
    by_package = site.medication(Coding(NDC, f"{4_007:09}03"))
    assert by_package is not None
    assert by_package.rxcui == str(5_000_000 + 4_007)
