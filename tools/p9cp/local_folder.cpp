#include "tools/p9cp/folder.hpp"
#include "tools/p9cp/local.hpp"

#include <fcntl.h>

#include <cerrno>

namespace p9::tools {
namespace {

constexpr std::size_t PIECE = 1 << 20;

timespec timespec_of(const std::optional<Time>& time) {
    if (!time) return {0, UTIME_OMIT};
    return {static_cast<time_t>(time->seconds), static_cast<long>(time->nanoseconds)};
}

Result<void> stamp_file(int fd, const Stamp& stamp) {
    if (stamp.mode && ::fchmod(fd, *stamp.mode & 0777) != 0) return local_error(errno);
    if (!stamp.atime && !stamp.mtime) return boost::system::in_place_value;
    const timespec times[2] = {timespec_of(stamp.atime), timespec_of(stamp.mtime)};
    if (::futimens(fd, times) != 0) return local_error(errno);
    return boost::system::in_place_value;
}

/// Gives `from` the name `to`, which may be taken only if `replace`.
bool rename_in(int folder, const std::string& from, const std::string& to, bool replace) {
    if (replace) return ::renameat(folder, from.c_str(), folder, to.c_str()) == 0;
    if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL) return false;
    // Not every file system knows that; a second link does the same.
    if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) != 0) return false;
    (void)::unlinkat(folder, from.c_str(), 0);
    return true;
}

/// A draft's name that no other process has.
std::string salted_name(const std::string& name, const Version& version, u64 salt) {
    return draft_name(name, version, static_cast<u64>(::getpid()) << 8 | salt);
}

class LocalFolder;

class LocalDraft final : public Draft {
public:
    /// `temporary` is empty for what is written in its place.
    LocalDraft(std::shared_ptr<LocalFolder> folder, DraftPlan plan, Descriptor fd, std::string temporary)
        : folder_(std::move(folder)), plan_(std::move(plan)), fd_(std::move(fd)), temporary_(std::move(temporary)) {
        piece = PIECE;
    }
    ~LocalDraft() override;

    awaitable<Result<void>> write(Payload data) override {
        for (Bytes rest = data.bytes; !rest.empty();) {
            const ssize_t n = ::write(fd_.get(), rest.data(), rest.size());
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) co_return local_error(errno);
            rest = rest.subspan(static_cast<std::size_t>(n));
        }
        co_return boost::system::in_place_value;
    }
    awaitable<Result<void>> commit(Stamp stamp) override;

private:
    std::shared_ptr<LocalFolder> folder_;
    DraftPlan plan_;
    Descriptor fd_;
    std::string temporary_;
};

class LocalFolder final : public Folder, public std::enable_shared_from_this<LocalFolder> {
public:
    explicit LocalFolder(Descriptor fd) : fd_(std::move(fd)) {}
    int fd() const { return fd_.get(); }

    awaitable<Result<void>> prepare() override { co_return boost::system::in_place_value; }

    awaitable<Result<std::optional<Attributes>>> look(std::string name) override {
        struct stat file{};
        std::optional<Attributes> found;
        if (::fstatat(fd(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0)
            found = attributes_of(file);
        else if (errno != ENOENT)
            co_return local_error(errno);
        co_return found;
    }

    awaitable<Result<FolderPtr>> folder(std::string name, u32 mode) override {
        const bool made = ::mkdirat(fd(), name.c_str(), (mode & 0777) | 0700) == 0;
        if (!made && errno != EEXIST) co_return local_error(errno);
        // A server may have sent a symlink of this name before: what it points to is none of its business.
        Descriptor opened(::openat(fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!opened) {
            const int why = errno;
            struct stat file{};
            if (::fstatat(fd(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(file.st_mode))
                co_return Error::from_errno(ELOOP, "there is a symlink of that name, which is not followed");
            co_return local_error(why);
        }
        auto inner = std::make_shared<LocalFolder>(std::move(opened));
        inner->fresh = made;
        co_return inner;
    }

    awaitable<Result<DraftPtr>> draft(DraftPlan plan) override {
        if (plan.existing && plan.existing->type() != FileType::file && plan.existing->type() != FileType::symlink) {
            if (!plan.single) co_return Error::from_errno(EEXIST, "something that is no file has that name here");
            co_return in_place(std::move(plan));
        }
        // What is replaced keeps its permissions, as with cp.
        if (plan.existing && plan.existing->type() == FileType::file) plan.mode = plan.existing->mode;
        if (plan.resume) {
            if (DraftPtr draft = go_on(plan)) co_return draft;
            plan.resume = false;
        }
        co_return begin_anew(std::move(plan));
    }

    awaitable<Result<void>> symlink(std::string name, std::string target, bool replace) override {
        if (target.find('\0') != target.npos)
            co_return Error::from_errno(EINVAL, "a symlink to a name that no file may have here");
        if (!replace) {
            if (::symlinkat(target.c_str(), fd(), name.c_str()) != 0) co_return local_error(errno);
            co_return boost::system::in_place_value;
        }
        for (u64 salt = 1; salt < 100; ++salt) {
            const std::string temporary = salted_name(name, {}, salt);
            if (::symlinkat(target.c_str(), fd(), temporary.c_str()) != 0) {
                if (errno == EEXIST) continue;
                co_return local_error(errno);
            }
            if (rename_in(fd(), temporary, name, true)) co_return boost::system::in_place_value;
            const int why = errno;
            (void)::unlinkat(fd(), temporary.c_str(), 0);
            co_return local_error(why);
        }
        co_return local_error(EEXIST);
    }

    awaitable<Result<void>> settle(Stamp stamp) override { co_return stamp_file(fd(), stamp); }

private:
    /// Writes to a device, FIFO or socket that is there.
    Result<DraftPtr> in_place(DraftPlan plan) {
        Descriptor fd(::openat(this->fd(), plan.name.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
        if (!fd) return local_error(errno);
        return DraftPtr(std::make_unique<LocalDraft>(shared_from_this(), std::move(plan), std::move(fd), ""));
    }
    /// What an earlier run has left of the same file, or a new draft that a later one will find; null if neither can
    /// be.
    DraftPtr go_on(const DraftPlan& plan) {
        const std::string name = draft_name(plan.name, plan.version);
        const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
        Descriptor fd(::openat(this->fd(), name.c_str(), flags, plan.mode & 0777));
        struct stat file{};
        if (!fd || ::fstat(fd.get(), &file) != 0) return nullptr;
        if (!S_ISREG(file.st_mode) || file.st_nlink != 1 || file.st_uid != ::geteuid()) return nullptr;
        auto size = static_cast<u64>(file.st_size);
        if (size > plan.version.size) {
            if (::ftruncate(fd.get(), 0) != 0) return nullptr;
            size = 0;
        }
        if (::lseek(fd.get(), static_cast<off_t>(size), SEEK_SET) < 0) return nullptr;
        auto draft = std::make_unique<LocalDraft>(shared_from_this(), plan, std::move(fd), name);
        draft->begin = size;
        return draft;
    }
    Result<DraftPtr> begin_anew(DraftPlan plan) {
        for (u64 salt = 1; salt < 100; ++salt) {
            const std::string name = salted_name(plan.name, plan.version, salt);
            const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
            Descriptor fd(::openat(this->fd(), name.c_str(), flags, plan.mode & 0777));
            if (fd)
                return DraftPtr(std::make_unique<LocalDraft>(shared_from_this(), std::move(plan), std::move(fd), name));
            if (errno != EEXIST) return local_error(errno);
        }
        return local_error(EEXIST);
    }

    Descriptor fd_;
};

LocalDraft::~LocalDraft() {
    if (temporary_.empty()) return;
    struct stat file{};
    const bool worth_keeping = plan_.resume && ::fstat(fd_.get(), &file) == 0 && file.st_size != 0;
    if (!worth_keeping) (void)::unlinkat(folder_->fd(), temporary_.c_str(), 0);
}

awaitable<Result<void>> LocalDraft::commit(Stamp stamp) {
    if (temporary_.empty()) co_return boost::system::in_place_value;
    // The umask cut what the file that is replaced had.
    if (!stamp.mode && plan_.existing && plan_.existing->type() == FileType::file) stamp.mode = plan_.existing->mode;
    auto stamped = stamp_file(fd_.get(), stamp);
    if (!stamped) co_return stamped;
    // Some file systems tell only at the close that there was no room.
    const int fd = fd_.release();
    if (::close(fd) != 0) co_return local_error(errno);
    if (!rename_in(folder_->fd(), temporary_, plan_.name, plan_.replace)) co_return local_error(errno);
    temporary_.clear();
    co_return boost::system::in_place_value;
}

}  // namespace

Result<FolderPtr> local_folder(const std::string& path) {
    Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return local_error(errno);
    return FolderPtr(std::make_shared<LocalFolder>(std::move(fd)));
}

}  // namespace p9::tools
