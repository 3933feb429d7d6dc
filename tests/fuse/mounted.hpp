// A mount of one's own for each test: a directory, a server that exports it, and p9fuse on a private mountpoint.
//
// Everything is taken down in the destructors, the mount lazily and first, so that a test that fails in the middle
// cannot wedge the next. The test's process adopts the daemon (PR_SET_CHILD_SUBREAPER), so that its end can be awaited.
#pragma once

#include "tests/support/diod.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace p9::test {

/// A call's value, or its errno as a negative number.
inline long told(long value) { return value < 0 ? -errno : value; }

/// What became of a program.
struct Outcome {
    int status = -1;  ///< its exit status; -signal if it was killed
    std::string errors;
};

inline std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

/// A directory that is gone with the object, with what is in it.
class Scratch {
public:
    Scratch() {
        char name[] = "/tmp/p9fuse-test-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = name;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    std::string make(const std::string& name) const {
        std::filesystem::create_directories(path_ / name);
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

/// Starts a program with its standard error in `errors`.
inline pid_t start_program(const std::vector<std::string>& words, const std::string& errors,
                           const std::vector<std::string>& environment = {}) {
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(errors.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
        ::dup2(file, STDERR_FILENO);
        for (const auto& each : environment) ::putenv(const_cast<char*>(each.c_str()));
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    return child;
}

inline Outcome run_program(const std::vector<std::string>& words, const std::string& errors) {
    const pid_t child = start_program(words, errors);
    int status = 0;
    ::waitpid(child, &status, 0);
    return {exit_status(status), contents_of(errors)};
}

inline std::string p9fuse() { return std::string(P9_BINARY_DIR) + "/p9fuse"; }

/// Why there can be no mount here; empty if there can.
inline std::string why_no_mount() {
    if (::access("/dev/fuse", R_OK | W_OK) != 0) return "no access to /dev/fuse";
    if (::geteuid() != 0 && ::system("command -v fusermount3 >/dev/null") != 0) return "not root, and no fusermount3";
    return "";
}

/// A daemon's log is the system's; what p9fuse remarks in the foreground can be read.
enum class Runs : bool { as_a_daemon, in_the_foreground };

/// One mount.
class Mounted {
public:
    Mounted(const Scratch& scratch, const std::string& address, const std::string& options = "",
            const std::string& name = "mnt", Runs how = Runs::as_a_daemon)
        : path_(scratch.make(name)),
          errors_((scratch / (name + ".errors")).string()),
          log_((scratch / (name + ".log")).string()) {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        std::vector<std::string> words{p9fuse(), address, path_};
        if (!options.empty()) words.insert(words.end(), {"-o", options});
        if (how == Runs::in_the_foreground) {
            start_in_foreground(std::move(words));
            return;
        }
        outcome_ = run_program(words, errors_);
        if (outcome_.status == 0) find_daemon();
    }
    ~Mounted() {
        if (outcome_.status != 0) return;
        unmount_lazily();
        // A test that failed may still have files open, which keep even a lazily unmounted tree alive.
        if (daemon_ > 0) ::kill(daemon_, SIGKILL);
        wait_for_end();
    }
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;

    const std::string& path() const { return path_; }
    std::string path(const std::string& name) const { return path_ + "/" + name; }
    const Outcome& outcome() const { return outcome_; }
    bool is_mounted() const { return contents_of("/proc/self/mounts").find(" " + path_ + " ") != std::string::npos; }
    /// Ends the mount as people do; false if fusermount3 would not.
    bool unmount() { return run_program({"fusermount3", "-u", path_}, errors_).status == 0; }
    void unmount_lazily() {
        if (is_mounted()) run_program({"fusermount3", "-u", "-z", path_}, errors_);
    }
    /// Waits for the daemon to end: its exit status; -1 if that was awaited before.
    int wait_for_end() {
        int status = 0;
        if (daemon_ <= 0 || ::waitpid(std::exchange(daemon_, -1), &status, 0) < 0) return -1;
        return exit_status(status);
    }
    /// The daemon's process.
    pid_t daemon() const { return daemon_; }
    /// What p9fuse has remarked in the foreground.
    std::string log() const { return contents_of(log_); }

private:
    void start_in_foreground(std::vector<std::string> words) {
        words.push_back("-f");
        daemon_ = start_program(words, log_);
        while (!is_mounted()) {
            int status = 0;
            if (::waitpid(daemon_, &status, WNOHANG) == 0) continue;
            outcome_ = {exit_status(status), log()};
            return;
        }
        outcome_.status = 0;
    }
    void find_daemon() {
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            std::string line;
            try {
                line = contents_of(entry.path() / "cmdline");
            } catch (const std::ios_base::failure&) {
                continue;  // it has ended since
            }
            if (line.find("p9fuse") == line.npos || line.find(path_) == line.npos) continue;
            daemon_ = std::stoi(entry.path().filename());
        }
    }

    std::string path_;
    std::string errors_, log_;
    Outcome outcome_;
    pid_t daemon_ = -1;
};

/// An exported directory, its server and a mount of it.
class MountTest : public testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        if (const auto reason = Diod::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    }
    /// Makes the export and mounts it. Attributes and names are not cached, unless options say so, because the
    /// tests look at both sides.
    void mount(const std::string& options = "attr_timeout=0,entry_timeout=0") {
        mounted_.reset();
        exported_ = scratch_.make("export");
        server_ = std::make_unique<Diod>(exported_, Diod::Kind::unix_socket);
        mounted_ = std::make_unique<Mounted>(scratch_, server_->address(), "aname=" + exported_ + "," + options);
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
        ASSERT_TRUE(mounted_->is_mounted());
        ASSERT_GT(mounted_->daemon(), 0);
    }
    std::string here(const std::string& name) const { return mounted_->path(name); }
    std::string there(const std::string& name) const { return exported_ + "/" + name; }

    Scratch scratch_;
    std::string exported_;
    std::unique_ptr<Diod> server_;
    std::unique_ptr<Mounted> mounted_;  // ends before the server
};

}  // namespace p9::test
