// diod's own clients against p9serve --dir, over a Unix socket and over TCP.
#include "tests/support/diod.hpp"

#include <gtest/gtest.h>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace p9::test {
namespace {

namespace fs = std::filesystem;

/// What became of a command line.
struct Said {
    int status = -1;
    std::string text;  // standard output and standard error
};

Said shell(const std::string& command) {
    Said said;
    FILE* const pipe = ::popen(("exec 2>&1; exec timeout 60 " + command).c_str(), "r");
    if (pipe == nullptr) return said;
    char buffer[4096];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) != 0;) said.text.append(buffer, got);
    const int status = ::pclose(pipe);
    said.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return said;
}

/// A p9serve of one's own. The constructor returns when it accepts connections.
class Serving {
public:
    Serving(const std::string& listen, const fs::path& directory) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("pipe");
        const std::string program = std::string(P9_BINARY_DIR) + "/p9serve";
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::close(ends[1]);
            ::execl(program.c_str(), "p9serve", "--listen", listen.c_str(), "--dir", directory.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        FILE* const out = ::fdopen(ends[0], "r");
        char line[512] = "";
        if (std::fgets(line, sizeof line, out) == nullptr) line[0] = '\0';
        std::fclose(out);
        address_ = line;
        while (!address_.empty() && address_.back() == '\n') address_.pop_back();
    }
    ~Serving() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    /// Where it listens, as diod's tools want it: a path, or HOST:PORT.
    std::string host() const {
        std::string host = address_.substr(std::min(address_.size(), address_.find('!') + 1));
        std::ranges::replace(host, '!', ':');
        return host;
    }

private:
    pid_t pid_ = -1;
    std::string address_;
};

class DiodToolsTest : public ::testing::TestWithParam<Diod::Kind> {
protected:
    void SetUp() override {
        for (const char* name : {"diodcat", "diodls", "diodload"}) {
            if (::access((std::string("/usr/sbin/") + name).c_str(), X_OK) != 0)
                GTEST_SKIP() << name << " is not installed";
        }
        std::string pattern = fs::temp_directory_path() / "p9serve-diod-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = pattern;
        fs::create_directory(exported());
        const bool tcp = GetParam() == Diod::Kind::tcp;
        server_ =
            std::make_unique<Serving>(tcp ? "tcp!127.0.0.1!0" : "unix!" + (folder_ / "socket").string(), exported());
        ASSERT_FALSE(server_->host().empty()) << "p9serve did not start";
    }
    void TearDown() override {
        server_.reset();
        std::error_code ignored;
        if (!folder_.empty()) fs::remove_all(folder_, ignored);
    }

    fs::path exported() const { return folder_ / "exported"; }
    void write(const std::string& name, const std::string& contents) const {
        std::ofstream(exported() / name, std::ios::binary) << contents;
    }
    /// Runs one of diod's tools; they attach by the path that is exported.
    Said diod(const std::string& name, const std::string& arguments) const {
        return shell("/usr/sbin/" + name + " -s " + server_->host() + " -a " + exported().string() + " " + arguments);
    }
    static std::set<std::string> lines(const std::string& text) {
        std::istringstream in(text);
        std::set<std::string> all;
        for (std::string line; std::getline(in, line);) all.insert(line);
        return all;
    }

    fs::path folder_;
    std::unique_ptr<Serving> server_;
};

TEST_P(DiodToolsTest, diodcat_prints_files) {
    std::string contents;
    for (int i = 0; contents.size() < 300'000; ++i) contents += "line " + std::to_string(i) + "\n";
    fs::create_directories(exported() / "a/b");
    write("a/b/file", contents);
    write("short", "text\n");
    write("empty", "");
    const Said said = diod("diodcat", "a/b/file short empty");
    EXPECT_EQ(said.status, 0);
    EXPECT_TRUE(said.text == contents + "text\n") << said.text.size() << " bytes";
    EXPECT_EQ(diod("diodcat", "-m 8192 a/b/file").text, contents);
    const Said none = diod("diodcat", "none");
    EXPECT_NE(none.status, 0);
    EXPECT_NE(none.text.find("No such file"), std::string::npos) << none.text;
}

TEST_P(DiodToolsTest, diodls_lists_directories) {
    std::set<std::string> expected;
    for (int i = 0; i < 3000; ++i) {
        write("file " + std::to_string(i), "");
        expected.insert("file " + std::to_string(i));
    }
    fs::create_directory(exported() / "directory");
    expected.insert("directory");
    const Said said = diod("diodls", "/");
    EXPECT_EQ(said.status, 0) << said.text;
    EXPECT_EQ(lines(said.text), expected);
    EXPECT_EQ(diod("diodls", "directory").text, "");
    // With -l it walks from the directory's open fid.
    EXPECT_EQ(diod("diodls", "-l").status, 0);
    EXPECT_EQ(lines(diod("diodls", "-l").text).size(), expected.size());
}

TEST_P(DiodToolsTest, diodload_reads_and_writes_with_many_threads) {
    // It attaches to "ctl", reads "zero" there and writes "null", in diod two synthetic files.
    fs::create_directory(exported() / "ctl");
    write("ctl/zero", "");
    fs::resize_file(exported() / "ctl/zero", 1 << 30);
    write("ctl/null", "");
    for (const std::string kind : {"", "-g "}) {
        const Said said = shell("/usr/sbin/diodload -n 8 -r 1 " + kind + "-s " + server_->host());
        EXPECT_EQ(said.status, 0) << said.text;
        long operations = 0;
        EXPECT_EQ(std::sscanf(said.text.c_str(), "diodload: %ld ops/s", &operations), 1) << said.text;
        EXPECT_GT(operations, 0);
    }
    EXPECT_GT(fs::file_size(exported() / "ctl/null"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Transports, DiodToolsTest, ::testing::Values(Diod::Kind::unix_socket, Diod::Kind::tcp),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace p9::test
