// Writes that are answered before the server has answered them: who may go on, who waits, and who hears of an error.
#include "fuse/write_behind.hpp"

#include "fuse/status.hpp"
#include "tests/fuse/reconnect.hpp"

#include <nlohmann/json.hpp>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace p9::test {
namespace {

// No whole page, so that the kernel has to ask for what it reads.
const std::string PIECE(100, 'p');
// After it pages are whole, and each write is one message.
const std::string PAGE(4096, 'P');

class BehindTest : public Reconnect {
protected:
    /// A file that was made through the mount and has one piece, which the server has.
    int made(int flags = 0, const std::string& piece = PIECE) {
        const int file = ::open(here("stream").c_str(), O_CREAT | O_RDWR | O_CLOEXEC | flags, 0644);
        EXPECT_GE(file, 0) << std::strerror(errno);
        write_on(file, 1, piece);
        return file;
    }
    static void write_on(int file, int times, const std::string& piece = PIECE) {
        for (int i = 0; i < times; ++i)
            EXPECT_EQ(told(::write(file, piece.data(), piece.size())), static_cast<long>(piece.size())) << i;
    }
    /// A number of p9fuse --status. Without a program: its beginning would close the files that this process has open,
    /// and wait for what is written to them.
    long status(const std::string& name) const {
        char text[4096];
        const ssize_t size =
            ::getxattr(mounted_->path().c_str(), fuse::STATUS_JSON_ATTRIBUTE.data(), text, sizeof text);
        const std::string_view json(text, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return nlohmann::json::parse(json)[name].get<long>();
    }
    /// What was sent and received since the server was stopped, as names of messages; without those about the root.
    std::vector<std::string> messages() const {
        std::istringstream lines(contents_of(trace_).substr(seen_));
        std::vector<std::string> names;
        std::string time, direction, name, line;
        while (lines >> time >> direction >> name && std::getline(lines, line))
            if (line.find(" fid=0 ") == line.npos && name != "Rgetattr") names.push_back(name);
        return names;
    }
};

TEST_F(BehindTest, WhoWritesOnIsAnsweredWithoutTheServer) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = made();
    stop_server();
    write_on(file, 3);
    EXPECT_EQ(std::filesystem::file_size(there("stream")), PIECE.size());
    server_->go_on();
    EXPECT_EQ(told(::close(file)), 0);
    EXPECT_EQ(contents_of(there("stream")), PIECE + PIECE + PIECE + PIECE);
}

TEST_F(BehindTest, OnlySomeMegabytesAreUnderWay) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const std::string piece(1 << 20, 'm');
    constexpr int writes = 2 * fuse::WriteBehind::MOST_BYTES >> 20;
    const int file = made(0, PAGE);
    stop_server();
    std::thread writer([&] { write_on(file, writes, piece); });
    while (status("callers_waiting") != 1) std::this_thread::yield();
    const long bytes = status("bytes_written_behind");
    EXPECT_GE(bytes, long(fuse::WriteBehind::FEWEST_BYTES));
    EXPECT_LE(bytes, long(fuse::WriteBehind::MOST_BYTES));
    server_->go_on();
    writer.join();
    EXPECT_EQ(told(::close(file)), 0);
    EXPECT_EQ(std::filesystem::file_size(there("stream")), PAGE.size() + writes * piece.size());
    EXPECT_EQ(status("bytes_written_behind"), 0);
}

struct Manner {
    const char* name;
    const char* options;
    int flags;
};
std::string name_of(const testing::TestParamInfo<Manner>& info) { return info.param.name; }
class NotBehind : public BehindTest, public testing::WithParamInterface<Manner> {};

TEST_P(NotBehind, WaitsForTheServer) {
    ASSERT_NO_FATAL_FAILURE(mount(GetParam().options));
    const int file = made(GetParam().flags);
    stop_server();
    std::thread writer([&] { write_on(file, 1); });
    wait_for_message("Twrite");
    EXPECT_EQ(status("bytes_written_behind"), 0);
    EXPECT_EQ(status("callers_waiting"), 1);
    server_->go_on();
    writer.join();
    ::close(file);
}

INSTANTIATE_TEST_SUITE_P(Manners, NotBehind,
                         testing::Values(Manner{"cache_none", ",cache=none", 0}, Manner{"O_SYNC", "", O_SYNC},
                                         Manner{"O_DSYNC", "", O_DSYNC}, Manner{"O_APPEND", "", O_APPEND},
                                         Manner{"O_DIRECT", "", O_DIRECT}),
                         name_of);

TEST_F(BehindTest, AFileWithTwoNamesWaitsForTheServer) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const int file = made();
    ASSERT_EQ(::link(here("stream").c_str(), here("other").c_str()), 0);
    stop_server();
    std::thread writer([&] { write_on(file, 1); });
    wait_for_message("Twrite");
    EXPECT_EQ(status("bytes_written_behind"), 0);
    server_->go_on();
    writer.join();
    ::close(file);
}

/// A call about a file that is being written, and its result.
struct Asking {
    const char* name;
    long (*call)(int file, int other, const std::string& path);
    long expected = 0;
    const char* options = "";
};
std::string name_of_asking(const testing::TestParamInfo<Asking>& info) { return info.param.name; }
class Asked : public BehindTest, public testing::WithParamInterface<Asking> {};

TEST_P(Asked, WaitsForWhatWasWritten) {
    // Names are believed, so that the first question is the call's own; unless the parameter says otherwise.
    ASSERT_NO_FATAL_FAILURE(mount(std::string(",entry_timeout=1000") + GetParam().options));
    const int file = made();
    const int other = ::open(here("stream").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(other, 0) << std::strerror(errno);
    stop_server();
    write_on(file, 2);
    long result = -1;
    std::thread caller([&] { result = GetParam().call(file, other, here("stream")); });
    while (status("callers_waiting") != 1) std::this_thread::yield();
    server_->go_on();
    caller.join();
    EXPECT_EQ(result, GetParam().expected);
    const auto all = messages();
    ASSERT_GE(all.size(), 4u);
    const std::vector<std::string> first(all.begin(), all.begin() + 4);
    EXPECT_EQ(first, (std::vector<std::string>{"Twrite", "Twrite", "Rwrite", "Rwrite"}));
    ::close(other);
    ::close(file);
}

long length_of(int file) {
    struct stat status{};
    return ::fstat(file, &status) == 0 ? status.st_size : -errno;
}
long length_at(int, int, const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_size : -errno;
}
long lock_all(int, int other, const std::string&) {
    struct flock all{};
    all.l_type = F_WRLCK;
    return told(::fcntl(other, F_SETLK, &all));
}
long open_and_close(int, int, const std::string& path) {
    const int again = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return again < 0 ? -errno : told(::close(again));
}
long last_byte_of(int, int other, const std::string&) {
    char last;
    return told(::pread(other, &last, 1, 299)) == 1 ? last : -errno;
}

INSTANTIATE_TEST_SUITE_P(
    Calls, Asked,
    testing::Values(
        Asking{"fstat", [](int file, int, const std::string&) { return length_of(file); }, 300},
        Asking{"fstat_of_another", [](int, int other, const std::string&) { return length_of(other); }, 300},
        Asking{"stat", length_at, 300}, Asking{"stat_of_a_name", length_at, 300, ",entry_timeout=0"},
        Asking{"pread", last_byte_of, 'p'},
        Asking{"pwrite", [](int file, int, const std::string&) { return told(::pwrite(file, "x", 1, 50)); }, 1},
        Asking{"pwrite_of_another", [](int, int other, const std::string&) { return told(::pwrite(other, "x", 1, 9)); },
               1},
        Asking{"open", open_and_close},
        Asking{"close", [](int file, int, const std::string&) { return told(::close(::dup(file))); }},
        Asking{"fsync", [](int, int other, const std::string&) { return told(::fsync(other)); }},
        Asking{"ftruncate", [](int file, int, const std::string&) { return told(::ftruncate(file, 5)); }},
        Asking{"fchmod", [](int file, int, const std::string&) { return told(::fchmod(file, 0600)); }},
        Asking{"futimens", [](int file, int, const std::string&) { return told(::futimens(file, nullptr)); }},
        Asking{"unlink", [](int, int, const std::string& path) { return told(::unlink(path.c_str())); }},
        Asking{"fcntl", lock_all},
        Asking{"flock", [](int, int other, const std::string&) { return told(::flock(other, LOCK_EX)); }}),
    name_of_asking);

TEST_F(BehindTest, WhatWasUnderWayIsWrittenWhenTheServerIsBack) {
    ASSERT_NO_FATAL_FAILURE(mount());
    int to_child[2], from_child[2];
    ASSERT_EQ(::pipe2(to_child, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(from_child, O_CLOEXEC), 0);
    char byte = 0;
    // Not in this process: the new server's would begin with closing this file, and wait.
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = made();
        const bool begun = ::write(from_child[1], &byte, 1) == 1 && ::read(to_child[0], &byte, 1) == 1;
        write_on(file, 5);
        const bool written = begun && ::write(from_child[1], &byte, 1) == 1;
        ::_exit(written && ::close(file) == 0 ? 0 : 1);
    }
    ASSERT_EQ(::read(from_child[0], &byte, 1), 1);
    stop_server();
    ASSERT_EQ(::write(to_child[1], &byte, 1), 1);
    ASSERT_EQ(::read(from_child[0], &byte, 1), 1);
    kill_server();
    start_server();
    int end = 0;
    ASSERT_EQ(::waitpid(child, &end, 0), child);
    EXPECT_EQ(exit_status(end), 0);
    std::string expected;
    for (int i = 0; i < 6; ++i) expected += PIECE;
    EXPECT_EQ(contents_of(there("stream")), expected);
    for (const int each : {to_child[0], to_child[1], from_child[0], from_child[1]}) ::close(each);
}

TEST_F(BehindTest, CloseTellsWhenTheServerDoesNotComeBack) {
    ASSERT_NO_FATAL_FAILURE(mount(",reconnect_timeout=1", Runs::in_the_foreground));
    const int file = made();
    stop_server();
    write_on(file, 1);
    kill_server();
    EXPECT_EQ(told(::close(file)), -ENOTCONN);
    EXPECT_NE(mounted_->log().find("/stream: 100 bytes at 100 were not written: "), std::string::npos)
        << mounted_->log();
}

// When a killed process closes its files no signal reaches it any more.
TEST_F(BehindTest, CloseDoesNotWaitWithoutEndForAServerThatHangs) {
    ASSERT_NO_FATAL_FAILURE(mount(",reconnect_timeout=1"));
    const int file = made();
    stop_server();
    write_on(file, 3);
    EXPECT_EQ(told(::close(::dup(file))), -ETIMEDOUT);
    server_->go_on();
    EXPECT_EQ(told(::close(file)), 0);
    EXPECT_EQ(std::filesystem::file_size(there("stream")), 4 * PIECE.size());
}

TEST_F(BehindTest, WhatAKilledWriterLeftIsWrittenBeforeTheMountEnds) {
    ASSERT_NO_FATAL_FAILURE(mount());
    const std::string piece(64 << 10, 'k');
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = made();
        write_on(file, 20, piece);
        ::kill(::getpid(), SIGKILL);
    }
    int end = 0;
    ASSERT_EQ(::waitpid(child, &end, 0), child);
    EXPECT_TRUE(mounted_->unmount());
    EXPECT_EQ(mounted_->wait_for_end(), 0);
    EXPECT_EQ(std::filesystem::file_size(there("stream")), PIECE.size() + 20 * piece.size());
}

/// A server with room for a megabyte.
class Full : public BehindTest {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        server_.emplace(scratch_, std::vector<std::string>{"--memory", "--size", "1M"});
        ASSERT_NO_FATAL_FAILURE(mount("", Runs::in_the_foreground));
        file_ = made(0, PAGE);
        stop_server();
        write_on(file_, 20, piece_);
        server_->go_on();
    }
    void TearDown() override {
        if (file_ >= 0) ::close(file_);
        Reconnect::TearDown();
    }

    std::string piece_ = std::string(64 << 10, 'f');
    int file_ = -1;
};

TEST_F(Full, CloseTells) {
    EXPECT_EQ(told(::close(std::exchange(file_, -1))), -ENOSPC);
    EXPECT_NE(mounted_->log().find("/stream: 65536 bytes at 987136 were not written: "), std::string::npos)
        << mounted_->log();
}

TEST_F(Full, EachCloseTellsUntilFsyncHas) {
    EXPECT_EQ(told(::close(::dup(file_))), -ENOSPC);
    EXPECT_EQ(told(::close(::dup(file_))), -ENOSPC);
    EXPECT_EQ(told(::fsync(file_)), -ENOSPC);
    EXPECT_EQ(told(::fsync(file_)), 0);
    EXPECT_EQ(told(::close(std::exchange(file_, -1))), 0);
}

TEST_F(Full, TheNextWriteTells) {
    while (status("bytes_written_behind") != 0) std::this_thread::yield();
    EXPECT_EQ(told(::write(file_, "x", 1)), -ENOSPC);
    EXPECT_LE(length_of(file_), 1 << 20);
    EXPECT_EQ(told(::close(std::exchange(file_, -1))), 0);
}

}  // namespace
}  // namespace p9::test
