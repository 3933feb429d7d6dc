// Mounts that cannot be, and mounts that end: exit statuses, what is said, and that nothing stays behind.

#include "tests/fuse/mounted.hpp"

#include <algorithm>
#include <csignal>

namespace p9::test {
namespace {

class MountFailure : public MountTest {
protected:
    /// Tries to mount, which has to fail with this status and one line that holds these words.
    void fails(const std::vector<std::string>& arguments, int status, const std::string& words) {
        std::vector<std::string> command{p9fuse()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_program(command, (scratch_ / "errors").string());
        EXPECT_EQ(outcome.status, status) << outcome.errors;
        EXPECT_NE(outcome.errors.find(words), std::string::npos) << outcome.errors;
        EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
        EXPECT_TRUE(outcome.errors.starts_with("p9fuse: ")) << outcome.errors;
    }
    std::string place() { return scratch_.make("mnt"); }
};

TEST_F(MountFailure, usage) {
    fails({}, 2, "expected ADDR MOUNTPOINT");
    fails({"unix!/x"}, 2, "expected ADDR MOUNTPOINT");
    fails({"unix!/x", place(), "more"}, 2, "more");
    fails({"unix!/x", place(), "-z"}, 2, "-z");
    fails({"unix!/x", place(), "-o"}, 2, "-o");
    fails({"unix!/x", place(), "-o", "ro,nonsense"}, 2, "nonsense");
    fails({"unix!/x", place(), "-o", "msize=much"}, 2, "msize");
    fails({"unix!/x", place(), "-o", "dialect=9P3000"}, 2, "9P3000");
    fails({"unix!/x", place(), "-o", "idmap=all"}, 2, "none, user");
    fails({"unix!/x", place(), "-o", "symlinks"}, 2, "keep, inside, deny");
    fails({"unix!/x", place(), "-o", "access=everyone"}, 2, "user, client");
    fails({"unix!/x", place(), "-o", "access=5,n_uname=6"}, 2, "attaches as that user");
    fails({"unix!/x", place(), "-o", "umask=9"}, 2, "octal");
    fails({"unix!/x", place(), "-o", "uid=me"}, 2, "uid");
    fails({"unix!/x", place(), "-o", "version=9p3000"}, 2, "version");
    fails({"unix!/x", place(), "-o", "port=7"}, 2, "port=7");
    fails({"unix!/x", place(), "-o", "connect_timeout=soon"}, 2, "connect_timeout");
    fails({"unix!/x", place(), "-o", "rw,remount"}, 2, "unmount it");
    fails({"tcp!host!99999", place()}, 2, "port must be 1 to 65535");
}

TEST_F(MountFailure, no_server) { fails({"unix!" + (scratch_ / "none").string(), place()}, 3, "No such file"); }

TEST_F(MountFailure, a_server_that_ends) { fails({"exec!exit 0", place()}, 3, "exit"); }

TEST_F(MountFailure, a_refused_tree) {
    Diod server(scratch_.make("export"));
    fails({server.address(), place(), "-o", "aname=/not/exported"}, 1, "/not/exported");
}

TEST_F(MountFailure, the_mountpoint) {
    Diod server(scratch_.make("export"));
    std::ofstream((scratch_ / "file").string()) << "x";
    fails({server.address(), (scratch_ / "missing").string()}, 1, "make the directory first");
    fails({server.address(), (scratch_ / "file").string()}, 1, "not a directory");
}

TEST_F(MountFailure, a_mountpoint_that_is_taken) {
    ASSERT_NO_FATAL_FAILURE(mount());
    fails({server_->address(), mounted_->path(), "-o", "aname=" + exported_}, 1, "already");
}

class MountEnd : public MountTest {};

TEST_F(MountEnd, unmounting_leaves_no_process) {
    ASSERT_NO_FATAL_FAILURE(mount());
    EXPECT_TRUE(mounted_->unmount());
    EXPECT_EQ(mounted_->wait_for_end(), 0);
    EXPECT_FALSE(mounted_->is_mounted());
}

TEST_F(MountEnd, signals_unmount) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        ASSERT_NO_FATAL_FAILURE(mount());
        ::kill(mounted_->daemon(), signal);
        EXPECT_EQ(mounted_->wait_for_end(), 0);
        EXPECT_FALSE(mounted_->is_mounted());
    }
}

TEST_F(MountEnd, a_signal_ends_a_mount_that_is_in_use) {
    ASSERT_NO_FATAL_FAILURE(mount());
    std::ofstream(here("f")) << "x";
    const int file = ::open(here("f").c_str(), O_RDONLY);
    ::kill(mounted_->daemon(), SIGTERM);
    EXPECT_EQ(mounted_->wait_for_end(), 0);
    EXPECT_FALSE(mounted_->is_mounted());
    ::close(file);
}

TEST_F(MountEnd, without_its_server_every_call_fails_at_once) {
    ASSERT_NO_FATAL_FAILURE(mount("reconnect_timeout=0,attr_timeout=0,entry_timeout=0"));
    std::ofstream(there("f")) << "x";
    const int file = ::open(here("f").c_str(), O_RDONLY);
    ASSERT_GE(file, 0);
    server_->kill();
    char byte = 0;
    EXPECT_EQ(::pread(file, &byte, 1, 0), -1);
    EXPECT_EQ(errno, ENOTCONN);
    EXPECT_EQ(::open(here("f").c_str(), O_RDONLY), -1);
    EXPECT_EQ(errno, ENOTCONN);
    ::close(file);
    EXPECT_TRUE(mounted_->unmount());
    EXPECT_EQ(mounted_->wait_for_end(), 0);
}

}  // namespace
}  // namespace p9::test
