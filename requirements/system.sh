#!/bin/sh
# Installs what requirements/system.txt names and this system lacks: as root on Debian or Ubuntu. Elsewhere it says what to
# install and goes on, for much works without. usage: requirements/system.sh run|test
set -u
[ "$(uname)" = Linux ] || exit 0
table=$(dirname "$0")/system.txt
libraries=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null)

have() {
    case $1 in
    *.so.*) case $libraries in *"$1 "*) return 0 ;; *) return 1 ;; esac ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

known() { [ -n "$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '(none)')" ]; }

first_known() {
    for package in $(echo "$1" | tr ',' ' '); do
        if known "$package"; then echo "$package"; return; fi
    done
    echo "${1##*,}"
}

lacking() {
    while read -r scope needed packages _why; do
        case $scope in run) ;; test) [ "$1" = test ] || continue ;; *) continue ;; esac
        have "$needed" || first_known "$packages"
    done <"$table" | sort -u | tr '\n' ' '
}

packages=$(lacking "$1")
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "set-up: this system lacks some libraries or programs; on Debian or Ubuntu: sudo apt-get install $packages"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "set-up: system packages: $packages"
install() { apt-get install -y -qq --no-install-recommends $packages </dev/null >/dev/null 2>&1; }
if ! install; then
    apt-get update -qq >/dev/null 2>&1
    packages=$(lacking "$1")
    install || echo "set-up: could not install them all; going on without. By hand: apt-get install $packages"
fi
