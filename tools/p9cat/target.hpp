// The file of -o: it appears under its name only when it is whole.
#pragma once

#include "tools/output.hpp"

#include <memory>
#include <string>

namespace p9::tools {

/// A local file being written beside its final place. What is no regular file (a device, a FIFO) is written directly.
class Target {
public:
    static Result<std::unique_ptr<Target>> open(boost::asio::any_io_executor executor, const std::string& path);
    /// Removes the temporary file unless `commit` succeeded.
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    Output& out() { return *out_; }
    /// The file is whole: gives it its name.
    Result<void> commit();

private:
    Target() = default;
    Result<void> open_temporary();

    std::string path_;       // as the user wrote it
    std::string final_;      // behind any symlinks
    std::string temporary_;  // empty: written directly
    int fd_ = -1;
    std::unique_ptr<Output> out_;
};

}  // namespace p9::tools
