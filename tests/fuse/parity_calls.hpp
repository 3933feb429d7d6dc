// Calls on a mount of what p9serve serves and in a local directory, also those of another user.
#pragma once

#include "tests/fuse/checker.hpp"
#include "tests/fuse/served.hpp"

#include <grp.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

namespace p9::test {
/// Outcomes of calls, in the order in which these are written. Operands of + have none.
inline std::string join(std::initializer_list<std::string> outcomes) {
    std::string joined;
    for (const auto& outcome : outcomes) joined.append(joined.empty() ? "" : " ").append(outcome);
    return joined;
}

/// A call that prepares a scenario: without what it does both sides would be alike, and for nothing.
inline long must(long value) {
    EXPECT_GE(value, 0) << std::strerror(errno) << ", so that this compares two failures";
    return value;
}

inline bool becomes_another_user() {
    return ::setgroups(0, nullptr) == 0 && ::setresgid(1000, 1000, 1000) == 0 && ::setresuid(1000, 1000, 1000) == 0;
}

class ParityOfCalls : public ServedMountTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        if (::geteuid() != 0) GTEST_SKIP() << "other users' calls need root";
        ::umask(022);
        ASSERT_NO_FATAL_FAILURE(mount(std::string("allow_other,default_permissions,") + GetParam()));
        local_ = scratch_.make("local");
        std::filesystem::permissions(scratch_ / ".", std::filesystem::perms(0755));
        std::filesystem::permissions(local_, std::filesystem::perms(0777));
        std::filesystem::permissions(mounted_->path(), std::filesystem::perms(0777));
        roots_[0] = ::open(mounted_->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        roots_[1] = ::open(local_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    void TearDown() override {
        for (const int root : roots_)
            if (root >= 0) ::close(root);
    }
    /// A call that takes the directory to work in, on both sides; it tells its result by words.
    void same(const char* what, const std::function<std::string(int)>& call) {
        const std::string mounted = call(roots_[0]);
        const std::string local = call(roots_[1]);
        EXPECT_EQ(mounted, local) << what << " (the mount's result first)";
    }
    /// The same in a process of user 1000.
    void same_as_user(const char* what, const std::function<std::string(int)>& call) {
        same(what, [&](int d) {
            int ends[2];
            must(::pipe(ends));
            std::fflush(stdout);
            const bool failed_before = HasFailure();
            const pid_t child = ::fork();
            if (child == 0) {
                must(becomes_another_user() ? 0 : -1);
                const std::string text = call(d);
                (void)!::write(ends[1], text.data(), text.size());
                std::fflush(stdout);
                ::_exit(HasFailure() && !failed_before ? 1 : 0);
            }
            ::close(ends[1]);
            std::string text(4000, '\0');
            text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), text.size()))));
            ::close(ends[0]);
            int status = 0;
            ::waitpid(child, &status, 0);
            EXPECT_EQ(exit_status(status), 0) << what << ", in the other user's process";
            return text;
        });
    }

    std::string local_;
    int roots_[2] = {-1, -1};
};

/// An open file that closes itself.
class Opened {
public:
    Opened(int directory, const char* path, int flags, mode_t mode = 0644)
        : file_(::openat(directory, path, flags | O_CLOEXEC, mode)), why_(file_ < 0 ? result_text(-1) : "") {}
    ~Opened() {
        if (file_ >= 0) ::close(file_);
    }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    operator int() const { return file_; }
    const std::string& why() const { return why_; }

private:
    int file_;
    std::string why_;
};

/// One that a scenario is about nothing without.
class Prepared : public Opened {
public:
    Prepared(int directory, const char* path, int flags, mode_t mode = 0644) : Opened(directory, path, flags, mode) {
        must(*this);
    }
};

inline std::string mode_of(int d, const char* path) {
    struct stat status{};
    if (::fstatat(d, path, &status, AT_SYMLINK_NOFOLLOW) != 0) return result_text(-1);
    char text[40];
    std::snprintf(text, sizeof text, "%o", status.st_mode);
    return text;
}

inline std::string text_in(int d, const char* path) {
    const Opened file(d, path, O_RDONLY);
    std::string text(10'000, '\0');
    const ssize_t got = ::read(file, text.data(), text.size());
    if (got < 0) return result_text(-1);
    text.resize(static_cast<std::size_t>(got));
    return text;
}

/// Writes a file, which must succeed.
inline void put(int d, const char* path, const std::string& text, int flags = O_CREAT | O_TRUNC | O_WRONLY) {
    const Prepared file(d, path, flags);
    EXPECT_EQ(must(::write(file, text.data(), text.size())), static_cast<long>(text.size()));
}

}  // namespace p9::test
