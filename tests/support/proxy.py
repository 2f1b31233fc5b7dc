"""The nginx example of deploy/, with the ports and a certificate of a test."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent.parent / "deploy" / "nginx" / "cds-service.conf"

_MAIN = """
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    access_log off;
    include {folder}/cds-service.conf;
}}
"""


def nginx_file(folder, ports, listen):
    """nginx.conf in `folder` that includes the example, its two instances at `ports`, listening at `listen`."""
    _certificate(folder)
    site = EXAMPLE.read_text()
    for example, port in zip((8000, 8001), ports, strict=True):
        site = site.replace(f"127.0.0.1:{example}", f"127.0.0.1:{port}")
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{listen} ssl")
    site = re.sub(r"\n *listen \[::\]:443 ssl;", "", site)
    site = site.replace("/etc/nginx/tls/cds.hospital.example.pem", f"{folder}/tls.pem")
    site = site.replace("/etc/nginx/tls/cds.hospital.example.key", f"{folder}/tls.key")
    site = site.replace("/var/log/nginx/", f"{folder}/")
    (folder / "cds-service.conf").write_text(site)
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder))
    return main


def _certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cds.hospital.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("cds.hospital.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
