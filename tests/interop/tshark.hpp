// tshark on what --capture wrote.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace p9::test {

/// What a shell command prints on standard output.
inline std::string output_of(const std::string& command) {
    std::string out;
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return out;
    char buffer[4096];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) != 0;) out.append(buffer, got);
    ::pclose(pipe);
    return out;
}

class Tshark : public ::testing::Test {
protected:
    void SetUp() override {
        if (std::system("tshark --version >/dev/null 2>&1") != 0)
            GTEST_SKIP() << "tshark is not installed (tests/support/install-packages tshark)";
        char name[] = "/tmp/p9-tshark-XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        folder_ = name;
    }
    ~Tshark() override {
        std::error_code ignored;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
    }
    /// What tshark says of a capture; `options` choose what.
    std::string tshark(const std::string& file, const std::string& options) const {
        return output_of("tshark -n -r '" + (folder_ / file).string() + "' " + options + " 2>/dev/null");
    }
    std::filesystem::path folder_;
};

}  // namespace p9::test
