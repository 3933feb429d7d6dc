#include "tools/p9cat/target.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

namespace p9::tools {
namespace {

Error local_error(const std::string& what, int number) {
    return Error::from_errno(number, what + ": " + errno_message(number));
}

}  // namespace

Result<std::unique_ptr<Target>> Target::open(boost::asio::any_io_executor executor, const std::string& path) {
    std::unique_ptr<Target> target(new Target());
    target->path_ = path;
    struct stat status{};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) {
        target->fd_ = ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
        if (target->fd_ < 0) return local_error(path, errno);
    } else {
        // A symlink stays one: what it points to is replaced.
        char resolved[PATH_MAX];
        target->final_ = exists && ::realpath(path.c_str(), resolved) != nullptr ? resolved : path;
        auto opened = target->open_temporary();
        if (!opened) return opened.error();
        if (exists && ::fchmod(target->fd_, status.st_mode & 07777) != 0) return local_error(path, errno);
    }
    target->out_ = std::make_unique<Output>(std::move(executor), target->fd_, path);
    return target;
}

Result<void> Target::open_temporary() {
    const auto slash = final_.rfind('/');
    const std::size_t name_at = slash == final_.npos ? 0 : slash + 1;
    const std::string stem = final_.substr(0, name_at) + "." + final_.substr(name_at) + ".part";
    for (unsigned attempt = 0; attempt < 100; ++attempt) {
        const std::string name = stem + std::to_string(getpid()) + (attempt == 0 ? "" : "-" + std::to_string(attempt));
        fd_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd_ >= 0) {
            temporary_ = name;
            return {};
        }
        if (errno != EEXIST) break;
    }
    return local_error(path_ + ": cannot make a temporary file beside it", errno);
}

Target::~Target() {
    if (fd_ >= 0) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> Target::commit() {
    // Some file systems tell only now that there was no room.
    const int fd = std::exchange(fd_, -1);
    if (::close(fd) != 0) return local_error(path_, errno);
    if (temporary_.empty()) return {};
    if (::rename(temporary_.c_str(), final_.c_str()) != 0) return local_error(path_, errno);
    temporary_.clear();
    return {};
}

}  // namespace p9::tools
