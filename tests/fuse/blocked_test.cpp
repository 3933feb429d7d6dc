// A mount never blocks: not with thousands of reads that wait for events, and not with a server that hangs or is dead.

#include "tests/fuse/restarting.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

namespace p9::test {
namespace {

/// Counts a word in a file that grows, reading each part once.
class Watched {
public:
    Watched(std::string path, std::string word) : file_(path, std::ios::binary), word_(std::move(word)) {}
    std::size_t count() {
        file_.clear();
        std::string line;
        for (std::streampos at = file_.tellg(); std::getline(file_, line); at = file_.tellg()) {
            if (file_.eof()) {  // not the whole line yet
                file_.clear();
                file_.seekg(at);
                break;
            }
            count_ += line.find(word_) != line.npos;
        }
        return count_;
    }
    void wait_for(std::size_t count) {
        while (this->count() < count) ::poll(nullptr, 0, 2);
    }

private:
    std::ifstream file_;
    std::string word_;
    std::size_t count_ = 0;
};

/// Reads `path` with so many threads, each of which waits; when a byte comes on `go`, interrupts them one by one. Exits
/// with 0 if every read ended with EINTR.
[[noreturn]] void read_with_threads(const std::string& path, int threads, int go) {
    struct sigaction noted{};
    noted.sa_handler = [](int) {};
    ::sigaction(SIGUSR1, &noted, nullptr);
    std::atomic<int> interrupted = 0;
    std::vector<pthread_t> all(static_cast<std::size_t>(threads));
    pthread_attr_t small;
    ::pthread_attr_init(&small);
    ::pthread_attr_setstacksize(&small, 64 << 10);
    struct Shared {
        const std::string& path;
        std::atomic<int>& interrupted;
    } shared{path, interrupted};
    const auto read_one = [](void* of) -> void* {
        auto& mine = *static_cast<Shared*>(of);
        const int file = ::open(mine.path.c_str(), O_RDONLY | O_CLOEXEC);
        char bytes[100];
        if (file >= 0 && ::read(file, bytes, sizeof bytes) < 0 && errno == EINTR) ++mine.interrupted;
        return nullptr;
    };
    for (auto& thread : all)
        if (::pthread_create(&thread, &small, read_one, &shared) != 0) ::_exit(2);
    char byte = 0;
    if (::read(go, &byte, 1) != 1) ::_exit(3);
    for (auto& thread : all) ::pthread_kill(thread, SIGUSR1);
    for (auto& thread : all) ::pthread_join(thread, nullptr);
    ::_exit(interrupted == threads ? 0 : 1);
}

class Blocked : public testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
    }
    void serve(const std::vector<std::string>& tree, const std::string& options) {
        server_ = std::make_unique<RestartingServer>(scratch_, tree);
        mounted_ = std::make_unique<Mounted>(scratch_, server_->address(), options);
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
    }
    void ctl(const std::vector<std::string>& words) {
        std::vector<std::string> command{std::string(P9_BINARY_DIR) + "/p9ctl", "-a", server_->address()};
        command.insert(command.end(), words.begin(), words.end());
        const Outcome outcome = run_program(command, (scratch_ / "ctl.errors").string());
        ASSERT_EQ(outcome.status, 0) << outcome.errors;
    }
    std::string here(const std::string& name) const { return mounted_->path(name); }

    Scratch scratch_;
    std::unique_ptr<RestartingServer> server_;
    std::unique_ptr<Mounted> mounted_;
};

TEST_F(Blocked, TenThousandReadsOfInterruptsHinderNobody) {
#ifdef __SANITIZE_ADDRESS__
    constexpr int PROCESSES = 10, THREADS = 100;  // its threads take more memory than there is
#else
    constexpr int PROCESSES = 10, THREADS = 1000;
#endif
    constexpr std::size_t ALL = std::size_t{PROCESSES} * THREADS;
    const std::string trace = (scratch_ / "trace").string();
    ASSERT_NO_FATAL_FAILURE(serve({"--sip"}, "trace=" + trace));
    ASSERT_NO_FATAL_FAILURE(ctl({"new", "example-driver", "--name", "d", "--capability", "interrupt", "--start"}));
    ASSERT_NO_FATAL_FAILURE(ctl({"write", "/dev/irq/ctl", "register 5 d"}));
    Watched reads(trace, "-> Tread "), flushes(trace, "-> Tflush ");
    struct Reader {
        pid_t process;
        int go;
    };
    std::vector<Reader> readers;
    for (int i = 0; i < PROCESSES; ++i) {
        int go[2];
        ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
        const pid_t child = ::fork();
        if (child == 0) read_with_threads(here("dev/irq/5"), THREADS, go[0]);
        ::close(go[0]);
        readers.push_back({child, go[1]});
    }
    reads.wait_for(ALL);
    // The mount answers, also what waits for nothing in the same directory.
    EXPECT_NE(contents_of(here("dev/irq/ctl")), "");
    EXPECT_EQ(contents_of(here("dev/sip/servers/d/status")).find("name"), 0u);
    // Half of them by a signal as Ctrl-C sends it, the others by kill -9.
    for (std::size_t i = 0; i < readers.size(); ++i) {
        if (i % 2 == 0)
            EXPECT_EQ(::write(readers[i].go, "g", 1), 1);
        else
            ::kill(readers[i].process, SIGKILL);
    }
    for (std::size_t i = 0; i < readers.size(); ++i) {
        int status = 0;
        ASSERT_EQ(::waitpid(readers[i].process, &status, 0), readers[i].process);
        EXPECT_EQ(exit_status(status), i % 2 == 0 ? 0 : -SIGKILL);
        ::close(readers[i].go);
    }
    flushes.wait_for(ALL);
    EXPECT_NE(contents_of(here("dev/irq/ctl")), "");
    EXPECT_TRUE(mounted_->unmount());
    EXPECT_EQ(mounted_->wait_for_end(), 0);
}

/// How a mount is ended.
enum class Ending { fusermount, lazily, signal };

class HangingServer : public Blocked, public testing::WithParamInterface<Ending> {
protected:
    void serve_directory() {
        const std::string exported = scratch_.make("export");
        std::ofstream(exported + "/file") << "text\n";
        ASSERT_NO_FATAL_FAILURE(serve({"--dir", exported}, "attr_timeout=60,entry_timeout=60"));
        // Not read: then the kernel would not know the time of the last access.
        struct stat status{};
        EXPECT_EQ(told(::stat(here("file").c_str(), &status)), 0);
    }
    void end_mount() {
        const std::string errors = (scratch_ / "umount.errors").string();
        switch (GetParam()) {
            case Ending::fusermount:
                EXPECT_EQ(run_program({"fusermount3", "-u", mounted_->path()}, errors).status, 0)
                    << contents_of(errors);
                break;
            case Ending::lazily:
                EXPECT_EQ(run_program({"fusermount3", "-uz", mounted_->path()}, errors).status, 0)
                    << contents_of(errors);
                break;
            case Ending::signal:
                ::kill(mounted_->daemon(), SIGTERM);
                break;
        }
        EXPECT_EQ(mounted_->wait_for_end(), 0);
        EXPECT_FALSE(mounted_->is_mounted());
    }
};

TEST_P(HangingServer, AStoppedOneDoesNotHoldUpTheEndOfTheMount) {
    ASSERT_NO_FATAL_FAILURE(serve_directory());
    server_->stop();
    // What the kernel remembers needs no server.
    struct stat status{};
    EXPECT_EQ(told(::stat(here("file").c_str(), &status)), 0);
    EXPECT_EQ(status.st_size, 5);
    end_mount();
}

TEST_P(HangingServer, ADeadOneDoesNotHoldUpTheEndOfTheMount) {
    ASSERT_NO_FATAL_FAILURE(serve_directory());
    server_->kill();
    end_mount();
}

TEST_F(Blocked, AStoppedServerWithACallUnderWayDoesNotHoldUpASignal) {
    ASSERT_NO_FATAL_FAILURE(serve({"--dir", scratch_.make("export")}, ""));
    server_->stop();
    const pid_t caller = ::fork();
    if (caller == 0) {
        (void)contents_of(here("another"));
        ::_exit(0);
    }
    ::kill(mounted_->daemon(), SIGTERM);
    EXPECT_EQ(mounted_->wait_for_end(), 0);
    int ended = 0;
    EXPECT_EQ(::waitpid(caller, &ended, 0), caller);
}

std::string ending_name(const testing::TestParamInfo<Ending>& info) {
    static constexpr const char* names[] = {"fusermount", "lazily", "signal"};
    return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Ended, HangingServer, testing::Values(Ending::fusermount, Ending::lazily, Ending::signal),
                         ending_name);

}  // namespace
}  // namespace p9::test
