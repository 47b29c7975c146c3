#!/usr/bin/env bash
# Sets up what is needed and starts the program:
#   packaging/run.sh [ARGUMENTS OF autoanno]    for instance a folder of frames
#   packaging/run.sh --demo                     with a small bundled project
set -u

if [ "${1:-}" = --demo ]; then
    shift
    set -- demo "$@"
fi

# Whether these arguments open a window: all do, but the verbs that only compute or report.
opens_window() {
    case ${1:-} in # may stand before the verb
        --project) shift && [ $# -gt 0 ] && shift ;;
        --project=*) shift ;;
    esac
    case ${1:-} in
        scan | predict | queue | metrics | export | doctor) return 1 ;;
        --version) return 1 ;;
    esac
    local argument
    for argument in "$@"; do
        case $argument in -h | --help) return 1 ;; esac
    done
    return 0
}

window=no
opens_window "$@" && window=yes
if [ "$window$(uname -s)${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" = yesLinux ]; then
    echo "autoanno: no screen was found; QT_QPA_PLATFORM=offscreen packaging/run.sh ... runs without one," \
        "xvfb-run -a packaging/run.sh ... on a virtual one" >&2
    exit 1
fi

# shellcheck source-path=SCRIPTDIR source=env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"
exec "$bin/autoanno" "$@"
