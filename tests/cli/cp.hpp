// Runs the real p9cp against a p9serve that shows `exported_`.
#pragma once

#include "tests/cli/tool.hpp"

#include <sys/stat.h>

#include <ctime>

namespace p9::test {

class CpTest : public ToolTest {
protected:
    /// Starts the server with these options.
    void serve(const std::vector<std::string>& options);
    std::string address() const { return "unix!" + (folder_ / "socket").string(); }
    /// p9cp with its address.
    std::vector<std::string> cp_words(const std::vector<std::string>& arguments) const;
    Ran cp(const std::vector<std::string>& arguments) const { return run_program(cp_words(arguments)); }

    /// A path on this side.
    std::string local(const std::string& name) const { return folder_ / name; }
    /// Writes a file on this side, and the directories to it.
    void save(const std::string& name, std::string_view contents) const;
    /// No unfinished file is left on either side.
    void expect_no_drafts() const { EXPECT_EQ(drafts(), std::vector<std::string>()); }
    std::vector<std::string> drafts() const;

    std::unique_ptr<Program> server_;
};

std::string file_text(const std::filesystem::path& path);
/// `size` bytes of which no two neighbouring blocks are alike.
std::string varied(std::size_t size);
/// What diff(1) says of two trees.
std::string differences(const std::filesystem::path& a, const std::filesystem::path& b);
unsigned mode_of(const std::filesystem::path& path);
std::time_t time_of(const std::filesystem::path& path);
ino_t inode_of(const std::filesystem::path& path);
void set_time(const std::filesystem::path& path, std::time_t seconds);

}  // namespace p9::test
