// Implementation of cp.hpp; it ends in _test.cpp to be part of the test program of this folder.
#include "tests/cli/cp.hpp"

#include <fcntl.h>

#include <algorithm>
#include <fstream>

namespace p9::test {

namespace {
struct stat stat_of(const std::filesystem::path& path) {
    struct stat file{};
    EXPECT_EQ(::lstat(path.c_str(), &file), 0) << path;
    return file;
}
}  // namespace

void CpTest::serve(const std::vector<std::string>& options) {
    std::vector<std::string> words{tool("p9serve"), "--dir", exported_, "--listen", address()};
    words.insert(words.end(), options.begin(), options.end());
    server_ = std::make_unique<Program>(words);
    ASSERT_TRUE(server_->wait_for_output(address() + "\n"));
}

std::vector<std::string> CpTest::cp_words(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words{tool("p9cp"), "-a", address()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
}

void CpTest::save(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = local(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

std::vector<std::string> CpTest::drafts() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
        if (entry.path().filename().string().find(".p9cp-") != std::string::npos) found.push_back(entry.path());
    return found;
}

std::string file_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string varied(std::size_t size) {
    std::string out(size, '\0');
    unsigned x = 1;
    for (auto& c : out) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    return out;
}

std::string differences(const std::filesystem::path& a, const std::filesystem::path& b) {
    const Ran ran = run_program({"/usr/bin/diff", "-r", "--no-dereference", a, b});
    return ran.out + ran.err;
}

unsigned mode_of(const std::filesystem::path& path) { return stat_of(path).st_mode & 07777; }
std::time_t time_of(const std::filesystem::path& path) { return stat_of(path).st_mtime; }
ino_t inode_of(const std::filesystem::path& path) { return stat_of(path).st_ino; }

void set_time(const std::filesystem::path& path, std::time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

}  // namespace p9::test
