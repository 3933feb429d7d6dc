// Programs that live in a mount while its server is killed and started again, many times: what they were told is
// durable is there, nothing is corrupt, and nobody hangs longer than reconnect_timeout.

#include "tests/fuse/restarting.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <sstream>
#include <thread>

namespace p9::test {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds RECONNECT_TIMEOUT{30};

/// How often the server is killed.
class Survival : public testing::TestWithParam<int> {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        exported_ = scratch_.make("export");
        server_ = std::make_unique<RestartingServer>(scratch_, std::vector<std::string>{"--dir", exported_});
        mounted_ = std::make_unique<Mounted>(scratch_, server_->address(),
                                             "reconnect_timeout=" + std::to_string(RECONNECT_TIMEOUT.count()));
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
        log_ = (scratch_ / "log").string();
    }
    void TearDown() override { mounted_.reset(); }
    static bool has_program(const std::string& name) {
        return ::system(("command -v " + name + " >/dev/null").c_str()) == 0;
    }
    /// The exit status of a shell's command; what it prints is in `output`. None may hang.
    int shell(const std::string& command) {
        const auto began = steady_clock::now();
        const Outcome outcome = run_program({"sh", "-c", "exec >" + log_ + ".out; " + command}, log_);
        output = contents_of(log_ + ".out");
        errors = outcome.errors;
        const auto took = steady_clock::now() - began;
        EXPECT_LT(took, RECONNECT_TIMEOUT + seconds(5)) << command;
        return outcome.status;
    }
    /// Does `work` again and again while the server is killed so often; `work` gets the number of the turn.
    void under_fire(const std::function<void(int)>& work) {
        std::atomic<bool> over = false;
        std::atomic<int> turns = 0;
        std::thread killer([&] {
            unsigned random = 1;
            for (int kills = 0; kills < GetParam(); ++kills) {
                // At some moment of the work, and not before some of it is done.
                for (const int before = turns; turns < before + 1;) ::poll(nullptr, 0, 1);
                ::poll(nullptr, 0, static_cast<int>((random = random * 1103515245 + 12345) >> 16) % 60);
                server_->kill();
                server_->start();
            }
            over = true;
        });
        while (!over) {
            work(turns);
            ++turns;
        }
        killer.join();
        work(turns);
    }
    std::string here(const std::string& name) const { return mounted_->path(name); }
    std::string there(const std::string& name) const { return exported_ + "/" + name; }

    Scratch scratch_;
    std::string exported_, log_, output, errors;
    std::unique_ptr<RestartingServer> server_;
    std::unique_ptr<Mounted> mounted_;
};

TEST_P(Survival, SqliteLosesNoTransaction) {
    if (!has_program("sqlite3")) GTEST_SKIP() << "no sqlite3";
    const std::string settings = ".timeout 5000\nPRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;\n";
    ASSERT_EQ(shell("echo 'CREATE TABLE t(i INTEGER PRIMARY KEY, x);' | sqlite3 " + here("db")), 0) << errors;
    std::set<int> told;
    int failed = 0;
    under_fire([&](int turn) {
        // Several transactions, each of which is told of by the next line.
        std::string commands = settings;
        for (int i = turn * 5; i < turn * 5 + 5; ++i)
            commands += "INSERT OR REPLACE INTO t VALUES(" + std::to_string(i) +
                        ", hex(randomblob(3000)));\nSELECT 'done " + std::to_string(i) + "';\n";
        std::ofstream(log_ + ".sql") << commands;
        if (shell("sqlite3 -bail " + here("db") + " <" + log_ + ".sql") != 0) ++failed;
        std::istringstream lines(output);
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with("done ")) told.insert(std::stoi(line.substr(5)));
    });
    for (const std::string& db : {here("db"), there("db")}) {
        ASSERT_EQ(shell("sqlite3 " + db + " 'PRAGMA integrity_check; SELECT i FROM t;'"), 0) << errors;
        std::istringstream lines(output);
        std::string line;
        std::getline(lines, line);
        EXPECT_EQ(line, "ok");
        std::set<int> found;
        while (std::getline(lines, line)) found.insert(std::stoi(line));
        for (const int i : told) EXPECT_TRUE(found.contains(i)) << i << " is lost";
    }
    EXPECT_GT(told.size(), static_cast<std::size_t>(GetParam()));
    RecordProperty("transactions", static_cast<int>(told.size()));
    RecordProperty("failures", failed);
}

TEST_P(Survival, GitLosesNoCommit) {
    if (!has_program("git")) GTEST_SKIP() << "no git";
    const std::string git = "git -C " + here("repository") +
                            " -c user.name=n -c user.email=e -c core.fsync=all -c gc.auto=0 -c safe.directory='*' ";
    ASSERT_EQ(shell("git init -q " + here("repository")), 0) << errors;
    std::set<std::string> told;
    int failed = 0;
    under_fire([&](int turn) {
        const std::string name = "commit" + std::to_string(turn);
        // As people do after a failure: a lock that was left behind goes first.
        const std::string locks = "rm -f " + here("repository") + "/.git/index.lock " + here("repository") +
                                  "/.git/HEAD.lock " + here("repository") + "/.git/refs/heads/*.lock; ";
        const bool done = shell(locks + "mkdir -p " + here("repository/d" + std::to_string(turn % 10)) + " && echo " +
                                name + " >" + here("repository/d" + std::to_string(turn % 10) + "/" + name) + " && " +
                                git + "add . && " + git + "commit -q -m " + name) == 0;
        if (done)
            told.insert(name);
        else
            ++failed;
    });
    shell("rm -f " + here("repository") + "/.git/*.lock");
    EXPECT_EQ(shell(git + "fsck --full --strict"), 0) << output << errors;
    ASSERT_EQ(shell(git + "log --format=%s"), 0) << errors;
    std::set<std::string> found;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) found.insert(line);
    for (const auto& name : told) EXPECT_TRUE(found.contains(name)) << name << " is lost";
    EXPECT_GT(told.size(), 0u);
    EXPECT_EQ(shell(git + "checkout -q -f HEAD && " + git + "status --porcelain"), 0) << errors;
    EXPECT_EQ(output, "");
    RecordProperty("commits", static_cast<int>(told.size()));
    RecordProperty("failures", failed);
}

INSTANTIATE_TEST_SUITE_P(Few, Survival, testing::Values(5));
INSTANTIATE_TEST_SUITE_P(Long, Survival, testing::Values(100));

/// fio checks what it wrote. Each word: how.
class Fio : public testing::TestWithParam<const char*> {
protected:
    void check(const std::string& size, const std::string& options = "") {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        if (::system("command -v fio >/dev/null") != 0) GTEST_SKIP() << "no fio";
        const Scratch scratch;
        const std::string exported = scratch.make("export");
        const Mounted mounted(scratch, "exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio --dir " + exported,
                              options);
        ASSERT_EQ(mounted.outcome().status, 0) << mounted.outcome().errors;
        std::vector<std::string> words{"fio",
                                       "--name=check",
                                       "--directory=" + mounted.path(),
                                       "--size=" + size,
                                       "--rw=randrw",
                                       "--bsrange=512-128k",
                                       "--verify=crc32c",
                                       "--verify_fatal=1",
                                       "--verify_state_save=0",
                                       "--numjobs=2",
                                       "--randrepeat=0",
                                       "--output=" + (scratch / "fio.out").string()};
        std::istringstream more(GetParam());
        for (std::string word; more >> word;) words.push_back(word);
        EXPECT_EQ(run_program(words, (scratch / "fio.errors").string()).status, 0)
            << contents_of(scratch / "fio.out") << contents_of(scratch / "fio.errors");
    }
};

TEST_P(Fio, ReadsWhatItWrote) { check("4m"); }
TEST_P(Fio, ReadsWhatItWrotePastTheCache) { check("4m", "cache=none"); }
TEST_P(Fio, ReadsWhatItWroteThroughAWritebackCache) { check("4m", "cache=loose"); }

std::string fio_name(const testing::TestParamInfo<const char*>& info) {
    const std::string_view words = info.param;
    const auto engine = words.substr(words.find('=') + 1);
    return std::string(engine.substr(0, engine.find(' '))) + (words.find("direct") != words.npos ? "_direct" : "");
}

INSTANTIATE_TEST_SUITE_P(Engines, Fio,
                         testing::Values("--ioengine=psync", "--ioengine=mmap", "--ioengine=psync --direct=1",
                                         "--ioengine=libaio --iodepth=16 --direct=1"),
                         fio_name);

}  // namespace
}  // namespace p9::test
