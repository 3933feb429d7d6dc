// Runs the real p9ls and p9cat, against a diod that exports a directory of the test's own.
#pragma once

#include "tests/support/diod.hpp"

#include <gtest/gtest.h>

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace p9::test {

/// What became of a program.
struct Ran {
    int status = -1;  ///< its exit status; -signal if it was killed
    std::string out;
    std::string err;
};

/// A program under way, its outputs in pipes.
class Program {
public:
    /// Starts `words`; the first is the path of the program. `environment` holds "NAME=VALUE" to add.
    explicit Program(const std::vector<std::string>& words, const std::vector<std::string>& environment = {});
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// What standard output has brought so far.
    const std::string& output() const { return ran_.out; }
    /// Waits until standard output has brought `text` since the last call; false if it ended before.
    bool wait_for_output(std::string_view text);
    /// The same for standard error.
    bool wait_for_errors(std::string_view text);
    /// Closes our end of its standard output, as `head` does when it has seen enough.
    void close_output();
    /// Reads what is left and waits for the end.
    Ran finish();

private:
    bool wait_for(int fd, std::string& text, std::size_t& seen, std::string_view wanted);
    pid_t pid_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::size_t out_seen_ = 0;
    std::size_t err_seen_ = 0;
    Ran ran_;
};

/// Runs a program to its end.
Ran run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment = {});

/// The path of one of our programs.
std::string tool(const std::string& name);

/// A directory of one's own, gone with the test.
class ToolTest : public ::testing::Test {
protected:
    ToolTest();
    ~ToolTest() override;
    std::string write(const std::string& name, std::string_view contents) const;
    std::filesystem::path folder_;    ///< for what is on this side
    std::filesystem::path exported_;  ///< what the server shows
};

/// A test that needs a server: `tool` runs with its address.
class ServedTest : public ToolTest {
protected:
    void SetUp() override;
    std::vector<std::string> words(const std::string& name, const std::vector<std::string>& arguments) const;
    Ran run(const std::string& name, const std::vector<std::string>& arguments) const;
    std::unique_ptr<Diod> server_;
};

}  // namespace p9::test
