"""The nginx and systemd files, checked by the programs that will read them."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from programs import program
from proxy import nginx_file

FOLDER = Path(__file__).parent.parent.parent / "deploy"
UNITS = sorted((FOLDER / "systemd").glob("cds-service*"))


def test_nginx_takes_the_example(tmp_path):
    file = nginx_file(tmp_path, ports=(8000, 8001), listen=8443)
    asked = [str(program("nginx", "nginx-light")), "-t", "-c", str(file), "-p", str(tmp_path)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "test is successful" in told.stderr


def test_nginx_refuses_the_example_with_a_misspelt_directive(tmp_path):
    file = nginx_file(tmp_path, ports=(8000, 8001), listen=8443)
    site = tmp_path / "cds-service.conf"
    site.write_text(site.read_text().replace("client_max_body_size", "client_max_body"))
    asked = [str(program("nginx", "nginx-light")), "-t", "-c", str(file), "-p", str(tmp_path)]
    assert subprocess.run(asked, capture_output=True, check=False).returncode != 0


def installed(tmp_path):
    """Copies of the units whose command exists here: systemd looks for it."""
    command = tmp_path / "cds-service"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    for unit in UNITS:
        text = unit.read_text().replace("/opt/cds-service/bin/cds-service", str(command))
        (tmp_path / unit.name).write_text(text)
    return [str(tmp_path / unit.name) for unit in UNITS]


def test_systemd_takes_the_unit(tmp_path):
    asked = [str(program("systemd-analyze", "systemd")), "verify", "--man=no", *installed(tmp_path)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr.strip()) == (0, "")


def test_systemd_notices_a_misspelt_line(tmp_path):
    units = installed(tmp_path)
    service = Path(units[[unit.name for unit in UNITS].index("cds-service.service")])
    service.write_text(service.read_text().replace("ProtectSystem=strict", "ProtectSystems=strict"))
    asked = [str(program("systemd-analyze", "systemd")), "verify", "--man=no", str(service)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert "ProtectSystems" in told.stderr


def test_the_service_is_well_confined(tmp_path):
    unit = next(one for one in installed(tmp_path) if one.endswith("cds-service.service"))
    asked = [str(program("systemd-analyze", "systemd")), "security", "--offline=true", "--threshold=20", unit]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout[-2000:]


def test_the_example_certificate_is_good_for_the_day(tmp_path):
    """The two tests above would pass with an expired one, and the restart test would not say why it fails."""
    from cryptography import x509

    nginx_file(tmp_path, ports=(8000, 8001), listen=8443)
    made = x509.load_pem_x509_certificate((tmp_path / "tls.pem").read_bytes())
    assert made.not_valid_after_utc > datetime.now(UTC) + timedelta(hours=1)
