// diod, the server of Debian's package of that name, for tests against a server that is not ours.
//
// Each object runs a diod of its own and ends it. The constructor returns when the server accepts connections.
#pragma once

#include <sys/types.h>

#include <ostream>
#include <string>

namespace p9::test {

class Diod {
public:
    /// What it listens on.
    enum class Kind { unix_socket, tcp };
    /// For the names that ctest shows.
    friend void PrintTo(Kind kind, std::ostream* out) { *out << (kind == Kind::tcp ? "tcp" : "unix"); }

    /// Why there can be no server, to be given to GTEST_SKIP(); empty if there can. A diod that is installed and does
    /// not start is no reason to skip: the constructor throws.
    static std::string why_not();

    /// Exports `directory`. `options` are export options as of diod.conf(5), "ro" say.
    explicit Diod(const std::string& directory, Kind kind = Kind::unix_socket, const std::string& options = "");
    ~Diod();
    Diod(const Diod&) = delete;
    Diod& operator=(const Diod&) = delete;

    /// The server's address as the tools take it.
    const std::string& address() const { return address_; }
    /// The tree to attach: the exported directory.
    const std::string& aname() const { return aname_; }
    /// The server's process, for tests that end it early.
    pid_t pid() const { return pid_; }
    /// Ends the server at once (SIGKILL) and waits for that.
    void kill();

private:
    bool start(const std::string& listen, const std::string& options);

    std::string address_;
    std::string aname_;
    std::string folder_;  // holds the socket and the log
    pid_t pid_ = -1;
};

}  // namespace p9::test
