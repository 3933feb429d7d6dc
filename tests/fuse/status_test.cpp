// What p9fuse --status counts: requests without an answer, connections, and answers that were at hand.

#include "tests/fuse/status.hpp"
#include "tests/fuse/cached.hpp"
#include "tests/fuse/faked.hpp"
#include "tests/fuse/reconnect.hpp"
#include "tests/fuse/trace.hpp"

#include <sys/stat.h>

namespace p9::test {
namespace {

class StatusOfRequests : public FakedMountTest {};

TEST_F(StatusOfRequests, CountsThoseThatTheServerHasNotAnswered) {
    const std::string trace = (scratch_ / "trace").string();
    ASSERT_NO_FATAL_FAILURE(mount({}, "trace=" + trace));
    EXPECT_EQ(status_of(scratch_, *mounted_)["requests_in_flight"], 0);
    constexpr std::size_t READERS = 3;
    std::vector<pid_t> readers;
    // No event ever comes.
    while (readers.size() < READERS)
        readers.push_back(start_program({"cat", here("event")}, (scratch_ / "cat").string()));
    wait_for_trace(trace, "-> Tread ", READERS);
    const auto waiting = status_of(scratch_, *mounted_);
    EXPECT_EQ(waiting["requests_in_flight"], READERS);
    EXPECT_EQ(waiting["callers_waiting"], READERS);
    for (const pid_t reader : readers) {
        ::kill(reader, SIGKILL);
        ::waitpid(reader, nullptr, 0);
    }
    // What was open is given back after the processes' end.
    for (auto after = waiting; after["requests_in_flight"] != 0 || after["callers_waiting"] != 0;)
        after = status_of(scratch_, *mounted_);
}

class StatusOfConnection : public Reconnect {};

TEST_F(StatusOfConnection, CountsThem) {
    ASSERT_NO_FATAL_FAILURE(mount());
    EXPECT_EQ(status_of(scratch_, *mounted_)["generation"], 1);
    for (const int generation : {2, 3}) {
        kill_server();
        auto lost = status_of(scratch_, *mounted_);
        while (lost["connection"] != "lost") lost = status_of(scratch_, *mounted_);
        EXPECT_EQ(lost["generation"], generation - 1);
        start_server();
        EXPECT_EQ(contents_of(here("file")), "0123456789");
        const auto back = status_of(scratch_, *mounted_);
        EXPECT_EQ(back["generation"], generation);
        EXPECT_EQ(back["connection"], "connected");
        EXPECT_FALSE(back.contains("lost_for_seconds"));
    }
}

TEST_F(StatusOfConnection, CountsFilesThatItHasToWalkToAgain) {
    ASSERT_NO_FATAL_FAILURE(mount(",entry_timeout=1000"));
    struct stat seen{};
    ASSERT_EQ(told(::stat(here("file").c_str(), &seen)), 0);
    const auto before = status_of(scratch_, *mounted_);
    for (int times = 0; times < 10; ++times) ASSERT_EQ(told(::stat(here("file").c_str(), &seen)), 0);
    const auto known = status_of(scratch_, *mounted_);
    EXPECT_GE(known["node_hits"], before["node_hits"].get<int>() + 10);
    EXPECT_EQ(known["node_misses"], before["node_misses"]);
    restart_server();
    ASSERT_EQ(told(::stat(here("file").c_str(), &seen)), 0);
    const auto again = status_of(scratch_, *mounted_);
    EXPECT_GT(again["node_misses"], known["node_misses"]);
    const double hits = again["node_hits"], misses = again["node_misses"];
    EXPECT_NEAR(again["node_hit_rate"], hits / (hits + misses), 0.001);
}

class StatusOfHits : public Cache {
protected:
    /// Mounts with a file that has not changed for a while: what is read of it can be told from what comes later.
    void mount_with_file(const std::string& options) {
        ASSERT_NO_FATAL_FAILURE(mount(options));
        put(there("file"), "text");
        let_ticks_pass();
        struct stat later{};  // so that the server's clock is known
        ASSERT_EQ(told(::stat(here("tick").c_str(), &later)), 0);
    }
    nlohmann::json status() const { return status_of(scratch_, *mounted_); }
    void read_file() const { EXPECT_EQ(contents_of(here("file")), "text"); }
};

TEST_F(StatusOfHits, OfOpensGrowWhenContentsAreKnown) {
    ASSERT_NO_FATAL_FAILURE(mount_with_file("cache=auto"));
    EXPECT_FALSE(status().contains("open_hit_rate")) << "of nothing there is no rate";
    read_file();
    auto counted = status();
    EXPECT_EQ(counted["open_hits"], 0);
    EXPECT_EQ(counted["open_misses"], 1);
    EXPECT_EQ(counted["open_hit_rate"], 0.0);
    for (int times = 0; times < 3; ++times) read_file();
    counted = status();
    EXPECT_EQ(counted["open_hits"], 3);
    EXPECT_EQ(counted["open_misses"], 1);
    EXPECT_EQ(counted["open_hit_rate"], 0.75);
}

// A listing of 9P2000.L tells names, one of 9P2000.u all that stat(2) wants to know.
TEST_F(StatusOfHits, OfListingsAreOfTheNamesThatAreToldAllAbout) {
    for (const std::string dialect : {"9P2000.L", "9P2000.u"}) {
        ASSERT_NO_FATAL_FAILURE(mount("dialect=" + dialect));
        for (int i = 0; i < 10; ++i) put(there("name" + std::to_string(i)), "x");
        EXPECT_FALSE(status().contains("listing_hit_rate")) << "of nothing there is no rate";
        const std::string list = "ls -l " + mounted_->path() + " >&2";
        EXPECT_EQ(run_program({"sh", "-c", list}, (scratch_ / "ls").string()).status, 0);
        const bool told_all = dialect == "9P2000.u";
        auto counted = status();
        EXPECT_EQ(counted["listing_hits"], told_all ? 10 : 0) << dialect;
        EXPECT_EQ(counted["listing_misses"], told_all ? 0 : 10) << dialect;
        EXPECT_EQ(counted["listing_hit_rate"], told_all ? 1.0 : 0.0) << dialect;
    }
}

TEST_F(StatusOfHits, AreLinesOfTextToo) {
    ASSERT_NO_FATAL_FAILURE(mount_with_file("cache=auto"));
    read_file();
    read_file();
    const Outcome text =
        run_program({"sh", "-c", p9fuse() + " --status " + mounted_->path() + " >&2"}, (scratch_ / "text").string());
    EXPECT_NE(text.errors.find("open_hits: 1\nopen_misses: 1\nopen_hit_rate: 0.500\n"), std::string::npos)
        << text.errors;
}

}  // namespace
}  // namespace p9::test
