# shellcheck shell=bash
# Sourced by run.sh and test.sh: finds the Python environment of this checkout, or makes it, and points the shell at it.
#
# The environment is kept outside the checkout and shared by all checkouts with equal dependencies. Set before:
#   AUTOANNO_ENV     the folder to use instead of the shared one
#   AUTOANNO_PYTHON  the Python (3.11 or newer) to make it with
#   window           "yes" when the run opens one, "no" when it does not even load the library for it
# Set afterwards: `root` (the checkout) and `bin` (the programs of the environment).

say() { printf 'autoanno: %s\n' "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P) || exit 1

# Prints the folder name that stands for the Python and the dependencies, then a hash of all that an editable install
# takes from pyproject.toml. Exits 3 for a Python that is too old.
readonly describe='
import sys
if sys.version_info < (3, 11):
    sys.exit(3)
import hashlib, json, platform, tomllib
with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)["project"]
def digest(*parts):
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:10]
needs = digest(project["dependencies"], project["optional-dependencies"])
print("env-py%d.%d-%s-%s" % (*sys.version_info[:2], platform.machine(), needs), digest(project))
'

find_python() {
    local candidate
    for candidate in "${AUTOANNO_PYTHON:-}" python3 python python3.{14,13,12,11}; do
        if [ -n "$candidate" ] && described=$("$candidate" -ISB -c "$describe" "$root/pyproject.toml" 2>/dev/null); then
            python=$candidate
            return
        fi
    done
    fail "Python 3.11 or newer is needed and was not found; install it, or name it: AUTOANNO_PYTHON=/path/to/python3"
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    say "installing system packages: $*"
    local output
    local -x DEBIAN_FRONTEND=noninteractive
    output=$(apt-get update -qq 2>&1 </dev/null
        apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "$@" 2>&1 </dev/null) && return
    printf '%s\n' "$output" >&2
    return 1
}

# --- the environment --------------------------------------------------------------------------------------------------

is_ready() {
    [ -x "$bin/python" ] && [ "$(cat "$env/.autoanno-complete" 2>/dev/null)" = "$key" ] &&
        [ "$(cat "$env/.autoanno-checkout" 2>/dev/null)" = "$checkout" ]
}

# Holds the lock until `exec 9>&-`; a child that outlives this shell holds it on. Python does the locking because
# macOS has no flock program.
take_lock() {
    mkdir -p "$(dirname "$env")" || fail "the folder $(dirname "$env") cannot be made; set AUTOANNO_ENV to another one"
    exec 9>"$env.lock" || fail "$env.lock cannot be written; set AUTOANNO_ENV to another folder"
    if ! "$python" -ISB -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null; then
        say "another run is setting up $env; waiting for it"
        "$python" -ISB -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' || fail "$env.lock cannot be locked"
    fi
}

make_venv() {
    if ! "$python" -ISB -c 'import ensurepip, venv' 2>/dev/null; then
        local package
        package=$("$python" -ISB -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        can_install || fail "this Python has no venv; on Debian and Ubuntu: sudo apt-get install $package"
        apt_install "$package" || fail "$package could not be installed; see the lines above"
    fi
    if [ -e "$env" ]; then
        # Never the folder of anyone else, whatever AUTOANNO_ENV says.
        if [ ! -e "$env/.autoanno-env" ] && [ -n "$(ls -A "$env")" ]; then
            fail "$env exists and was not made by this script; set AUTOANNO_ENV to another folder or remove it"
        fi
        rm -rf "$env" || fail "the unfinished $env cannot be removed"
    fi
    if ! { mkdir -p "$env" && touch "$env/.autoanno-env" && "$python" -m venv "$env" >&2; }; then
        fail "no environment could be made in $env; see the lines above"
    fi
}

install_checkout() {
    local report=-qq
    [ -t 2 ] && [ -z "${1:-}" ] && report=--progress-bar=on
    (cd "$root" && PIP_USER=0 "$bin/python" -m pip install "$report" --editable '.[backends,dev]' "$@") >&2 ||
        fail "the dependencies or this checkout could not be installed into $env; see the lines above"
    printf '%s\n' "$checkout" >"$env/.autoanno-checkout"
}

# Brings the environment to what pyproject.toml asks for. The marker goes first and comes back last, so that a run that
# was cut off is noticed by the next one.
install_dependencies() {
    local made_with
    made_with=$(cat "$env/.autoanno-complete" 2>/dev/null)
    if [ ! -x "$bin/python" ] || [ "${made_with%-*}" != "${key%-*}" ]; then
        make_venv
    fi
    rm -f "$env/.autoanno-complete" "$env/.autoanno-checkout"
    say "installing the dependencies into $env (once; some minutes and up to 7 GB)"
    install_checkout
    printf '%s\n' "$key" >"$env/.autoanno-complete"
    remove_old_environments
}

# Environments are large and each change of a dependency makes a new one: keep this one and the last used other one.
remove_old_environments() {
    [ -z "${AUTOANNO_ENV:-}" ] || return 0
    local old kept=''
    while IFS= read -r old; do
        old=${old%/.autoanno-env}
        [ "$old" = "$env" ] && continue
        if [ -z "$kept" ]; then
            kept=$old
            continue
        fi
        say "removing $old, which is no longer used"
        rm -rf "$old" "$old.lock"
    done < <(ls -t "$(dirname "$env")"/env-*/.autoanno-env)
}

set_up_environment() {
    if ! is_ready; then
        take_lock
        if [ "$(cat "$env/.autoanno-complete" 2>/dev/null)" != "$key" ] || [ ! -x "$bin/python" ]; then
            install_dependencies
        elif ! is_ready; then
            install_checkout --no-deps --no-build-isolation
        fi
        exec 9>&-
    fi
    touch "$env/.autoanno-env" # the time of its last use
}

# --- what Qt and OpenCV need of the system ----------------------------------------------------------------------------

# The Debian package of a shared library that Qt or OpenCV links to; nothing for one that is not known.
package_of() {
    case $1 in
        libEGL.so.*) echo libegl1 ;;
        libGL.so.*) echo libgl1 ;;
        libX11-xcb.so.*) echo libx11-xcb1 ;;
        libX11.so.*) echo libx11-6 ;;
        libdbus-1.so.*) echo libdbus-1-3 ;;
        libfontconfig.so.*) echo libfontconfig1 ;;
        libfreetype.so.*) echo libfreetype6 ;;
        libglib-2.0.so.* | libgthread-2.0.so.*) echo libglib2.0-0 ;;
        libwayland-client.so.*) echo libwayland-client0 ;;
        libwayland-cursor.so.*) echo libwayland-cursor0 ;;
        libwayland-egl.so.*) echo libwayland-egl1 ;;
        libxcb-cursor.so.*) echo libxcb-cursor0 ;;
        libxcb-icccm.so.*) echo libxcb-icccm4 ;;
        libxcb-image.so.*) echo libxcb-image0 ;;
        libxcb-keysyms.so.*) echo libxcb-keysyms1 ;;
        libxcb-randr.so.*) echo libxcb-randr0 ;;
        libxcb-render-util.so.*) echo libxcb-render-util0 ;;
        libxcb-render.so.*) echo libxcb-render0 ;;
        libxcb-shape.so.*) echo libxcb-shape0 ;;
        libxcb-shm.so.*) echo libxcb-shm0 ;;
        libxcb-sync.so.*) echo libxcb-sync1 ;;
        libxcb-xfixes.so.*) echo libxcb-xfixes0 ;;
        libxcb-xkb.so.*) echo libxcb-xkb1 ;;
        libxcb.so.*) echo libxcb1 ;;
        libxkbcommon-x11.so.*) echo libxkbcommon-x11-0 ;;
        libxkbcommon.so.*) echo libxkbcommon0 ;;
        libz.so.*) echo zlib1g ;;
        libzstd.so.*) echo libzstd1 ;;
    esac
}

# The libraries that some of the given files link to and that are not on this machine, one a line.
missing_libraries() { ldd "$@" 2>/dev/null | awk '/not found/ { print $1 }' | sort -u; }

has_font() {
    local folder
    for folder in /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts"; do
        [ -d "$folder" ] && [ -n "$(find -L "$folder" -name '*.[ot]tf' -print -quit 2>/dev/null)" ] && return
    done
    return 1
}

# Adds what the given files need to `packages`, or to `unknown` where the package is not known; fails when all is there.
add_packages_for() {
    local library package found=1
    while IFS= read -r library; do
        found=0
        package=$(package_of "$library")
        if [ -n "$package" ]; then packages+=("$package"); else unknown="$unknown $library"; fi
    done < <(missing_libraries "$@")
    return $found
}

# Looks for what is missing; `blocking` is set when the program cannot start without it. Fails when nothing is missing.
look_for_packages() {
    local qt site
    site=$(echo "$bin"/../lib/python3.*/site-packages)
    qt=$site/PySide6/Qt
    packages=()
    unknown=''
    blocking=''
    add_packages_for "$site"/cv2/*.so && blocking=yes
    add_packages_for "$qt/lib/libQt6Widgets.so.6" && [ "${window:-}" != no ] && blocking=yes
    # What only a real screen needs is no one's business who has none and cannot install it either.
    if can_install || [ "${window:-no},${QT_QPA_PLATFORM:-}" = yes, ]; then
        add_packages_for "$qt"/plugins/platforms/libqwayland*.so
        add_packages_for "$qt/plugins/platforms/libqxcb.so" && [ "${window:-no},${WAYLAND_DISPLAY:-}" = yes, ] &&
            blocking=yes
    fi
    has_font || packages+=(fonts-dejavu-core)
    [ -n "${packages[*]-}$unknown" ]
}

check_system() {
    [ "$(uname -s)" = Linux ] && command -v ldd >/dev/null || return 0
    look_for_packages || return 0
    if can_install && [ ${#packages[@]} -gt 0 ]; then
        take_lock
        if look_for_packages && ! apt_install "${packages[@]}"; then
            say "the system packages could not be installed; see the lines above"
        fi
        exec 9>&-
        look_for_packages || return 0
    fi
    [ ${#packages[@]} -eq 0 ] ||
        say "system packages are missing; on Debian and Ubuntu: sudo apt-get install $(printf '%s\n' "${packages[@]}" |
            sort -u | xargs)"
    [ -z "$unknown" ] || say "system libraries are missing:$unknown"
    [ -z "$blocking" ] || exit 1
}

find_python
env=${AUTOANNO_ENV:-${XDG_CACHE_HOME:-$HOME/.cache}/autoanno_gui/${described% *}}
case $env in /*) ;; *) env=$PWD/$env ;; esac
key=${described% *}
checkout="${described#* } $root"
bin=$env/bin
set_up_environment
check_system

# This checkout comes first even after another one has pointed the shared environment at itself; and nothing that the
# user's shell adds to Python's path gets in between.
export PYTHONPATH=$root
unset PYTHONHOME
