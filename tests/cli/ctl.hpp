// Runs the real p9ctl against the real p9serve --sip, in a dialect that the test chooses.
#pragma once

#include "tests/cli/tool.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <fstream>
#include <stdexcept>

namespace p9::test {

using Words = std::vector<std::string>;

/// A server with the SIP tree, and p9ctl with its address.
class SipTest : public ToolTest {
protected:
    /// Starts the server; "more" are options of p9serve.
    void serve(const Words& more = {"--sip"}) {
        socket_ = folder_ / "socket";
        Words all{tool("p9serve"), "--listen", "unix!" + socket_};
        all.insert(all.end(), more.begin(), more.end());
        server_ = std::make_unique<Program>(all);
        if (!server_->wait_for_output("unix!" + socket_)) throw std::runtime_error("p9serve: " + server_->finish().err);
    }
    Words ctl_words(const Words& arguments) const {
        Words all{tool("p9ctl"), "-a", "unix!" + socket_, "--dialect", dialect_};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    Ran ctl(const Words& arguments) const { return run_program(ctl_words(arguments)); }
    /// What it prints; it must succeed.
    std::string out_of(const Words& arguments) const {
        const Ran ran = ctl(arguments);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.err, "");
        return ran.out;
    }
    /// It must fail with this status and exactly this complaint.
    void expect_failure(const Words& arguments, int status, const std::string& complaint) const {
        const Ran ran = ctl(arguments);
        EXPECT_EQ(ran.status, status) << ::testing::PrintToString(arguments);
        EXPECT_EQ(ran.err, "p9ctl: " + complaint + "\n");
        EXPECT_EQ(ran.out, "");
    }
    /// The same for what is wrong before there is a server.
    void expect_usage(const Words& arguments, const std::string& complaint) const {
        expect_failure(arguments, 2, complaint);
    }
    /// What the server says, or in 9P2000.L, whose errors are numbers, what the number means.
    std::string words_or(const std::string& words, const std::string& meaning) const {
        return dialect_ == "9P2000.L" ? meaning : words;
    }
    /// A file on this side.
    std::string local(const std::string& name, std::string_view contents) const {
        const auto path = folder_ / name;
        std::ofstream(path, std::ios::binary).write(contents.data(), static_cast<std::streamsize>(contents.size()));
        return path;
    }
    /// Runs a batch of these lines.
    Ran batch(std::string_view lines, const Words& options = {}) const {
        Words arguments{"batch", local("batch", lines)};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return ctl(arguments);
    }
    /// A healthy server.
    void start_server(const std::string& name, const std::string& type = "example-driver") const {
        EXPECT_EQ(out_of({"new", type, "--name", name, "--capability", "all", "--start"}), name + "\n");
        EXPECT_EQ(out_of({"wait", name, "healthy", "--timeout", "20"}), "");
    }
    /// The value of `key` in the status of a server.
    std::string status_of(const std::string& server, const std::string& key) const {
        const std::string text = "\n" + out_of({"status", server});
        const auto at = text.find("\n" + key + ": ");
        if (at == std::string::npos) return "no line " + key;
        const auto begin = at + key.size() + 3;
        return text.substr(begin, text.find('\n', begin) - begin);
    }

    std::string dialect_ = "auto";
    std::string socket_;
    std::unique_ptr<Program> server_;
};

/// In each dialect.
class CtlTest : public SipTest, public ::testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        dialect_ = GetParam();
        serve();
    }
};

inline std::string dialect_name(const ::testing::TestParamInfo<const char*>& info) {
    const std::string name = info.param;
    return name.ends_with(".L") ? "Linux" : name.ends_with(".u") ? "Unix" : "Base";
}

#define P9_IN_EACH_DIALECT(fixture) \
    INSTANTIATE_TEST_SUITE_P(Dialects, fixture, ::testing::Values("9P2000", "9P2000.u", "9P2000.L"), dialect_name)

}  // namespace p9::test
