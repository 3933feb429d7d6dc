// Going to the background, but only once the mount works.
//
// The parent waits for its child's report on a pipe: the status to exit with, and on a failure the line to print. The
// child keeps the terminal until it has succeeded.
#pragma once

#include <optional>
#include <string_view>

namespace p9::fuse {

class Starter {
public:
    ~Starter();
    Starter() = default;
    Starter(const Starter&) = delete;
    Starter& operator=(const Starter&) = delete;

    /// Forks, unless in the foreground. What the parent exits with, after the report; nothing in the process that is
    /// to mount.
    std::optional<int> begin(bool foreground);
    bool in_background() const { return background_; }
    /// The mount works: lets the parent go, and lets go of the terminal and the working directory.
    void succeeded();
    /// The mount failed: `line` for the person, and the status.
    void failed(int status, std::string_view line);

private:
    bool background_ = false;
    int report_ = -1;  // the pipe's writing end; -1 in the foreground and after the report
};

}  // namespace p9::fuse
