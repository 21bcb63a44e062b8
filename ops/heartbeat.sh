#!/bin/sh
# Run a long, silent command and say every 15 seconds that it still works.
# usage: heartbeat.sh "what it does" command [argument …]
what=$1
shift
(
    seconds=0
    while sleep 15 >/dev/null 2>&1; do
        seconds=$((seconds + 15))
        echo "[make] … still at it: $what (${seconds} s)"
    done
) &
beat=$!
trap 'kill "$beat" 2>/dev/null' EXIT INT TERM
"$@"
