// A mount of what p9serve serves: a directory that both sides can look at. The server is p9fuse's child and ends with
// it.
#pragma once

#include "tests/fuse/mounted.hpp"

namespace p9::test {

class ServedMountTest : public testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
    }
    /// Mounts the directory; a second time it is the same one. Attributes and names are not cached, unless options say
    /// so, because the tests look at both sides.
    void mount(const std::string& options = "attr_timeout=0,entry_timeout=0") {
        mounted_.reset();
        exported_ = scratch_.make("export");
        const std::string server =
            "exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio --dir " + exported_ + more_words_;
        mounted_ = std::make_unique<Mounted>(scratch_, server, options);
        ASSERT_EQ(mounted_->outcome().status, 0) << mounted_->outcome().errors;
    }
    std::string here(const std::string& name) const { return mounted_->path(name); }
    std::string there(const std::string& name) const { return exported_ + "/" + name; }

    Scratch scratch_;
    std::string exported_;
    std::string more_words_;  // for p9serve, with a blank before each
    std::unique_ptr<Mounted> mounted_;
};

}  // namespace p9::test
