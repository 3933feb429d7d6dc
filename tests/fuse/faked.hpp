// A mount of the fake server, which departs from the manual as its knobs say (tests/support/knobs.hpp).
#pragma once

#include "tests/fuse/mounted.hpp"

#include <dirent.h>

#include <set>

namespace p9::test {

class FakedMountTest : public testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        if (!std::filesystem::exists(program())) GTEST_SKIP() << program() << " is not built";
    }
    void TearDown() override {
        mounted_.reset();
        end_server();
    }
    /// Starts the server with such knobs and mounts what it serves.
    void mount(const std::vector<std::string>& knobs, const std::string& options = "reconnect_timeout=1",
               Runs how = Runs::as_a_daemon) {
        ASSERT_NO_FATAL_FAILURE(start_server(knobs));
        mounted_ = std::make_unique<Mounted>(scratch_, address_, options, "mnt", how);
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
    }
    /// Starts the server only, at address_.
    void start_server(const std::vector<std::string>& knobs) {
        mounted_.reset();
        end_server();
        address_ = "unix!" + (scratch_ / "socket").string();
        std::vector<std::string> words{program(), "--listen", address_};
        for (const auto& knob : knobs) words.insert(words.end(), {"--knob", knob});
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        server_ = ::fork();
        if (server_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            std::vector<char*> argv;
            for (auto& word : words) argv.push_back(word.data());
            argv.push_back(nullptr);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        char line[200];
        ASSERT_GT(::read(ends[0], line, sizeof line), 0) << "fake_server does not listen";
        ::close(ends[0]);
    }
    /// The mount still answers, and ends in order.
    void expect_alive() {
        EXPECT_EQ(::access(mounted_->path().c_str(), F_OK), 0) << std::strerror(errno);
        EXPECT_EQ(::kill(mounted_->daemon(), 0), 0);
        EXPECT_TRUE(mounted_->unmount());
        EXPECT_EQ(mounted_->wait_for_end(), 0);
    }
    std::string here(const std::string& name) const { return mounted_->path(name); }

    /// What is listed, and why the listing ended early if it did.
    struct Listed {
        std::multiset<std::string> names;
        int error = 0;
    };
    static Listed list(const std::string& path, std::size_t at_most = 100'000) {
        Listed listed;
        DIR* directory = ::opendir(path.c_str());
        if (directory == nullptr) return {{}, errno};
        errno = 0;
        while (listed.names.size() < at_most) {
            const dirent* entry = ::readdir(directory);
            if (entry == nullptr) break;
            listed.names.insert(entry->d_name);
        }
        listed.error = errno;
        ::closedir(directory);
        return listed;
    }

    Scratch scratch_;
    std::string address_;
    pid_t server_ = -1;
    std::unique_ptr<Mounted> mounted_;

private:
    static std::string program() {
        return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fake_server";
    }
    void end_server() {
        if (server_ <= 0) return;
        ::kill(server_, SIGKILL);
        ::waitpid(std::exchange(server_, -1), nullptr, 0);
    }
};

}  // namespace p9::test
