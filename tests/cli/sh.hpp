// A directory served by p9serve, and p9sh on it.
#pragma once

#include "tests/cli/tool.hpp"

namespace p9::test {

class ShellTest : public ToolTest {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(tool("p9sh"))) GTEST_SKIP() << "p9sh is not built: readline's headers are missing";
        address_ = "unix!" + (folder_ / "socket").string();
        start();
    }
    void start() {
        server_ = std::make_unique<Program>(
            std::vector<std::string>{tool("p9serve"), "--listen", address_, "--dir", exported_});
        ASSERT_TRUE(server_->wait_for_output("\n"));
    }
    std::vector<std::string> words(const std::vector<std::string>& arguments) const {
        std::vector<std::string> all{tool("p9sh"), "-a", address_};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }
    Ran run(const std::string& commands) const { return run_program(words({"-c", commands})); }

    std::string address_;
    std::unique_ptr<Program> server_;
};

}  // namespace p9::test
