#!/bin/busybox sh
# shellcheck shell=dash
# Runs in the guest: takes commands from the virtio-serial port "agent", one after another, and answers each. In a guest
# without such ports /agent.tty names a serial line.
#
#   agent: ready BOOT_ID
#   test:  ID SCRIPT         SCRIPT in base64, for /bin/sh
#   agent: reply ID STATUS SIZE, and SIZE bytes, what the script wrote to its standard output and error
#
# A script may leave processes behind. They keep nothing of the port, which bears one opener only.
export PATH=/bin:/busybox HOME=/tmp LC_ALL=C

port=
[ ! -e /agent.tty ] || port=/dev/$(cat /agent.tty)
until [ -n "$port" ]; do
    for name in /sys/class/virtio-ports/*/name; do
        if [ "$(cat "$name" 2>/dev/null)" = agent ]; then
            port=${name%/name}
            port=/dev/${port##*/}
        fi
    done
    [ -n "$port" ] || { echo "agent: there is no port yet"; sleep 1; }
done

mkdir -p /run/agent
while :; do
    exec 3<>"$port"
    [ ! -e /agent.tty ] || stty raw -echo <&3
    echo "ready $(cat /proc/sys/kernel/random/boot_id)" >&3
    while read -r id script <&3; do
        echo "$script" | base64 -d >/run/agent/script
        output=/run/agent/output.$id # of its own: a process left behind may go on writing
        (cd / && exec /bin/sh /run/agent/script) </dev/null >"$output" 2>&1 3>&-
        status=$?
        {
            echo "reply $id $status $(stat -c %s "$output")"
            cat "$output"
        } >&3
        rm -f "$output"
    done
    exec 3>&- # the host is gone
    sleep 1
done
