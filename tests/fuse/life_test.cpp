// The life of a mount around the server's: dead mounts, mount(8), service managers, and p9fuse --status.

#include "tests/fuse/mounted.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <nlohmann/json.hpp>

namespace p9::test {
namespace {

class MountLife : public MountTest {
protected:
    /// Runs p9fuse --status and returns what it prints; `status` is what it has to exit with.
    std::string status_text(const std::vector<std::string>& more = {}, int status = 0) {
        const std::string out = (scratch_ / "status").string();
        std::string line = p9fuse() + " --status " + mounted_->path();
        for (const auto& each : more) line += " " + each;
        const Outcome outcome = run_program({"sh", "-c", line + " > " + out}, (scratch_ / "errors").string());
        EXPECT_EQ(outcome.status, status) << outcome.errors;
        return contents_of(out) + outcome.errors;
    }
    Outcome try_mount(const std::string& options = "") {
        return run_program({p9fuse(), server_->address(), mounted_->path(), "-o", "aname=" + exported_ + options},
                           (scratch_ / "errors").string());
    }
    void kill_daemon() {
        ::kill(mounted_->daemon(), SIGKILL);
        mounted_->wait_for_end();
        struct stat status{};
        ASSERT_EQ(told(::stat(mounted_->path().c_str(), &status)), -ENOTCONN);
    }
};

TEST_F(MountLife, ADeadMountIsTakenAwayByTheNext) {
    ASSERT_NO_FATAL_FAILURE(mount());
    ASSERT_NO_FATAL_FAILURE(kill_daemon());
    EXPECT_NE(status_text({}, 3).find("is gone"), std::string::npos);
    const Outcome outcome = try_mount();
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    std::ofstream(there("f")) << "x";
    EXPECT_EQ(contents_of(here("f")), "x");
    EXPECT_NE(status_text().find("connection: connected"), std::string::npos);
    mounted_->unmount();
    EXPECT_FALSE(mounted_->is_mounted());
}

// Only the server is dead: calls answer with the same errno as a dead mount's do.
TEST_F(MountLife, ALiveMountWithoutItsServerIsNotTakenAway) {
    ASSERT_NO_FATAL_FAILURE(mount("reconnect_timeout=0"));
    server_->kill();
    const Outcome outcome = try_mount();
    EXPECT_EQ(outcome.status, 1);
    EXPECT_NE(outcome.errors.find("already"), std::string::npos) << outcome.errors;
    EXPECT_TRUE(mounted_->is_mounted());
}

TEST_F(MountLife, StatusTellsHowItIs) {
    ASSERT_NO_FATAL_FAILURE(mount());
    std::ofstream(here("file")) << "x";
    EXPECT_EQ(contents_of(here("file")), "x");
    const std::string text = status_text();
    for (const char* line : {"connection: connected\n", "generation: 1\n", "dialect: 9P2000.L\n", "last_error: \n",
                             "inodes: 2\n", "cache: auto\n", "round_trip_ms: "})
        EXPECT_NE(text.find(line), std::string::npos) << line << " is not in\n" << text;
    const auto json = nlohmann::json::parse(status_text({"--json"}));
    EXPECT_EQ(json["address"], server_->address());
    EXPECT_EQ(json["aname"], exported_);
    EXPECT_EQ(json["pid"], mounted_->daemon());
    EXPECT_GT(json["msize"], 4096);
    EXPECT_GT(json["fids"], 0);
    char names[100];
    EXPECT_EQ(::listxattr(mounted_->path().c_str(), names, sizeof names), 0) << "it is in no list";
}

TEST_F(MountLife, StatusAndUnmountingDoNotWaitForADeadServer) {
    ASSERT_NO_FATAL_FAILURE(mount("default_permissions,attr_timeout=0,entry_timeout=0"));
    std::ofstream(there("file")) << "x";
    server_->kill();
    // Somebody waits for the server meanwhile.
    const pid_t waiting = start_program({"cat", here("file")}, (scratch_ / "cat").string());
    std::string text;
    do text = status_text();
    while (text.find("lost_for_seconds") == std::string::npos || text.find("callers_waiting: 0") != std::string::npos);
    EXPECT_EQ(text.find("last_error: \n"), std::string::npos) << text;
    EXPECT_NE(status_text({"--json"}).find("lost_for_seconds"), std::string::npos);
    mounted_->unmount_lazily();
    EXPECT_FALSE(mounted_->is_mounted());
    ::kill(waiting, SIGKILL);
    ::waitpid(waiting, nullptr, 0);
}

TEST_F(MountLife, StatusOfAMountThatHangsComesToAnEnd) {
    ASSERT_NO_FATAL_FAILURE(mount());
    ::kill(mounted_->daemon(), SIGSTOP);
    EXPECT_NE(status_text({"--timeout", "0.2"}, 4).find("does not answer"), std::string::npos);
    ::kill(mounted_->daemon(), SIGCONT);
}

TEST_F(MountLife, StatusWithoutExtendedAttributes) {
    for (const char* options : {"dialect=9P2000.L,noxattr", "version=9p2000.u"}) {
        mounted_.reset();
        if (std::string(options).find(".u") != std::string::npos) break;  // diod speaks 9P2000.L only
        ASSERT_NO_FATAL_FAILURE(mount(options));
        char bytes[10];
        EXPECT_EQ(told(::getxattr(mounted_->path().c_str(), "user.a", bytes, sizeof bytes)), -EOPNOTSUPP);
        EXPECT_NE(status_text().find("connection: connected"), std::string::npos);
    }
}

TEST_F(MountLife, StatusWantsAMount) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const Outcome none = run_program({p9fuse(), "--status", "/proc"}, (scratch_ / "errors").string());
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.errors.find("no mount"), std::string::npos) << none.errors;
    EXPECT_EQ(run_program({p9fuse(), "--status"}, (scratch_ / "errors").string()).status, 2);
    // A place in the mount is as good as its root.
    const std::string inside = p9fuse() + " --status " + here("any/where") + " > /dev/null";
    EXPECT_EQ(run_program({"sh", "-c", inside}, (scratch_ / "errors").string()).status, 0);
}

/// mount(8), which looks for p9fuse in the system's folders only: in a namespace of its own it is there.
class MountCommand : public MountLife {
protected:
    void SetUp() override {
        MountLife::SetUp();
        if (IsSkipped()) return;
        if (::geteuid() != 0) GTEST_SKIP() << "a namespace needs root";
        if (::access("/sbin/mount.fuse3", X_OK) != 0) GTEST_SKIP() << "no mount.fuse3";
        // With a blank, as fstab(5) escapes it, and a character that shells care for.
        exported_ = scratch_.make("ex port!");
        server_ = std::make_unique<Diod>(exported_, Diod::Kind::unix_socket);
        place_ = scratch_.make("mnt");
        std::ofstream(there("f")) << "content\n";
    }
    /// Runs a script that mounts and ends the mount again: what it prints on standard error.
    Outcome run_script(const std::string& script) {
        std::ofstream(scratch_ / "script")
            << "mount -t tmpfs none /usr/local/bin && ln -s " << p9fuse() << " /usr/local/bin/p9fuse || exit 99\n"
            << script;
        return run_program({"unshare", "-m", "sh", (scratch_ / "script").string()}, (scratch_ / "errors").string());
    }
    std::string place_;
};

TEST_F(MountCommand, MountsWithWhatFstabAdds) {
    const Outcome outcome =
        run_script("mount -t fuse.p9fuse '" + server_->address() + "' " + place_ + " -o 'aname=" + exported_ +
                   ",defaults,noauto,nofail,_netdev,x-systemd.automount,ro,atime,relatime,nodiratime' >&2\n" + "cat " +
                   place_ + "/f >&2; grep ' " + place_ + " ' /proc/self/mounts >&2\n" + "mount -o remount,rw " +
                   place_ + " >&2; echo $? >&2; umount " + place_);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.errors.starts_with("content\n" + server_->address() + " ")) << outcome.errors;
    EXPECT_NE(outcome.errors.find(" fuse.p9fuse ro,nosuid,nodev"), std::string::npos) << outcome.errors;
    EXPECT_NE(outcome.errors.find("unmount it and mount it again\n2\n"), std::string::npos) << outcome.errors;
}

TEST_F(MountCommand, MountsByALineOfFstab) {
    const std::string table = (scratch_ / "fstab").string();
    std::string aname = exported_;
    aname.replace(aname.find(' '), 1, "\\040");
    std::ofstream(table) << server_->address() << " " << place_ << " fuse.p9fuse aname=" << aname
                         << ",allow_suid,_netdev,noauto,x-systemd.automount 0 0\n";
    const Outcome outcome = run_script("mount -T " + table + " " + place_ + " >&2\ncat " + place_ + "/f >&2\n" +
                                       "grep ' " + place_ + " ' /proc/self/mounts >&2; umount " + place_);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_TRUE(outcome.errors.starts_with("content\n")) << outcome.errors;
    EXPECT_NE(outcome.errors.find("fuse.p9fuse rw,nodev"), std::string::npos) << outcome.errors;
}

TEST_F(MountLife, AServiceManagerIsTold) {
    ASSERT_NO_FATAL_FAILURE(mount());
    mounted_.reset();
    const int manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (scratch_ / "notify").string();
    std::strncpy(address.sun_path, name.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(manager, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval patience{20, 0};
    ::setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto heard = [&] {
        char text[1000];
        const ssize_t n = ::recv(manager, text, sizeof text, 0);
        return n < 0 ? std::string(std::strerror(errno)) : std::string(text, static_cast<std::size_t>(n));
    };
    const std::string place = scratch_.make("place");
    const pid_t child = start_program({p9fuse(), server_->address(), place, "-f", "-o", "aname=" + exported_},
                                      (scratch_ / "errors").string(), {"NOTIFY_SOCKET=" + name});
    EXPECT_EQ(heard(), "READY=1\nSTATUS=connected to " + server_->address());
    EXPECT_NE(contents_of("/proc/self/mounts").find(place), std::string::npos);
    server_->kill();
    EXPECT_TRUE(heard().starts_with("STATUS=no connection to " + server_->address()));
    ::kill(child, SIGTERM);
    EXPECT_TRUE(heard().starts_with("STOPPING=1"));
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(exit_status(status), 0);
    ::close(manager);
}

/// As somebody who is not root, with fusermount3. In a namespace of its own, where everybody may open /dev/fuse.
TEST_F(MountLife, AnOrdinaryUserMountsCleansAndAsks) {
    if (::geteuid() != 0) GTEST_SKIP() << "to become another user needs root";
    ::chmod(scratch_.make("").c_str(), 0755);
    ASSERT_EQ(::chmod(scratch_.make("export").c_str(), 0777), 0);
    const std::string place = scratch_.make("users");
    ASSERT_EQ(::chown(place.c_str(), 65534, 65534), 0);
    std::ofstream(scratch_ / "script") << R"(
        set -e
        mknod device c 10 229
        chmod 666 device
        mount --bind device /dev/fuse
        user="setpriv --reuid=65534 --regid=65534 --clear-groups"
        mount_it() { $user $1/p9fuse "exec!$1/p9serve --stdio --dir $2/export" $2/users; }
        pid() { $1/p9fuse --status $2/users | sed -n 's/^pid: //p'; }
        mount_it $1 $2
        $user sh -c "echo x > $2/users/f; cat $2/users/f" >&2
        first=$(pid $1 $2)  # root is not let in, and is told all the same
        kill -9 $first
        while $1/p9fuse --status $2/users >/dev/null 2>&1; do :; done
        mount_it $1 $2
        $user cat $2/users/f >&2
        $user $1/p9fuse x $2/users -o suid && exit 7
        $user fusermount3 -u $2/users
        echo done >&2
    )";
    const std::string top = std::filesystem::path(place).parent_path().string();
    const Outcome outcome =
        run_program({"unshare", "-m", "sh", "-c", "cd " + top + " && sh script " + P9_BINARY_DIR + " " + top},
                    (scratch_ / "script.errors").string());
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    EXPECT_EQ(outcome.errors, "x\nx\np9fuse: the option suid is for root only\ndone\n");
}

}  // namespace
}  // namespace p9::test
