// Files that change behind the mount: what may be seen when, in each cache mode.

#include "tests/fuse/served.hpp"
#include "tests/support/delay_proxy.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <sstream>
#include <thread>

namespace p9::test {
namespace {

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
    return count;
}

class Cache : public ServedMountTest {
protected:
    /// Mounts with a trace of what is sent.
    void mount_traced(const std::string& options) {
        trace_ = (scratch_ / "trace").string();
        mount(options + ",trace=" + trace_);
    }
    /// How many of these messages were sent so far.
    std::size_t sent(const std::string& message) const { return count_of(contents_of(trace_), " " + message + " "); }
    /// Puts text into a file, in place.
    static void put(const std::string& path, const std::string& text) {
        const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
        EXPECT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size())) << path;
        ::close(file);
    }
    /// Returns when the server's file system stamps changes with a time that is some ticks later than now.
    void let_ticks_pass() {
        const auto stamped = [&] {
            put(there("tick"), "");
            struct stat status{};
            ::stat(there("tick").c_str(), &status);
            return status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
        };
        const auto begin = stamped();
        while (stamped() < begin + 60'000'000) {
        }
    }

    std::string trace_;
};

// --- cache=auto -----------------------------------------------------------------------------------------------------

TEST_F(Cache, AutoSeesAtOpenWhatWasClosedBefore) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "first");
    EXPECT_EQ(contents_of(here("f")), "first");
    // Of the same length, and within the time for which the kernel believes attributes.
    put(there("f"), "other");
    EXPECT_EQ(contents_of(here("f")), "other");
    put(there("f"), "longer than before");
    EXPECT_EQ(contents_of(here("f")), "longer than before");
    put(there("f"), "short");
    EXPECT_EQ(contents_of(here("f")), "short");
    put(there("f"), "");
    EXPECT_EQ(contents_of(here("f")), "");
    put(there("f"), "again");
    EXPECT_EQ(contents_of(here("f")), "again");
}

TEST_F(Cache, AutoIsNotFooledByQuickChangesOfTheSameLength) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    for (int i = 1000; i < 1200; ++i) {
        put(there("f"), std::to_string(i));
        ASSERT_EQ(contents_of(here("f")), std::to_string(i));
    }
}

TEST_F(Cache, AutoIsNotFooledByATimeThatWasSetBack) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    const timespec when[2] = {{1'600'000'000, 7}, {1'600'000'000, 7}};
    put(there("f"), "one");
    ::utimensat(AT_FDCWD, there("f").c_str(), when, 0);
    let_ticks_pass();
    EXPECT_EQ(contents_of(here("f")), "one");
    put(there("f"), "two");
    ::utimensat(AT_FDCWD, there("f").c_str(), when, 0);
    EXPECT_EQ(contents_of(here("f")), "two");
}

TEST_F(Cache, AutoOpensTheFileThatHasTheNameNow) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "old");
    put(there("g"), "new");
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);  // the kernel knows the name for a second from here
    std::filesystem::rename(there("g"), there("f"));
    EXPECT_EQ(contents_of(here("f")), "new");
    std::filesystem::remove(there("f"));
    EXPECT_EQ(::open(here("f").c_str(), O_RDONLY), -1);
    EXPECT_EQ(errno, ENOENT);
    put(there("f"), "back");
    EXPECT_EQ(contents_of(here("f")), "back");
}

TEST_F(Cache, AutoNeverTruncatesAFileThatLostTheName) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "precious");
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    std::filesystem::rename(there("f"), there("kept"));
    put(there("f"), "worthless");
    put(here("f"), "x");
    EXPECT_EQ(contents_of(there("kept")), "precious");
    EXPECT_EQ(contents_of(there("f")), "x");
}

TEST_F(Cache, AutoTellsTheNewLengthOnceAFileIsOpen) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "123");
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    put(there("f"), "123456");
    const int file = ::open(here("f").c_str(), O_RDONLY);
    ASSERT_EQ(::fstat(file, &status), 0);
    EXPECT_EQ(status.st_size, 6);
    void* memory = ::mmap(nullptr, 6, PROT_READ, MAP_PRIVATE, file, 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_EQ(std::string(static_cast<char*>(memory), 6), "123456");
    ::munmap(memory, 6);
    ::close(file);
}

TEST_F(Cache, AutoReadsAnUnchangedFileOnce) {
    put((scratch_ / "f").string(), "");
    ASSERT_NO_FATAL_FAILURE(mount_traced(""));
    put(there("f"), "text");
    let_ticks_pass();
    put(there("later"), "so that the server's clock is known");
    EXPECT_EQ(contents_of(here("later")), "so that the server's clock is known");
    EXPECT_EQ(contents_of(here("f")), "text");
    const auto reads = sent("Tread");
    EXPECT_GT(reads, 0u);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(contents_of(here("f")), "text");
    EXPECT_EQ(sent("Tread"), reads);
    put(there("f"), "txet");
    EXPECT_EQ(contents_of(here("f")), "txet");
    EXPECT_GT(sent("Tread"), reads);
}

TEST_F(Cache, AutoSeesWhatAnotherWroteBetweenOwnWritesAndClose) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    put(there("f"), "aaaaaaaa");
    let_ticks_pass();
    const int file = ::open(here("f").c_str(), O_RDWR);
    ASSERT_EQ(::pwrite(file, "MMMM", 4, 0), 4);
    const int other = ::open(there("f").c_str(), O_RDWR);
    ASSERT_EQ(::pwrite(other, "SSSS", 4, 0), 4);
    ::close(other);
    ASSERT_EQ(::pwrite(file, "EEEE", 4, 4), 4);
    ::close(file);
    EXPECT_EQ(contents_of(here("f")), "SSSSEEEE");
}

TEST_F(Cache, AutoSeesNewNamesAtOnce) {
    ASSERT_NO_FATAL_FAILURE(mount(""));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
    put(there("f"), "there");
    EXPECT_EQ(::access(here("f").c_str(), F_OK), 0);
    EXPECT_EQ(contents_of(here("f")), "there");
}

// --- cache=none -----------------------------------------------------------------------------------------------------

TEST_F(Cache, NoneReachesTheServerWithEveryCall) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=none"));
    put(there("f"), "text");
    const int file = ::open(here("f").c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    for (const std::string text : {"text", "next", "more"}) {
        put(there("f"), text);
        const auto reads = sent("Tread"), looks = sent("Tgetattr");
        char bytes[10] = {};
        EXPECT_EQ(::pread(file, bytes, sizeof bytes, 0), 4);
        EXPECT_EQ(std::string(bytes), text);
        EXPECT_GT(sent("Tread"), reads);
        struct stat status{};
        EXPECT_EQ(::stat(here("f").c_str(), &status), 0);
        EXPECT_EQ(status.st_size, 4);
        EXPECT_GT(sent("Tgetattr"), looks);
    }
    ::close(file);
    std::filesystem::remove(there("f"));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
}

// --- cache=loose ----------------------------------------------------------------------------------------------------

TEST_F(Cache, LooseAsksNothingTwice) {
    std::filesystem::create_directory(scratch_ / "export");
    put((scratch_ / "export").string() + "/f", "text");
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=loose"));
    struct stat status{};
    EXPECT_EQ(contents_of(here("f")), "text");
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    EXPECT_EQ(::access(here("none").c_str(), F_OK), -1);
    const auto looks = sent("Tgetattr"), walks = sent("Twalk"), reads = sent("Tread");
    put(there("f"), "another");  // nobody should
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
        EXPECT_EQ(status.st_size, 4);
        EXPECT_EQ(::access(here("none").c_str(), F_OK), -1);
    }
    EXPECT_EQ(sent("Tgetattr"), looks);
    EXPECT_EQ(sent("Twalk"), walks);
    EXPECT_EQ(contents_of(here("f")), "text");
    EXPECT_EQ(sent("Tread"), reads);
}

TEST_F(Cache, LooseGathersWritesAndLosesNone) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("cache=loose"));
    std::string expected;
    {
        const int file = ::open(here("f").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0644);
        for (int i = 0; i < 2000; ++i) {
            const std::string line = "line " + std::to_string(i) + "\n";
            ASSERT_EQ(::write(file, line.data(), line.size()), static_cast<ssize_t>(line.size()));
            expected += line;
        }
        EXPECT_LT(sent("Twrite"), 100u);
        ::close(file);
    }
    EXPECT_TRUE(contents_of(there("f")) == expected);
    EXPECT_TRUE(contents_of(here("f")) == expected);
    // Parts of pages of a file that is opened for writing only.
    const int file = ::open(here("f").c_str(), O_WRONLY);
    ASSERT_EQ(::pwrite(file, "LINE", 4, 7000), 4);
    ASSERT_EQ(::fsync(file), 0);
    expected.replace(7000, 4, "LINE");
    EXPECT_TRUE(contents_of(there("f")) == expected);
    ::close(file);
    const int end = ::open(here("f").c_str(), O_WRONLY | O_APPEND);
    ASSERT_EQ(::write(end, "end", 3), 3);
    ::close(end);
    EXPECT_TRUE(contents_of(there("f")) == expected + "end");
}

TEST_F(Cache, LooseWritesAFileThatMayNotBeRead) {
    ASSERT_NO_FATAL_FAILURE(mount("cache=loose"));
    put(here("f"), "0123456789");
    ASSERT_EQ(::chmod(here("f").c_str(), 0200), 0);
    const int file = ::open(here("f").c_str(), O_WRONLY);
    ASSERT_GE(file, 0) << std::strerror(errno);
    EXPECT_EQ(::pwrite(file, "ab", 2, 3), 2);
    EXPECT_EQ(::close(file), 0);
    EXPECT_EQ(contents_of(there("f")), "012ab56789");
}

/// The names of a directory, each looked at as ls -l does.
std::size_t list_all(const std::string& path) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        struct stat status{};
        EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0) << entry.path();
        files += S_ISREG(status.st_mode) ? 1 : 0;
    }
    return files;
}

TEST_F(Cache, AListingIsKeptWhileTheDirectoryIsUnchanged) {
    for (const std::string mode : {"auto", "loose"}) {
        std::filesystem::remove_all(scratch_ / "export");
        ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600,entry_timeout=600,cache=" + mode));
        std::filesystem::create_directory(there("d"));
        for (int i = 0; i < 300; ++i) put(there("d/" + std::to_string(i)), "text");
        let_ticks_pass();
        put(there("later"), "so that the server's clock is known");
        EXPECT_EQ(contents_of(here("later")).size(), 35u);
        // Having listed a directory the kernel asks for its access time once more.
        for (int i = 0; i < 2; ++i) EXPECT_EQ(list_all(here("d")), 300u);
        const auto lists = sent("Treaddir"), walks = sent("Twalk"), looks = sent("Tgetattr");
        EXPECT_GT(lists, 0u);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(list_all(here("d")), 300u);
        EXPECT_EQ(sent("Treaddir"), lists) << mode;
        EXPECT_EQ(sent("Twalk"), walks) << mode;
        EXPECT_LE(sent("Tgetattr"), looks + (mode == "auto" ? 3 : 0)) << mode;
        put(here("d/own"), "made here");
        EXPECT_EQ(list_all(here("d")), 301u) << mode;
        if (mode == "loose") continue;
        put(there("d/other"), "made there");
        EXPECT_EQ(list_all(here("d")), 302u);
    }
}

/// p9serve on a Unix socket.
class Server {
public:
    Server(const std::string& socket, const std::string& exported) {
        const std::string program = std::string(P9_BINARY_DIR) + "/p9serve";
        output_ =
            ::popen(("echo $$; exec " + program + " --listen unix!" + socket + " --dir " + exported).c_str(), "r");
        char line[256];
        if (std::fgets(line, sizeof line, output_) != nullptr) pid_ = std::stoi(line);
        (void)!std::fgets(line, sizeof line, output_);  // it listens
    }
    ~Server() {
        if (pid_ > 0) ::kill(pid_, SIGTERM);
        ::pclose(output_);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

private:
    std::FILE* output_ = nullptr;
    pid_t pid_ = -1;
};

/// A link with a delay of so much each way to the socket `near`, for as long as it lives.
class SlowLink {
public:
    SlowLink(const std::string& far, const std::string& near, std::chrono::milliseconds delay)
        : proxy_(io_, stream_endpoint(far), stream_endpoint(near), delay), thread_([this] { io_.run(); }) {}
    ~SlowLink() {
        io_.stop();
        thread_.join();
    }
    SlowLink(const SlowLink&) = delete;
    SlowLink& operator=(const SlowLink&) = delete;

private:
    boost::asio::io_context io_;
    DelayProxy proxy_;
    std::thread thread_;
};

TEST_F(Cache, NamesThatAreLookedUpOneAfterTheOtherAreFetchedAheadOnASlowLink) {
    exported_ = scratch_.make("export");
    const std::string near = (scratch_ / "near").string(), far = (scratch_ / "far").string();
    const Server server(near, exported_);
    const SlowLink link(far, near, std::chrono::milliseconds(5));
    for (int i = 0; i < 200; ++i) put(there(std::to_string(i)), std::string(static_cast<std::size_t>(i), 'x'));
    trace_ = (scratch_ / "trace").string();
    mounted_ = std::make_unique<Mounted>(scratch_, "unix!" + far, "attr_timeout=600,entry_timeout=600,trace=" + trace_);
    ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
    struct stat status{};
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(::lstat(here(std::to_string(i)).c_str(), &status), 0) << i;
        EXPECT_EQ(status.st_size, i);
    }
    // Each name once by the fetching, and again only those that were looked up before it was done.
    EXPECT_LT(sent("Twalk"), 300u);
    EXPECT_LT(::lstat(here("later").c_str(), &status), 0);
    put(there("later"), "text");
    EXPECT_EQ(::lstat(here("later").c_str(), &status), 0);
    EXPECT_EQ(contents_of(here("199")), std::string(199, 'x'));
    // The mount ends before its link.
    mounted_.reset();
}

TEST_F(Cache, FidsOnTheServerHaveABound) {
    ASSERT_NO_FATAL_FAILURE(mount_traced("attr_timeout=600,entry_timeout=600"));
    for (int i = 0; i < 5000; ++i) put(there("f" + std::to_string(i)), "");
    EXPECT_EQ(list_all(mounted_->path()), 5000u);
    std::istringstream trace(contents_of(trace_));
    std::size_t held = 0, most = 0;
    for (std::string line; std::getline(trace, line);) {
        if (line.find("<- Rwalk ") != line.npos) most = std::max(most, ++held);
        if (line.find("<- Rclunk ") != line.npos) --held;
    }
    EXPECT_GT(most, 3000u);
    EXPECT_LE(most, 4096u);
    // Those that were given up are found again.
    EXPECT_EQ(contents_of(here("f0")), "");
    EXPECT_EQ(::chmod(here("f1").c_str(), 0600), 0);
    EXPECT_EQ(::unlink(here("f2").c_str()), 0);
}

TEST_F(Cache, SyntheticFilesAreReadAnewEachTime) {
    // Files whose length says more than is in them: sysfs shows 4096 bytes for all.
    if (::access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) != 0) GTEST_SKIP() << "no sysfs";
    const std::string server = "exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio --dir /sys/kernel/mm";
    const std::string trace = (scratch_ / "trace").string();
    Mounted sys(scratch_, server, "trace=" + trace, "sys");
    ASSERT_EQ(sys.outcome().status, 0) << sys.outcome().errors;
    const std::string name = "transparent_hugepage/enabled";
    for (int i = 0; i < 4; ++i) {
        const auto before = count_of(contents_of(trace), " Tread ");
        EXPECT_EQ(contents_of(sys.path(name)), contents_of("/sys/kernel/mm/" + name));
        EXPECT_GT(count_of(contents_of(trace), " Tread "), before) << "read " << i << " came from the cache";
    }
}

// --- all modes ------------------------------------------------------------------------------------------------------

TEST_F(Cache, AnEmptyFileThatGrowsIsReadRight) {
    for (const std::string mode : {"auto", "none", "loose"}) {
        ASSERT_NO_FATAL_FAILURE(mount("cache=" + mode));
        const std::string name = "grows-" + mode;
        put(there(name), "");
        const int file = ::open(here(name).c_str(), O_RDONLY);
        ASSERT_GE(file, 0);
        char bytes[20] = {};
        EXPECT_EQ(::read(file, bytes, sizeof bytes), 0) << mode;
        put(there(name), "grown");
        EXPECT_EQ(::read(file, bytes, sizeof bytes), 5) << mode;
        EXPECT_STREQ(bytes, "grown");
        std::string large(300'000, 'x');
        put(there(name), large);
        std::string all(large.size() + 1, '\0');
        std::size_t got = 0;
        for (ssize_t n = 1; n > 0; got += static_cast<std::size_t>(n))
            n = ::pread(file, all.data() + got, all.size() - got, static_cast<off_t>(got));
        EXPECT_EQ(got, large.size()) << mode;
        ::close(file);
    }
}

TEST_F(Cache, TimesThatAreGivenWinOverTheMode) {
    ASSERT_NO_FATAL_FAILURE(mount("negative_timeout=60,entry_timeout=60,attr_timeout=60"));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
    put(there("f"), "text");
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);  // believed
    put(here("f"), "made here");                       // but not where it matters
    EXPECT_EQ(contents_of(here("f")), "made here");
    ASSERT_NO_FATAL_FAILURE(mount("attr_timeout=0,entry_timeout=0,cache=loose"));
    struct stat status{};
    ASSERT_EQ(::stat(here("f").c_str(), &status), 0);
    std::filesystem::remove(there("f"));
    EXPECT_EQ(::access(here("f").c_str(), F_OK), -1);
}

}  // namespace
}  // namespace p9::test
