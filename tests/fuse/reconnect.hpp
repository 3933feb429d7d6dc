// A mount of what a p9serve serves that can be killed and started again, and the trace of what is sent to it.
#pragma once

#include "tests/fuse/restarting.hpp"

#include <optional>
#include <thread>

namespace p9::test {

class Reconnect : public testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        exported_ = scratch_.make("export");
        server_.emplace(scratch_, std::vector<std::string>{"--dir", exported_});
        std::ofstream(there("file")) << "0123456789";
    }
    void TearDown() override {
        mounted_.reset();
        server_.reset();
    }
    void mount(const std::string& options = "", Runs how = Runs::as_a_daemon) {
        trace_ = (scratch_ / "trace").string();
        mounted_ = std::make_unique<Mounted>(
            scratch_, server_->address(), "trace=" + trace_ + ",attr_timeout=0,entry_timeout=0" + options, "mnt", how);
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
    }
    void kill_server() { server_->kill(); }
    void start_server() { server_->start(); }
    void restart_server() {
        kill_server();
        start_server();
    }
    /// Lets the server take no more requests.
    void stop_server() {
        server_->stop();
        seen_ = contents_of(trace_).size();
    }
    /// Waits until p9fuse has sent such a message to the server that was stopped.
    void wait_for_message(const std::string& name) const {
        while (contents_of(trace_).find("-> " + name, seen_) == std::string::npos) std::this_thread::yield();
    }
    /// Calls `what`, whose request `message` the server takes no more before it dies and comes back.
    template <class F>
    auto while_the_server_dies(const std::string& message, F what) {
        stop_server();
        decltype(what()) result{};
        std::thread caller([&] { result = what(); });
        wait_for_message(message);
        kill_server();
        start_server();
        caller.join();
        return result;
    }
    std::string here(const std::string& name) const { return mounted_->path(name); }
    std::string there(const std::string& name) const { return exported_ + "/" + name; }
    std::string read_at(int file, std::size_t count, off_t offset) const {
        std::string bytes(count, '\0');
        const ssize_t got = ::pread(file, bytes.data(), count, offset);
        return got < 0 ? std::strerror(errno) : bytes.substr(0, static_cast<std::size_t>(got));
    }

    Scratch scratch_;
    std::string exported_, trace_;
    std::size_t seen_ = 0;  // of the trace
    std::optional<RestartingServer> server_;
    std::unique_ptr<Mounted> mounted_;
};

}  // namespace p9::test
