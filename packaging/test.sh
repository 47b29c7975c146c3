#!/usr/bin/env bash
# Sets up what is needed and runs every check; arguments go to pytest:
#   packaging/test.sh
#   packaging/test.sh tests/unit -k geometry
set -u

case " $* " in
    *' --headed '*) ;;
    *) export QT_QPA_PLATFORM=offscreen ;;
esac

# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$root" || exit 1

failed=''
step() {
    printf '\n== %s\n' "$1"
    "${@:2}" || failed="$failed, $1"
}

step 'ruff check' "$bin/ruff" check .
step 'ruff format' "$bin/ruff" format --check .
step 'mypy' "$bin/mypy"
step 'lint-imports' "$bin/lint-imports"
step 'pytest' "$bin/python" -m pytest "$@"

if [ -n "$failed" ]; then
    printf '\nfailed: %s\n' "${failed#, }"
    exit 1
fi
printf '\nall checks passed\n'
