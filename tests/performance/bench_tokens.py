"""What authentication costs beside a bare check: signature, and the token kept so that it passes once.

The difference of two runs is small beside what evaluating costs, and would drown in its noise. So the calls order
nothing (`draftOrders` is empty), and the servers with and without tokens are measured in turn; the median counts.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.performance.bodies import bodies
from tests.performance.load import PATH, run, write_bodies
from tests.performance.servers import Server, bare, service

_ALGORITHMS: Final = ("ES384", "RS384", "ES256", "RS256")
_BASE: Final = "https://cds.example"
_ROUNDS: Final = 11  # the difference is small beside the noise of a round
_TOKENS: Final = 5_000  # more than can be used up in a second
_SECONDS: Final = 1.0


def token_rows() -> Iterator[tuple[str, ...]]:
    """For each algorithm: what a token adds to the bare app, and to the service, in us of CPU."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        keys = {algorithm: _key(algorithm) for algorithm in _ALGORITHMS}
        settings = _settings(folder, keys)
        (sent := folder / "sent").mkdir()
        write_bodies(sent, [_ordering_nothing(one) for one in bodies(200, 12)])
        checked = {"BENCH_KEYS": str(folder), "BENCH_SEEN": str(folder / "seen.sqlite")}
        added: dict[tuple[str, str], list[float]] = {}
        with bare() as free, bare(checked) as bound, service() as ours, service(settings) as ours_bound:
            pairs = (("bare", free, bound), ("service", ours, ours_bound))
            for turn in range(_ROUNDS + 1):  # the first warms up
                (sent / "tokens").write_text("")
                without = {name: _cost(plain, sent) for name, plain, _ in pairs}
                for algorithm, key in keys.items():
                    (sent / "tokens").write_text("\n".join(_tokens(key, algorithm)))
                    for name, _, with_token in pairs:
                        cost = _cost(with_token, sent) - without[name]
                        if turn:
                            added.setdefault((algorithm, name), []).append(cost)
    for algorithm in keys:
        check, own = median(added[algorithm, "bare"]), median(added[algorithm, "service"])
        yield algorithm, f"{check:.0f}", f"{own:.0f}", f"{own / check:.2f}"


def _cost(server: Server, sent: Path) -> float:
    return run(server.port, server.pid, sent, 4, _SECONDS).cpu_us


def _key(algorithm: str) -> Any:
    if algorithm.startswith("RS"):
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP384R1() if algorithm == "ES384" else ec.SECP256R1())


def _settings(folder: Path, keys: dict[str, Any]) -> dict[str, str]:
    """The service's settings for one client that has all these keys; the bare app's lie beside them."""
    jwks = []
    for algorithm, key in keys.items():
        public = key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{algorithm}.pem").write_bytes(pem)
        maker: Any = jwt.algorithms.RSAAlgorithm if algorithm.startswith("RS") else jwt.algorithms.ECAlgorithm
        jwk = maker.to_jwk(public, as_dict=True)
        jwks.append(jwk | {"kid": algorithm, "use": "sig", "alg": algorithm})
    (folder / "keys.json").write_bytes(orjson.dumps({"keys": jwks}))
    named = ", ".join(f'"{one}"' for one in keys)
    (folder / "clients.toml").write_text(
        f'[[client]]\nname = "bench"\niss = "https://ehr.example"\njwks_file = "{folder}/keys.json"\n'
        f"algorithms = [{named}]\n"
    )
    return {"CDS_CLIENTS": str(folder / "clients.toml"), "CDS_BASE_URL": _BASE}


def _ordering_nothing(body: bytes) -> bytes:
    call = orjson.loads(body)
    call["context"] |= {"draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": []}}
    call["context"].pop("selections", None)
    return orjson.dumps(call | {"prefetch": {"patient": call["prefetch"]["patient"]}})


def _tokens(key: Any, algorithm: str) -> list[str]:
    now = int(time.time())
    claims = {"iss": "https://ehr.example", "aud": _BASE + PATH, "iat": now, "exp": now + 280}
    headers = {"kid": algorithm, "typ": "JWT"}
    return [jwt.encode(claims | {"jti": uuid4().hex}, key, algorithm, headers) for _ in range(_TOKENS)]
