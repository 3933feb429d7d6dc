#include "fuse/mountpoint.hpp"

#include "fuse/init_reply.hpp"
#include "fuse/mount_list.hpp"
#include "fuse/operation_table.hpp"
#include "fuse/status.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace p9::fuse {
namespace {

constexpr long FUSE_SUPER_MAGIC = 0x65735546;  // linux/magic.h has it only since 6.8

/// Takes what libfuse and fusermount3 print on standard error, so that it can become part of one line.
class CapturedErrors {
public:
    CapturedErrors()
        : kept_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)), memory_(::memfd_create("stderr", MFD_CLOEXEC)) {
        if (kept_ >= 0 && memory_ >= 0) ::dup2(memory_, STDERR_FILENO);
    }
    ~CapturedErrors() {
        restore();
        if (memory_ >= 0) ::close(memory_);
    }
    CapturedErrors(const CapturedErrors&) = delete;
    CapturedErrors& operator=(const CapturedErrors&) = delete;

    void restore() {
        if (kept_ < 0) return;
        ::dup2(kept_, STDERR_FILENO);
        ::close(kept_);
        kept_ = -1;
    }
    /// What was printed, its lines joined, without the names of the programs that printed it.
    std::string text() const {
        std::string all(4096, '\0');
        const ssize_t n = memory_ < 0 ? 0 : ::pread(memory_, all.data(), all.size(), 0);
        all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
        std::string joined;
        for (std::size_t at = 0; at < all.size();) {
            const auto end = std::min(all.find('\n', at), all.size());
            std::string line = all.substr(at, end - at);
            for (const std::string_view prefix : {"fuse: ", "fusermount3: "})
                if (line.starts_with(prefix)) line.erase(0, prefix.size());
            if (!line.empty()) joined += (joined.empty() ? "" : "; ") + line;
            at = end + 1;
        }
        return joined;
    }

private:
    int kept_;
    int memory_;
};

/// `text` as one value in an -o list.
std::string in_list(std::string_view text) {
    std::string escaped_text;
    for (const char c : text) {
        if (c == ',' || c == '\\') escaped_text += '\\';
        escaped_text += c;
    }
    return escaped_text;
}

void on_init(void* userdata, fuse_conn_info* connection) {
    const FileSystem& fs = *static_cast<FileSystem*>(userdata);
    constexpr unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_PARALLEL_DIROPS |
                                FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ATOMIC_O_TRUNC;
    // Where others change files the kernel looks for a new length or time before it believes its pages. Where nobody
    // does, times and lengths are the kernel's own, and so are writes, for a while.
    constexpr unsigned exclusive = FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_CACHE_SYMLINKS;
    const bool loose = fs.behaviour().cache == CacheMode::loose;
    // Nothing else: splicing would put a pipe between the kernel and memory that is at hand already, a blocking read
    // from that pipe included; and set-user-ID bits are dropped by the kernel, since no message of 9P does it.
    connection->want = connection->capable & (wanted | (loose ? exclusive : FUSE_CAP_AUTO_INVAL_DATA));
    // What a link is shown to lead to depends on where it is.
    if (fs.behaviour().symlinks != Symlinks::keep) connection->want &= ~unsigned{FUSE_CAP_CACHE_SYMLINKS};
    // Where the server has no locks the kernel keeps them, for this mount alone.
    if (fs.behaviour().remote_locks)
        connection->want |= connection->capable & (FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS);
    // Whole pages that fit into one message, unless that is too small to be worth more of the kernel's requests.
    const u32 room = fs.session().msize() - IOHDRSZ;
    connection->max_write = std::min<u32>(connection->max_write, MAX_WRITE);
    if (room >= 16 * PAGE) connection->max_write = std::min(connection->max_write, room / PAGE * PAGE);
    connection->max_read = fs.behaviour().max_read;
    connection->max_background = 64;
    connection->congestion_threshold = 48;
}

std::string hint_for(const std::string& reason) {
    const auto says = [&](std::string_view words) { return reason.find(words) != reason.npos; };
    if (says("exec fusermount3") || says("fusermount3: No such file"))
        return "; install the package fuse3, which has fusermount3, or mount as root";
    if (says("user_allow_other")) return "; add that line there as root, or leave out allow_other";
    if (says("device not found")) return "; load the kernel's module with: modprobe fuse";
    if (says("no write access")) return "; mount on a directory of your own";
    return "";
}

/// Takes away a mount whose p9fuse has died.
bool clear_away(const std::string& place) {
    if (::geteuid() == 0) return ::umount2(place.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
    const pid_t child = ::fork();
    if (child == 0) {
        ::execlp("fusermount3", "fusermount3", "-u", "-z", "-q", "--", place.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    int status = -1;
    return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

/// Nothing is at `place`, or something that is not ours; dead mounts of ours are taken away.
Result<void> clear_dead_mounts(const std::string& place) {
    const auto taken = [&] {
        return Error::from_errno(EBUSY, place + ": a FUSE mount is there already; end it with fusermount3 -u " + place);
    };
    // Dead mounts may lie upon each other; who mounts faster than they are taken away is no matter.
    for (int times = 0; times < 100; ++times) {
        const auto mount = mount_at(place);
        if (!mount || mount->type != MOUNT_TYPE) return boost::system::in_place_value;
        // Its attributes would have to come from its server, which may not answer.
        const int number = ask_for_status(place, false, STATUS_PATIENCE).number;
        if (number != ENOTCONN && number != ECONNABORTED) return taken();
        if (!clear_away(place))
            return Error::from_errno(ENOTCONN,
                                     "a dead mount is there and cannot be taken away: fusermount3 -u -z " + place)
                .about(place);
    }
    return taken();
}

}  // namespace

Result<std::string> check_mountpoint(const std::string& mountpoint) {
    if (auto clear = clear_dead_mounts(absolute_path(mountpoint)); !clear) return std::move(clear).error();
    struct stat status{};
    if (::stat(mountpoint.c_str(), &status) != 0) {
        const int number = errno;
        std::string advice;
        if (number == ENOENT) advice = "; make the directory first";
        if (number == ENOTCONN) advice = "; a dead mount is there: fusermount3 -u " + mountpoint;
        return Error::from_errno(number, mountpoint + ": " + errno_message(number) + advice);
    }
    if (!S_ISDIR(status.st_mode)) return Error::from_errno(ENOTDIR, mountpoint + ": not a directory; mount on one");
    struct statfs figures{};
    if (::statfs(mountpoint.c_str(), &figures) == 0 && figures.f_type == FUSE_SUPER_MAGIC) {
        // A directory inside of another FUSE mount is fine; its root is a mount that would be hidden.
        struct stat above{};
        if (::stat((mountpoint + "/..").c_str(), &above) == 0 && above.st_dev != status.st_dev)
            return Error::from_errno(
                EBUSY, mountpoint + ": a FUSE mount is there already; end it with fusermount3 -u " + mountpoint);
    }
    if (::access("/dev/fuse", F_OK) != 0)
        return Error::from_errno(ENODEV, "/dev/fuse is not there; load the kernel's module with: modprobe fuse");
    char* absolute = ::realpath(mountpoint.c_str(), nullptr);
    if (absolute == nullptr) return Error::from_errno(errno, mountpoint + ": " + errno_message(errno));
    std::string result(absolute);
    std::free(absolute);
    return result;
}

Result<FuseSession> mount_session(const Options& options, const std::string& mountpoint, FileSystem& filesystem) {
    fuse_args arguments FUSE_ARGS_INIT(0, nullptr);
    const auto add = [&](const std::string& argument) { fuse_opt_add_arg(&arguments, argument.c_str()); };
    add("p9fuse");
    add("-osubtype=p9fuse");
    add("-ofsname=" + in_list(display_name(options.address)));
    for (const auto& option : options.fuse_options) add("-o" + in_list(option));
    add(options.suid ? "-osuid" : "-onosuid");
    add(options.dev ? "-odev" : "-onodev");
    if (options.debug) add("-d");

    CapturedErrors errors;
    fuse_lowlevel_ops table = operation_table();
    table.init = on_init;
    FuseSession session(fuse_session_new(&arguments, &table, sizeof table, &filesystem));
    fuse_opt_free_args(&arguments);
    if (!session || fuse_session_mount(session.get(), mountpoint.c_str()) != 0) {
        errors.restore();
        const std::string reason = errors.text();
        return Error::from_errno(
            EIO, mountpoint + ": cannot mount: " + (reason.empty() ? "libfuse refused" : reason) + hint_for(reason));
    }
    allow_shared_maps(session.get());
    const int descriptor = fuse_session_fd(session.get());
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return session;
}

pid_t start_unmount(const std::string& mountpoint) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    // Between fork and exec: only calls that are safe there.
    if (::geteuid() == 0) ::_exit(::umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW) == 0 ? 0 : 1);
    ::execlp("fusermount3", "fusermount3", "-u", "-q", "--", mountpoint.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
}

}  // namespace p9::fuse
