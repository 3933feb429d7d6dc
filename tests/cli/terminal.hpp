// A program on a terminal of its own, typed at as a person does.
//
// Nothing here sleeps: what is typed is read by the program in its order, and `wait_for` waits for what it prints.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace p9::test {

/// A program whose standard input, output and error are a pseudo-terminal of 160 columns, its controlling one.
class Terminal {
public:
    /// Starts `words`; the first is looked for in PATH. `environment` holds "NAME=VALUE" to add.
    Terminal(const std::vector<std::string>& words, const std::vector<std::string>& environment);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void type(std::string_view text) const;
    /// The program is held where it is, as on a machine that is busy with others, until it may go on.
    void hold() const;
    void go_on() const;
    /// Waits until it has stopped by itself, as at Ctrl-Z.
    bool wait_until_stopped() const;
    /// Takes away what was typed and not read so far, as another program at the terminal would.
    void forget_what_was_typed() const;
    /// Waits until `text` was printed since the last call; false, and a failure of the test, if it does not come.
    bool wait_for(std::string_view text);
    /// All that was printed so far.
    const std::string& seen() const { return seen_; }

private:
    pid_t pid_ = -1;
    int fd_ = -1;
    std::string seen_;
    std::size_t looked_at_ = 0;
};

}  // namespace p9::test
