#!/bin/sh
# Installs the service into /opt/cds-service (or $2): first its requirements, then itself. The Dockerfile runs
# the two steps apart, so that a change of the code does not install the requirements again.
set -eu
step=$1
to=${2:-/opt/cds-service}
pip="$to/bin/python -m pip --disable-pip-version-check --no-cache-dir --quiet"
case $step in
  requirements)
    python3 -m venv "$to"
    $pip install --require-hashes --no-deps --requirement deploy/requirements.lock
    ;;
  service)
    # The tools that build the wheel stay out of what is shipped.
    python3 -m venv /tmp/build
    build="/tmp/build/bin/python -m pip --disable-pip-version-check --no-cache-dir --quiet"
    $build install --require-hashes --no-deps --requirement deploy/requirements-build.lock
    $build wheel --no-deps --no-build-isolation --wheel-dir /tmp/wheels .
    $pip install --no-deps --no-index /tmp/wheels/*.whl
    $pip check
    "$to/bin/cds-service" knowledge check
    rm -rf /tmp/build /tmp/wheels
    ;;
  *)
    echo "install.sh: requirements or service, not '$step'" >&2
    exit 2
    ;;
esac
