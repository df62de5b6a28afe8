#!/usr/bin/env bash
# Builds the package for Python into an environment of its own, tests it, and looks at its size.
#
#     scripts/python.sh [FOLDER]
#
# Needs Python 3.10 or later with venv. FOLDER is where the environment is made, target/python unless told otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=${1:-target/python}
export CARGO_TARGET_DIR=$PWD/target

python3 -m venv "$environment"
pip() { "$environment/bin/pip" --quiet --disable-pip-version-check "$@"; }
rm -rf "$environment/wheels"
pip wheel --no-deps --wheel-dir "$environment/wheels" ./python
wheel=$(echo "$environment"/wheels/*.whl)
size=$(wc -c <"$wheel")
echo "$(basename "$wheel") has $size bytes"
test "$size" -lt 6000000
pip install --force-reinstall "$wheel[test]"
"$environment/bin/python" -m pytest -q python/tests
