// Implementation of tool.hpp; it ends in _test.cpp to be part of the test program of this folder.
#include "tests/cli/tool.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

namespace p9::test {

Program::Program(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
    int out[2], err[2];
    if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    std::vector<char*> argv;
    for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::dup2(out[1], STDOUT_FILENO);
        ::dup2(err[1], STDERR_FILENO);
        // What a developer has set must not decide what a test sees.
        for (const char* name :
             {"P9_ADDRESS", "P9_ANAME", "P9_UNAME", "P9_MSIZE", "P9_DIALECT", "P9_TRACE", "LS_COLORS"})
            ::unsetenv(name);
        ::setenv("TZ", "UTC", 1);
        for (const auto& each : environment) ::putenv(const_cast<char*>(each.c_str()));
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
}

Program::~Program() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    close_output();
    ::close(err_);
}

void Program::signal(int number) const { ::kill(pid_, number); }

void Program::close_output() {
    if (out_ >= 0) ::close(out_);
    out_ = -1;
}

bool Program::wait_for(int fd, std::string& text, std::size_t& seen, std::string_view wanted) {
    for (;;) {
        const auto at = text.find(wanted, seen);
        if (at != std::string::npos) {
            seen = at + wanted.size();
            return true;
        }
        char buffer[65536];
        const ssize_t n = ::read(fd, buffer, sizeof buffer);
        if (n <= 0) return false;
        text.append(buffer, static_cast<std::size_t>(n));
    }
}

bool Program::wait_for_output(std::string_view text) { return wait_for(out_, ran_.out, out_seen_, text); }
bool Program::wait_for_errors(std::string_view text) { return wait_for(err_, ran_.err, err_seen_, text); }

Ran Program::finish() {
    pollfd ends[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    std::string* texts[2] = {&ran_.out, &ran_.err};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        ::poll(ends, 2, -1);
        for (int i = 0; i < 2; ++i) {
            if (ends[i].fd < 0 || ends[i].revents == 0) continue;
            char buffer[65536];
            const ssize_t n = ::read(ends[i].fd, buffer, sizeof buffer);
            if (n <= 0)
                ends[i].fd = -1;
            else
                texts[i]->append(buffer, static_cast<std::size_t>(n));
        }
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    ran_.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return ran_;
}

Ran run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
    return Program(words, environment).finish();
}

std::string tool(const std::string& name) { return std::string(P9_BINARY_DIR) + "/" + name; }

ToolTest::ToolTest() {
    char name[] = "/tmp/p9-cli-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
    exported_ = folder_ / "exported";
    std::filesystem::create_directory(exported_);
}

ToolTest::~ToolTest() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string ToolTest::write(const std::string& name, std::string_view contents) const {
    const auto path = exported_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary).write(contents.data(), static_cast<std::streamsize>(contents.size()));
    return path;
}

void ServedTest::SetUp() {
    if (const auto reason = Diod::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    server_ = std::make_unique<Diod>(exported_);
}

std::vector<std::string> ServedTest::words(const std::string& name, const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{tool(name), "-a", server_->address(), "-A", server_->aname()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

Ran ServedTest::run(const std::string& name, const std::vector<std::string>& arguments) const {
    return run_program(words(name, arguments));
}

}  // namespace p9::test
