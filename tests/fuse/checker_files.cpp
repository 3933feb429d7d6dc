// Operations on open files.
#include "tests/fuse/checker.hpp"

#include <sys/stat.h>

namespace p9::test {
namespace {

bool is_symlink(int directory, const std::string& path) {
    const int before = errno;
    struct stat status{};
    const bool yes = ::fstatat(directory, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
    errno = before;
    return yes;
}

bool are_one_file(int a, int b) {
    struct stat first{}, second{};
    return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_ino == second.st_ino;
}

}  // namespace

void Checker::open_file() {
    const std::size_t slot = below(FILES);
    const std::string path = some_path();
    static constexpr int access[] = {O_RDONLY, O_RDWR, O_RDWR, O_WRONLY};
    int flags = access[below(4)] | O_CLOEXEC;
    if (one_in(2)) flags |= O_CREAT;
    if (one_in(6)) flags |= O_EXCL;
    if (one_in(5)) flags |= O_TRUNC;
    if (abilities_.appends && one_in(6)) flags |= O_APPEND;
    if (one_in(8)) flags |= O_NOFOLLOW;
    if (one_in(20)) flags |= O_DIRECTORY;
    if (one_in(10)) flags |= O_SYNC;
    bool direct = one_in(8);
    const unsigned mode = some_mode() & 0777;
    // Without O_CREAT the meaning of O_EXCL is undefined, and with O_DIRECTORY the kernel refuses both.
    if ((flags & O_CREAT) == 0) flags &= ~O_EXCL;
    if ((flags & O_DIRECTORY) != 0) flags &= ~O_CREAT & ~O_EXCL & ~O_TRUNC;
    char text[200];
    std::snprintf(text, sizeof text, "open(%s, %o, %o) as %zu%s", path.c_str(), flags, mode, slot,
                  direct ? " direct" : "");
    doing(text);
    touch(path);
    // The kernel lets nobody open a directory of a FUSE mount with O_DIRECT.
    struct stat status{};
    if (::fstatat(local_.root, path.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode)) direct = false;
    for (Side* side : {&mount_, &local_}) {
        if (side->files[slot] >= 0) ::close(side->files[slot]);
        side->files[slot] = -1;
    }
    linked_[slot] = false;
    both([&](Side& side) {
        // A local O_DIRECT wants alignment, which the mount does not.
        const int more = direct && &side == &mount_ ? O_DIRECT : 0;
        int& file = side.files[slot];
        file = ::openat(side.root, path.c_str(), flags | more, mode);
        // In a sticky directory somebody else's symlink is refused before O_NOFOLLOW is looked at. Of a FUSE mount the
        // kernel does not know that a directory is sticky.
        if (file < 0 && errno == EACCES && (flags & O_NOFOLLOW) != 0 && is_symlink(side.root, path)) errno = ELOOP;
        return file >= 0 ? std::string("open") : result_text(-1);
    });
}

void Checker::close_file() {
    const std::size_t slot = some_slot();
    doing("close " + std::to_string(slot));
    both([&](Side& side) { return result_text(::close(std::exchange(side.files[slot], -1))); });
}

void Checker::read_some() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot) || may_be_old(slot)) return;
    const std::size_t size = some_size();
    const off_t offset = some_offset();
    doing("pread " + std::to_string(slot) + " " + std::to_string(size) + " at " + std::to_string(offset));
    std::string buffer;
    both([&](Side& side) {
        buffer.assign(size, '\0');
        const ssize_t got = ::pread(side.files[slot], buffer.data(), size, offset);
        return got < 0 ? result_text(got) : digest(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
    });
}

void Checker::write_some() {
    const std::size_t slot = some_slot();
    const std::string data = bytes(some_size());
    const off_t offset = some_offset();
    // One after the other as well: what goes on where the last one ended need not wait for the server.
    const std::size_t piece = one_in(2) ? data.size() / (1 + below(8)) + 1 : data.size();
    doing("pwrite " + std::to_string(slot) + " " + std::to_string(data.size()) + " at " + std::to_string(offset) +
          " by " + std::to_string(piece));
    // pwrite(2) appends in spite of its offset where the file is open with O_APPEND, on both sides.
    both([&](Side& side) {
        std::string result;
        for (std::size_t done = 0; done < data.size() || result.empty(); done += piece) {
            const std::string_view part = std::string_view(data).substr(done, piece);
            const off_t at = offset + static_cast<off_t>(done);
            result += result_text(::pwrite(side.files[slot], part.data(), part.size(), at)) + " ";
        }
        return result;
    });
}

void Checker::append_some() {
    const std::string path = some_path();
    const std::string data = bytes(some_size());
    doing("append " + std::to_string(data.size()) + " to " + path);
    both([&](Side& side) {
        const int file = ::openat(side.root, path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
        if (file < 0) return result_text(-1);
        std::string result = result_text(::write(file, data.data(), data.size()));
        result += " then at " + result_text(::lseek(file, 0, SEEK_CUR));
        ::close(file);
        return result;
    });
}

bool Checker::is_out_of_reach(std::size_t slot) const {
    struct stat status{};
    return !abilities_.open_unlinked && ::fstat(local_.files[slot], &status) == 0 && status.st_nlink == 0;
}

void Checker::truncate_open() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot)) return;
    const off_t size = some_offset();
    doing("ftruncate " + std::to_string(slot) + " to " + std::to_string(size));
    both([&](Side& side) { return result_text(::ftruncate(side.files[slot], size)); });
}

void Checker::status_open() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot)) return;
    doing("fstat " + std::to_string(slot));
    both([&](Side& side) {
        struct stat status{};
        return ::fstat(side.files[slot], &status) != 0 ? result_text(-1) : status_text(status);
    });
}

void Checker::sync_open() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot)) return;
    const bool data_only = one_in(2);
    doing("fsync " + std::to_string(slot));
    both(
        [&](Side& side) { return result_text(data_only ? ::fdatasync(side.files[slot]) : ::fsync(side.files[slot])); });
}

// 9P knows of no holes: everything up to the end is data, and that is all a mount may say.
void Checker::seek_open() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot)) return;
    struct stat status{};
    const bool regular = ::fstat(local_.files[slot], &status) == 0 && S_ISREG(status.st_mode);
    const off_t offset = some_offset();
    const int whence = one_in(2) ? SEEK_DATA : SEEK_HOLE;
    doing("lseek " + std::to_string(slot) + (whence == SEEK_DATA ? " SEEK_DATA " : " SEEK_HOLE ") +
          std::to_string(offset));
    if (!regular) return;
    const std::string expected = offset >= status.st_size ? "ENXIO"
                                 : whence == SEEK_DATA    ? std::to_string(offset)
                                                          : std::to_string(status.st_size);
    const std::string seen = result_text(::lseek(mount_.files[slot], offset, whence));
    if (seen != expected) differ(seen, expected);
    (void)::lseek(mount_.files[slot], 0, SEEK_SET);
}

// 9P has no message for any of it: the refusal must be honest, and nothing may change.
void Checker::allocate() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot)) return;
    static constexpr int modes[] = {0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                    FALLOC_FL_ZERO_RANGE};
    const int mode = modes[below(4)];
    const off_t offset = some_offset();
    doing("fallocate " + std::to_string(slot) + " mode " + std::to_string(mode) + " at " + std::to_string(offset));
    struct stat status{};
    if (::fstat(local_.files[slot], &status) != 0 || !S_ISREG(status.st_mode)) return;
    const bool writable = (::fcntl(local_.files[slot], F_GETFL) & O_ACCMODE) != O_RDONLY;
    const std::string seen = result_text(::fallocate(mount_.files[slot], mode, offset, 5000));
    const std::string expected = writable ? "EOPNOTSUPP" : "EBADF";
    if (seen != expected) differ(seen, expected);
}

void Checker::copy_range() {
    const std::size_t from = some_slot();
    const std::size_t to = some_slot();
    if (is_out_of_reach(from) || is_out_of_reach(to) || may_be_old(from)) return;
    // That ranges of one file overlap (EINVAL) is not known where it is open by two of its names.
    if (from != to && are_one_file(local_.files[from], local_.files[to])) return;
    const off_t from_offset = some_offset();
    const off_t to_offset = some_offset();
    const std::size_t size = some_size();
    doing("copy_file_range " + std::to_string(from) + " at " + std::to_string(from_offset) + " to " +
          std::to_string(to) + " at " + std::to_string(to_offset) + " " + std::to_string(size));
    both([&](Side& side) {
        std::string result;
        std::size_t done = 0;
        // It may copy less than was asked for; what counts is the sum.
        while (done < size) {
            off_t in = from_offset + static_cast<off_t>(done);
            off_t out = to_offset + static_cast<off_t>(done);
            const ssize_t copied = ::copy_file_range(side.files[from], &in, side.files[to], &out, size - done, 0);
            if (copied < 0) return result_text(-1);
            if (copied == 0) break;
            done += static_cast<std::size_t>(copied);
        }
        return std::to_string(done);
    });
}

void Checker::change_open() {
    const std::size_t slot = some_slot();
    if (is_out_of_reach(slot)) return;
    const unsigned mode = some_mode();
    doing("fchmod " + std::to_string(slot) + " to " + std::to_string(mode));
    both([&](Side& side) {
        std::string result = result_text(::fchmod(side.files[slot], mode));
        if (abilities_.times) {
            const timespec times[2] = {{1'000'000'000, 1}, {1'100'000'000 + mode, 123'456'789}};
            result += " " + result_text(::futimens(side.files[slot], times));
            struct stat status{};
            if (::fstat(side.files[slot], &status) == 0)
                result += " " + std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
        }
        return result;
    });
}

}  // namespace p9::test
