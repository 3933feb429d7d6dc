// put: files to the server.
#include "tools/p9sh/places.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glob.h>
#include <cerrno>

namespace p9::tools {
namespace {

/// What is read of a local file at a time.
constexpr std::size_t piece_size = 4 << 20;

/// A local file, open.
struct LocalFile {
    int fd;
    explicit LocalFile(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)) {}
    ~LocalFile() {
        if (fd >= 0) ::close(fd);
    }
    LocalFile(const LocalFile&) = delete;
    LocalFile& operator=(const LocalFile&) = delete;
};

awaitable<void> put_file(Call& call, std::string local, std::string remote) {
    const LocalFile file(local);
    struct stat status{};
    if (file.fd < 0 || ::fstat(file.fd, &status) != 0)
        co_return call.messages().report(local, Error::from_errno(errno));
    if (S_ISDIR(status.st_mode)) co_return call.messages().report(local, Error::from_errno(EISDIR));
    const OpenFlags flags = P9_O_WRONLY | P9_O_TRUNC;
    const auto made = co_await call.client().create(call.shell.absolute(remote), flags, status.st_mode & 0777);
    if (!made) co_return call.messages().report(remote, made.error());
    std::vector<u8> piece(piece_size);
    for (u64 offset = 0;;) {
        const ssize_t n = ::read(file.fd, piece.data(), piece.size());
        if (n < 0) co_return call.messages().report(local, Error::from_errno(errno));
        if (n == 0) co_return;
        const auto written = co_await made->write_all(offset, Bytes(piece).first(static_cast<std::size_t>(n)));
        if (!written) co_return call.messages().report(remote, written.error());
        offset += static_cast<u64>(n);
    }
}

/// The local names that a word stands for.
std::vector<std::string> local_paths(const Word& word) {
    if (!word.globs) return {word.text};
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(word.pattern.c_str(), GLOB_NOCHECK, nullptr, &found) == 0)
        paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    return paths;
}

}  // namespace

awaitable<void> run_put(Call& call) {
    const auto& words = call.arguments.operands;
    std::vector<std::string> sources;
    const std::size_t last = words.size() > 1 ? words.size() - 1 : words.size();
    for (std::size_t i = 0; i < last; ++i) {
        for (auto& path : local_paths(words[i])) sources.push_back(std::move(path));
    }
    const std::string to = words.size() > 1 ? words[last].text : ".";
    const bool into = co_await is_directory(call, to);
    if (!into && sources.size() > 1)
        co_return call.messages().report(
            to, Error::from_errno(ENOTDIR, "several files go into a directory, and this is none"));
    for (const auto& source : sources) {
        const auto slash = source.rfind('/');
        const std::string name = source.substr(slash == source.npos ? 0 : slash + 1);
        auto putting = put_file(call, source, into ? path_in(to, name) : to);
        co_await std::move(putting);
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
