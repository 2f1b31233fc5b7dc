"""Keys, clients files and tokens of made-up EHRs."""

import base64
import hashlib
import hmac
import json
from functools import cache
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISS = "https://ehr.example.org/fhir"
JKU = "https://ehr.example.org/jwks.json"
BASE = "http://cds.example.org"
_CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


@cache
def private_key(kind="ES384", name="own", bits=2048):  # noqa: ARG001  part of the key of the cache
    """A key that is made once; another `name` is another key."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    return rsa.generate_private_key(65537, bits)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def jwk(key, kid="k1", **members):
    algorithm = jwt.algorithms.ECAlgorithm if hasattr(key, "curve") else jwt.algorithms.RSAAlgorithm
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid} | members


def jwks(*keys):
    return {"keys": list(keys or (jwk(private_key()), jwk(private_key("RS384"), "r1")))}


def part(value):
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def claims(now, path, **more):
    """What a well-behaved client claims; a value of None leaves the claim out."""
    made = {
        "iss": ISS,
        "aud": BASE + path,
        "iat": int(now),
        "exp": int(now) + 300,
        "jti": str(uuid4()),
    } | more
    return {name: value for name, value in made.items() if value is not None}


def signed(claimed, key=None, alg="ES384", **header):
    """A compact token. `header` overrides; None leaves a member out."""
    made = {"alg": alg, "typ": "JWT", "kid": "k1"} | header
    made = {name: value for name, value in made.items() if value is not None}
    signing = f"{part(made)}.{part(claimed)}"
    key = key or private_key()
    if isinstance(key, bytes):
        sizes = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
        signature = hmac.new(key, signing.encode(), sizes.get(alg, hashlib.sha384)).digest()
    else:
        signature = jwt.get_algorithm_by_name(alg).sign(signing.encode(), key)
    return f"{signing}.{part(signature)}"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def write_clients(folder, *clients, keys=None):
    """clients.toml and keys.json in `folder`; without `clients`, one that reads its keys from the file."""
    (folder / "keys.json").write_text(json.dumps(keys or jwks()))
    entries = clients or ({"name": "main", "iss": ISS, "jku": JKU, "jwks_file": "keys.json"},)
    lines = []
    for entry in entries:
        lines.append("[[client]]")
        lines += [f"{name} = {json.dumps(value)}" for name, value in entry.items()]
    file = folder / "clients.toml"
    file.write_text("\n".join(lines) + "\n")
    return file
