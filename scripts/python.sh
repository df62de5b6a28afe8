#!/usr/bin/env bash
# Builds the package for Python into an environment of its own, tests it, and looks at its size.
#
#     scripts/python.sh [PROFILE]
#
# Needs Python 3.10 or later with venv. PROFILE is release unless told otherwise; dev builds in a third of the time.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-release}
environment=target/python
export CARGO_TARGET_DIR=$PWD/target MATURIN_PEP517_ARGS="--profile $profile"

python3 -m venv "$environment"
pip() { "$environment/bin/pip" --quiet --disable-pip-version-check "$@"; }
rm -rf "$environment/wheels"
pip wheel --no-deps --wheel-dir "$environment/wheels" ./python
wheel=$(echo "$environment"/wheels/*.whl)
size=$(wc -c <"$wheel")
echo "$(basename "$wheel") has $size bytes"
test "$profile" != release -o "$size" -lt 6000000
pip install "$wheel[test]"
# Of the same version pip keeps what is there; what it needs is there now.
pip install --force-reinstall --no-deps "$wheel"
"$environment/bin/python" -m pytest -q python/tests
