#!/bin/sh
# Runs the sessions of the systemd mode, as a unit of the system's instance.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
. /checkout/tests/vm/guest/sessions.sh

# session NAME USER KIND SECONDS COMMAND: KIND is `login` (a login session, nothing delegated),
# `service` (a unit with Delegate=yes) or `scope` (what `doctor` advises an ordinary user).
session() {
    name=$1 user=$2 kind=$3 seconds=$4
    command="cd /checkout && export LANG=C.UTF-8 TERM=dumb PYTHONDONTWRITEBYTECODE=1 && exec $5"
    case "$kind" in
    login)
        timed "$name" "$seconds" su -l "$user" -c "$command"
        ;;
    service)
        timed "$name" "$seconds" systemd-run --quiet --wait --pipe --property=Delegate=yes \
            --property=User="$user" --unit="session-$name" sh -c "$command"
        ;;
    scope)
        timed "$name" "$seconds" su -l "$user" -c \
            "exec systemd-run --user --quiet --scope --property=Delegate=yes sh -c '$command'"
        ;;
    esac
}

. /checkout/.vm/sessions
say "===== end"
