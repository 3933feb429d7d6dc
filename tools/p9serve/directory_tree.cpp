#include "tools/p9serve/directory.hpp"
#include "tools/p9serve/directory_file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>
#include <climits>
#include <cstring>

namespace p9::serve {
namespace {

Error cannot_serve(const std::string& path, int number, const std::string& hint = {}) {
    return Error::from_errno(number, path + ": " + errno_message(number) + hint);
}

void append_number(char* at, char* end, int fd) { *std::to_chars(at, end - 1, fd).ptr = '\0'; }

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

DescriptorName::DescriptorName(int fd) { append_number(text, text + sizeof text, fd); }

DescriptorPath::DescriptorPath(int fd) {
    static constexpr std::string_view folder = "/proc/self/fd/";
    std::memcpy(text, folder.data(), folder.size());
    append_number(text + folder.size(), text + sizeof text, fd);
}

Error host_error(int number) {
    switch (number) {
        case EMFILE:
            return Error::from_errno(number,
                                     "the server has as many files open as it may have: close some, or start it after "
                                     "\"ulimit -n\" with a larger number");
        case ENFILE:
            return Error::from_errno(number, "the server's machine has as many files open as it can have");
        default:
            return Error::from_errno(number);
    }
}

Descriptor open_beneath(int directory, const char* name) {
    open_how how{};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (int tries = 0;; ++tries) {
        const auto fd = ::syscall(SYS_openat2, directory, name, &how, sizeof how);
        // EAGAIN: something was renamed meanwhile, and the kernel could not tell whether that led outside.
        if (fd >= 0 || errno != EAGAIN || tries == 100) return Descriptor(static_cast<int>(fd));
    }
}

DirectoryContext::DirectoryContext(boost::asio::any_io_executor executor, DirectoryOptions options)
    : executor_(std::move(executor)), options_(std::move(options)), privileged_(::geteuid() == 0) {}

Result<void> DirectoryContext::open() {
    root_ = Descriptor(::open(options_.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root_) return cannot_serve(options_.path, errno);
    struct stat status{};
    if (::fstat(root_.get(), &status) != 0) return cannot_serve(options_.path, errno);
    device_ = status.st_dev;

    const Descriptor probe = open_beneath(root_.get(), ".");
    if (!probe) {
        const int number = errno;
        return cannot_serve(
            options_.path, number,
            number == ENOSYS ? ": openat2 is needed, which Linux has since 5.6; a container may forbid it" : "");
    }
    proc_ = Descriptor(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!proc_) return cannot_serve("/proc/self/fd", errno, ": serving a directory needs /proc");
    struct statfs figures{};
    if (::fstatfs(proc_.get(), &figures) != 0 || figures.f_type != PROC_SUPER_MAGIC)
        return cannot_serve("/proc/self/fd", EINVAL, ": serving a directory needs procfs at /proc");
    const Descriptor again(::openat(proc_.get(), DescriptorName(root_.get()).c_str(), O_PATH | O_CLOEXEC));
    struct stat found{};
    if (!again || ::fstat(again.get(), &found) != 0 || found.st_ino != status.st_ino || found.st_dev != status.st_dev)
        return cannot_serve("/proc/self/fd", ENOENT, ": it does not lead to this process's open files");

    char resolved[PATH_MAX];
    if (::realpath(options_.path.c_str(), resolved) != nullptr) real_path_ = resolved;
    return boost::system::in_place_value;
}

u64 DirectoryContext::qid_path(u64 device, u64 inode) const {
    if (device == device_) return inode;
    // Another file system mounted somewhere below: the same inode numbers again. Spread by splitmix64's finish.
    u64 mixed = device + 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return inode ^ (mixed ^ (mixed >> 31));
}

boost::asio::thread_pool& DirectoryContext::thread() {
    if (!thread_) thread_.emplace(1);
    return *thread_;
}

void DirectoryContext::join() {
    if (thread_) thread_->join();
}

DirectoryTree::DirectoryTree(std::shared_ptr<DirectoryContext> context) : context_(std::move(context)) {}
DirectoryTree::~DirectoryTree() { context_->join(); }

Result<std::unique_ptr<DirectoryTree>> DirectoryTree::open(boost::asio::any_io_executor executor,
                                                           DirectoryOptions options) {
    auto context = std::make_shared<DirectoryContext>(std::move(executor), std::move(options));
    if (auto opened = context->open(); !opened) return opened.error();
    return std::unique_ptr<DirectoryTree>(new DirectoryTree(std::move(context)));
}

awaitable<Result<FilePtr>> DirectoryTree::attach(const User& user, std::string aname) {
    // diod's clients attach to a part by its path on the server, ours by its path in the tree.
    std::string_view part = aname;
    for (const std::string_view whole :
         {std::string_view(context_->real_path()), std::string_view(context_->options().path)}) {
        if (whole.empty() || !part.starts_with(whole)) continue;
        const std::string_view rest = part.substr(whole.size());
        if (!rest.empty() && rest[0] != '/' && whole.back() != '/') continue;
        part = rest;
        break;
    }
    Descriptor fd(::fcntl(context_->root(), F_DUPFD_CLOEXEC, 0));
    if (!fd) co_return host_error(errno);
    auto root = DirectoryFile::make(context_, user.n_uname, std::move(fd));
    if (!root) co_return root.error();
    auto walking = walk_path(*std::move(root), std::string(part));
    co_return co_await std::move(walking);
}

}  // namespace p9::serve
