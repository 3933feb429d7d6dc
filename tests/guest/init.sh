#!/bin/busybox sh
# shellcheck shell=dash
# The first process of a test's guest: loads the modules, sets up the network if there is a card, and starts the agent,
# which runs what the test says. What goes wrong here is seen on the console.
export PATH=/bin:/busybox
/bin/busybox mkdir -p /proc /sys /dev /tmp /mnt /run /busybox
/bin/busybox --install -s /busybox
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
ln -s /proc/self/fd /dev/fd
mkdir /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /dev/shm

while read -r module; do
    insmod "/modules/$module" || echo "init: cannot load $module"
done </modules/order

ip link set lo up
if [ -e /sys/class/net/eth0 ]; then
    # No default route: beyond the emulated network, where 10.0.2.2 is the host's loopback, nothing can be reached.
    ip address add 10.0.2.15/24 dev eth0
    ip link set eth0 up
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && break
        sleep 0.1
    done
fi
hostname guest
umask 022

# The first process must not end: the kernel would panic. It also collects orphans.
setsid /agent &
while :; do
    wait
    sleep 1
done
