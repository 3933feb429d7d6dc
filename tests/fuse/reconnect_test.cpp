// A server that dies and comes back under a mount in use.

#include "tests/fuse/reconnect.hpp"

#include <dirent.h>
#include <sys/syscall.h>

#include <set>
#include <thread>

namespace p9::test {
namespace {

TEST_F(Reconnect, OpenFilesGoOn) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("file").c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
    ASSERT_GE(file, 0) << std::strerror(errno);
    ASSERT_EQ(told(::pwrite(file, "a", 1, 0)), 1);
    for (int times = 0; times < 3; ++times) {
        restart_server();
        EXPECT_EQ(read_at(file, 4, 0), "a123");
        EXPECT_EQ(told(::pwrite(file, "z", 1, 9)), 1);
        struct stat status{};
        EXPECT_EQ(told(::fstat(file, &status)), 0);
        EXPECT_EQ(status.st_size, 10);
    }
    EXPECT_EQ(contents_of(there("file")), "a12345678z");
    ::close(file);
}

TEST_F(Reconnect, NamesAreFoundAgainAtAnyDepth) {
    std::filesystem::create_directories(there("a/b/c"));
    std::ofstream(there("a/b/c/deep")) << "down";
    ASSERT_NO_FATAL_FAILURE(mount());
    const int folder = ::open(here("a/b/c").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    restart_server();
    const int file = ::openat(folder, "deep", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0) << std::strerror(errno);
    EXPECT_EQ(read_at(file, 10, 0), "down");
    EXPECT_EQ(told(::mkdirat(folder, "new", 0755)), 0);
    EXPECT_TRUE(std::filesystem::is_directory(there("a/b/c/new")));
    ::close(file);
    ::close(folder);
}

TEST_F(Reconnect, WhatTheKernelBelievesIsLookedAtAgain) {
    for (const std::string mode : {"auto", "loose"}) {
        std::ofstream(there("file")) << "0123456789";
        ASSERT_NO_FATAL_FAILURE(mount(",attr_timeout=600,entry_timeout=600,cache=" + mode));
        struct stat status{};
        ASSERT_EQ(told(::stat(here("file").c_str(), &status)), 0);
        ASSERT_EQ(contents_of(here("file")), "0123456789");
        kill_server();
        std::ofstream(there("file")) << "abcdefghij";
        std::filesystem::permissions(there("file"), std::filesystem::perms::owner_all);
        start_server();
        // A call that reaches the server waits until there is one again.
        std::ofstream(here("other")) << "x";
        ASSERT_EQ(told(::stat(here("file").c_str(), &status)), 0);
        EXPECT_EQ(status.st_mode & 0777u, 0700u) << mode;
        EXPECT_EQ(contents_of(here("file")), "abcdefghij") << mode;
        mounted_.reset();
        std::filesystem::remove(there("other"));
    }
}

TEST_F(Reconnect, CallsWaitUntilTheServerIsBack) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("file").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    EXPECT_EQ(while_the_server_dies("T", [&] { return read_at(file, 10, 0); }), "0123456789");
    ::close(file);
}

TEST_F(Reconnect, AChangeWhoseFateIsUnknownFails) {
    ASSERT_NO_FATAL_FAILURE(mount(",attr_timeout=60"));
    const int file = ::open(here("file").c_str(), O_WRONLY | O_APPEND | O_DIRECT | O_CLOEXEC);
    struct stat status{};
    ASSERT_EQ(::fstat(file, &status), 0);  // so that the write asks for nothing first
    EXPECT_EQ(while_the_server_dies("Twrite", [&] { return told(::write(file, "more", 4)); }), -EIO);
    EXPECT_EQ(told(::write(file, "!", 1)), 1);
    ::close(file);
}

// A file that was made here is no ctl file, though it says that it is empty.
TEST_F(Reconnect, TheFirstWriteToAFileThatWasMadeHereGoesOn) {
    ASSERT_NO_FATAL_FAILURE(mount(",cache=none"));
    const int file = ::open(here("made").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    ASSERT_GE(file, 0) << std::strerror(errno);
    EXPECT_EQ(while_the_server_dies("Twrite", [&] { return told(::write(file, "text", 4)); }), 4);
    EXPECT_EQ(contents_of(there("made")), "text");
    ::close(file);
}

TEST_F(Reconnect, AFileThatBecameAnotherIsStale) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("file").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    kill_server();
    std::ofstream(there("other")) << "another";
    ASSERT_EQ(std::rename(there("other").c_str(), there("file").c_str()), 0);
    start_server();
    EXPECT_EQ(read_at(file, 10, 0), std::strerror(ESTALE));
    const int fresh = ::open(here("file").c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(read_at(fresh, 10, 0), "another");
    ::close(fresh);
    ::close(file);
}

TEST_F(Reconnect, FsyncTellsThatWritesMayBeLost) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("file").c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
    ASSERT_EQ(told(::pwrite(file, "x", 1, 0)), 1);
    EXPECT_EQ(told(::fsync(file)), 0);
    restart_server();
    EXPECT_EQ(told(::fsync(file)), 0) << "all that was written before is durable";
    ASSERT_EQ(told(::pwrite(file, "y", 1, 0)), 1);
    restart_server();
    EXPECT_EQ(read_at(file, 1, 0), "y");
    EXPECT_EQ(told(::fsync(file)), -EIO);
    EXPECT_EQ(told(::fsync(file)), 0);
    ::close(file);
}

TEST_F(Reconnect, ADirectoryReadAcrossItHasEachNameOnce) {
    constexpr int COUNT = 2000;
    for (int i = 0; i < COUNT; ++i) std::ofstream(there("name-" + std::to_string(i))) << "";
    ASSERT_NO_FATAL_FAILURE(mount());
    const int folder = ::open(mounted_->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::multiset<std::string> names;
    bool restarted = false;
    alignas(8) char bytes[2048];
    for (;;) {
        const long got = ::syscall(SYS_getdents64, folder, bytes, sizeof bytes);
        ASSERT_GE(got, 0) << std::strerror(errno);
        if (got == 0) break;
        for (long at = 0; at < got;) {
            unsigned short length = 0;
            std::memcpy(&length, bytes + at + 16, sizeof length);
            names.insert(bytes + at + 19);
            at += length;
        }
        if (!restarted && names.size() > 100) {
            restart_server();
            restarted = true;
        }
    }
    EXPECT_EQ(names.size(), COUNT + 3u);  // ".", ".." and "file"
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), COUNT + 3u);
    ::close(folder);
}

class ReconnectWithoutPatience : public Reconnect, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Patience, ReconnectWithoutPatience, testing::Values("0", "0.2"));

TEST_P(ReconnectWithoutPatience, CallsFailUntilItIsBack) {
    ASSERT_NO_FATAL_FAILURE(mount(std::string(",reconnect_timeout=") + GetParam()));
    const int file = ::open(here("file").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    kill_server();
    EXPECT_EQ(read_at(file, 1, 0), std::strerror(ENOTCONN));
    EXPECT_EQ(told(::mkdir(here("new").c_str(), 0755)), -ENOTCONN);
    start_server();
    std::string got;
    do got = read_at(file, 1, 0);
    while (got == std::strerror(ENOTCONN));
    EXPECT_EQ(got, "0");
    ::close(file);
}

TEST_F(Reconnect, ACallThatWaitsCanBeInterrupted) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("file").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    kill_server();
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        struct sigaction noted{};
        noted.sa_handler = [](int) {};
        ::sigaction(SIGUSR1, &noted, nullptr);
        (void)!::write(ready[1], "r", 1);
        char byte = 0;
        ::_exit(::pread(file, &byte, 1, 0) == -1 && errno == EINTR ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        ::kill(child, SIGUSR1);
        ::poll(nullptr, 0, 10);
    }
    EXPECT_EQ(exit_status(status), 0);
    for (const int end : ready) ::close(end);
    ::close(file);
}

TEST_F(Reconnect, UnmountingWorksWhileTheServerIsGone) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = ::open(here("file").c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
    kill_server();
    std::string got;
    std::thread reader([&] { got = read_at(file, 1, 0); });
    ::kill(mounted_->daemon(), SIGTERM);
    EXPECT_EQ(mounted_->wait_for_end(), 0);
    reader.join();
    EXPECT_TRUE(got == std::strerror(ENOTCONN) || got == std::strerror(ECONNABORTED)) << got;
    EXPECT_FALSE(mounted_->is_mounted());
    ::close(file);
}

}  // namespace
}  // namespace p9::test
