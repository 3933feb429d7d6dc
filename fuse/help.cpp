#include "fuse/options.hpp"

namespace p9::fuse {

std::string_view help_text() {
    return R"(Mounts a 9P server's tree.
Usage: p9fuse ADDR MOUNTPOINT [-o OPTIONS] [-f] [-d]
       p9fuse --status MOUNTPOINT [--json] [--timeout SECONDS]

  ADDR                  the server: tcp!HOST!PORT, unix!PATH, ws://HOST/PATH,
                        virtio!PORT, vsock!CID!PORT, exec!COMMAND, HOST[:PORT]
  MOUNTPOINT            a directory; fusermount3 -u MOUNTPOINT ends the mount
  -f                    stay in the foreground; else return when it works
  -d                    print the kernel's requests (stays in the foreground)
  --status, --json      print how a mount is doing, whatever its server does
  --timeout SECONDS     with --status: wait so long for the mount; 5
  --help, --version     print this, or the version, and exit

Options after -o, separated by commas (a comma in a value is written \,):
  aname=NAME            the tree to attach
  uname=USER, n_uname=N attach as; whoever mounts if left out
  msize=BYTES           message size to ask for, 64K say; 1M of data
  dialect=NAME, version=NAME  auto, 9P2000.L, 9P2000.u or 9P2000
  port=N, noxattr, reconnect  as of v9fs and sshfs
  cache=auto            keep what is unchanged when it is opened; or none, or
                        loose: nobody else changes the tree
  attr_timeout=SECONDS, entry_timeout=SECONDS, negative_timeout=SECONDS
                        how long attributes, names, missing names are believed
  connect_timeout=SECONDS, port_timeout=SECONDS, reconnect_timeout=SECONDS
                        how long the first connection, a silent virtio port,
                        and a lost connection are waited for: 10, 9.5, 30
  idmap=user            the server's user is shown as whoever mounts, and back
  uid=N, gid=N, umask=M, fmask=M, dmask=M  owner and permissions shown of all
  dfltuid=N, dfltgid=N  the owner of files whose owner is not told
  access=client         or user: each caller attaches himself; or one user's id
  symlinks=keep         or inside, deny: what to do with those that lead out
  suid, dev, allow_suid, allow_dev   for root: not nosuid, not nodev
  tls_ca=FILE           wss: trust the certificates in FILE
  tls_insecure          wss: take any certificate; for tests only
  trace[=FILE], capture=FILE  print the messages, or keep them for Wireshark
  ro allow_other default_permissions, and FUSE's others

Exit status: 0 done, 1 refused, 2 usage, 3 no connection or no agreement,
4 out of time, 5 protocol broken.

Examples:
  p9fuse fileserver /mnt -o aname=/export
  p9fuse --status /mnt
)";
}

}  // namespace p9::fuse
