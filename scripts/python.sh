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
"$environment/bin/pip" install --quiet --disable-pip-version-check "./python[test]"
library=$("$environment/bin/python" -c 'import gradtape._gradtape as own; print(own.__file__)')
size=$(wc -c <"$library")
echo "the library of the package has $size bytes"
test "$size" -lt 6000000
"$environment/bin/python" -m pytest -q python/tests
