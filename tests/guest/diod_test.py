"""diod in the guest serves a virtserialport: our tools and the mount reach an independent server.

    tests/guest/run diod BUILD

Prints "ok NAME" or "FAILED NAME: what" for each check.
"""

import frame
from guest import Guest, port
from host import Tools
from port_checks import Port

EXPORT = "/tmp/export"

# diod takes an absent host for the end of its client, and ends; then comes the next one. The shell keeps the port open:
# closing it would throw away what a host has sent already.
SERVE = f"""
mkdir -p {EXPORT}
for name in /sys/class/virtio-ports/*/name; do
    [ "$(cat $name)" != files ] || port=${{name%/name}}
done
exec 3<>/dev/${{port##*/}}
while :; do
    diod -f -n -N -c /dev/null -L /tmp/diod.log -U root -S -r 3 -w 3 -e {EXPORT}
    sleep 0.1
done >/dev/null 2>&1 &
"""


def test(checks, options, work):
    socket = f"{work}/files.sock"
    with Guest(options.kernel, programs=["diod", "md5sum"], devices=port("files", socket), memory=512, reboots=True) as guest:

        def serve():
            guest.run(SERVE)

        serve()
        try:
            Port(checks, guest, Tools(options.binaries), f"virtio!{socket}", EXPORT, EXPORT, serve, work).all()
        finally:
            if checks.failed:
                print("diod's messages:", guest.run("cat /tmp/diod.log", check=False).output.decode(errors="backslashreplace")[-2000:])


if __name__ == "__main__":
    frame.main(__doc__, test)
