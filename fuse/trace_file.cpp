#include "fuse/trace_file.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>

namespace p9::fuse {

Result<Tracer> open_trace(const std::string& path) {
    std::shared_ptr<std::FILE> file;
    if (path == "-") {
        file = std::shared_ptr<std::FILE>(stderr, [](std::FILE*) {});
    } else {
        std::FILE* opened = std::fopen(path.c_str(), "ae");
        if (opened == nullptr) return Error::from_errno(errno, "trace=" + path + ": " + errno_message(errno));
        file = std::shared_ptr<std::FILE>(opened, [](std::FILE* f) { std::fclose(f); });
        // Whole lines at once, so that following the file shows what is going on.
        std::setvbuf(opened, nullptr, _IOLBF, 1 << 16);
    }
    return Tracer([file](Direction direction, Bytes frame, Dialect dialect) {
        const std::string line = describe(frame, dialect);
        std::fprintf(file.get(), "%s %s\n", direction == Direction::sent ? "->" : "<-", line.c_str());
    });
}

}  // namespace p9::fuse
