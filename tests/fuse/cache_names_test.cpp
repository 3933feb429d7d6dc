// What is kept of names: listings, names that are fetched ahead, and the fids that they take on the server.

#include "tests/fuse/cached.hpp"
#include "tests/fuse/restarting.hpp"
#include "tests/support/delay_proxy.hpp"

#include <algorithm>
#include <sstream>
#include <thread>

namespace p9::test {
namespace {

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
    const std::string near = (scratch_ / "socket").string(), far = (scratch_ / "far").string();
    const RestartingServer server(scratch_, {"--dir", exported_});
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

}  // namespace
}  // namespace p9::test
