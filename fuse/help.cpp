#include "fuse/options.hpp"

namespace p9::fuse {

std::string_view help_text() {
    return R"(Mounts a 9P server's tree.
Usage: p9fuse ADDR MOUNTPOINT [-o OPTIONS] [-f] [-d]

  ADDR                  the server: tcp!HOST!PORT, unix!PATH, ws://HOST/PATH,
                        wss://..., virtio!PORT, vsock!CID!PORT, exec!COMMAND,
                        fd!R!W, HOST[:PORT] or a socket's path
  MOUNTPOINT            a directory; fusermount3 -u MOUNTPOINT ends the mount
  -f                    stay in the foreground; else p9fuse returns when the
                        mount works
  -d                    print the kernel's requests (stays in the foreground)
  --help, --version     print this, or the version, and exit

Options after -o, separated by commas (a comma in a value is written \,):
  aname=NAME            the tree to attach
  uname=USER            attach as USER; the login name if left out
  uid=N                 the same in numbers, for .u and .L; the caller's uid
  msize=BYTES           message size to ask for, 64K say; 1M if left out
  dialect=NAME          auto, 9P2000.L, 9P2000.u or 9P2000
  cache=auto            what is unchanged when it is opened stays cached; or
        none            every call reaches the server
        loose           nobody else changes the tree: writes are gathered, and
                        all is believed for a day
  attr_timeout=SECONDS  how long attributes are believed; 1 if left out
  entry_timeout=SECONDS how long names are believed; 1 if left out
  negative_timeout=SECONDS
                        how long it is believed that a name is missing; 0
  reconnect_timeout=SECONDS
                        how long calls wait for a lost server; 30 if left
                        out, 0: they fail at once
  tls_ca=FILE           wss: trust the certificates in FILE, not the system's
  tls_insecure          wss: take any certificate; for tests only
  trace[=FILE]          print each message to FILE, or to standard error with -f
  capture=FILE          write the messages to FILE as pcapng, for Wireshark
  ro allow_other default_permissions, and FUSE's others. The mount is always
  nosuid,nodev.

Exit status: 0 done, 1 refused, 2 usage, 3 no connection or no agreement,
4 out of time, 5 protocol broken.

Examples:
  p9fuse tcp!fileserver /mnt -o aname=/export
  p9fuse unix!/run/9p.sock ~/mnt -f
  fusermount3 -u ~/mnt
)";
}

}  // namespace p9::fuse
