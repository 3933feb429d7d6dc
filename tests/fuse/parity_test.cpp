// The same calls on the mount and in a local directory: the same values, the same errno.

#include "tests/fuse/mounted.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <functional>
#include <set>
#include <sstream>

namespace p9::test {
namespace {

class Parity : public MountTest {
protected:
    void SetUp() override {
        MountTest::SetUp();
        if (IsSkipped()) return;
        ::umask(022);
        ASSERT_NO_FATAL_FAILURE(mount());
        local_ = scratch_.make("local");
        mount_root_ = ::open(mounted_->path().c_str(), O_RDONLY | O_DIRECTORY);
        local_root_ = ::open(local_.c_str(), O_RDONLY | O_DIRECTORY);
        ASSERT_GE(mount_root_, 0);
        ASSERT_GE(local_root_, 0);
    }
    void TearDown() override {
        if (mount_root_ >= 0) ::close(mount_root_);
        if (local_root_ >= 0) ::close(local_root_);
    }

    /// Runs a call that takes the directory to work in on both sides.
    template <class F>
    auto same(const char* what, F call) {
        errno = 0;
        const auto mounted = call(mount_root_);
        errno = 0;
        const auto local = call(local_root_);
        EXPECT_EQ(mounted, local) << what << " (the mount's result first)";
        return local;
    }
    /// What the calls after it are about nothing without: two failures would be alike as well.
    template <class F>
    void prepare(const char* what, F call) {
        EXPECT_GE(same(what, call), 0) << what;
    }

    int mount_root_ = -1;
    int local_root_ = -1;
    std::string local_;
};

/// What stat says that does not depend on the moment or the device.
std::string status_of(int root, const char* path, int flags = AT_SYMLINK_NOFOLLOW) {
    struct stat status{};
    if (::fstatat(root, path, &status, flags) != 0) return std::strerror(errno);
    std::ostringstream text;
    text << std::oct << status.st_mode << std::dec << " nlink " << status.st_nlink << " owner " << status.st_uid << ":"
         << status.st_gid;
    if (!S_ISDIR(status.st_mode)) text << " size " << status.st_size;
    return text.str();
}

long write_whole(int root, const char* path, const std::string& text, int flags, mode_t mode = 0644) {
    const int file = ::openat(root, path, flags, mode);
    if (file < 0) return -errno;
    const long written = told(::write(file, text.data(), text.size()));
    return ::close(file) == 0 ? written : -errno;
}

std::string read_whole(int root, const char* path) {
    const int file = ::openat(root, path, O_RDONLY);
    if (file < 0) return std::strerror(errno);
    std::string text(70000, '\0');
    const ssize_t n = ::read(file, text.data(), text.size());
    if (n < 0)
        text = std::strerror(errno);
    else
        text.resize(static_cast<std::size_t>(n));
    ::close(file);
    return text;
}

std::set<std::string> names_in(int root, const char* path) {
    std::set<std::string> names;
    const int file = ::openat(root, path, O_RDONLY | O_DIRECTORY);
    if (file < 0) return {std::strerror(errno)};
    DIR* directory = ::fdopendir(file);
    while (const dirent* entry = ::readdir(directory)) names.insert(entry->d_name);
    ::closedir(directory);
    return names;
}

TEST_F(Parity, create_and_open) {
    same("open of nothing", [](int d) { return told(::openat(d, "f", O_RDONLY)); });
    prepare("create", [](int d) { return write_whole(d, "f", "hello", O_CREAT | O_WRONLY, 0640); });
    same("create again, exclusively", [](int d) { return told(::openat(d, "f", O_CREAT | O_EXCL | O_WRONLY, 0644)); });
    same("stat", [](int d) { return status_of(d, "f"); });
    same("contents", [](int d) { return read_whole(d, "f"); });
    same("truncating open", [](int d) { return write_whole(d, "f", "by", O_WRONLY | O_TRUNC); });
    same("contents after", [](int d) { return read_whole(d, "f"); });
    same("append", [](int d) { return write_whole(d, "f", "e", O_WRONLY | O_APPEND); });
    same("contents appended", [](int d) { return read_whole(d, "f"); });
    same("write through a read-only descriptor", [](int d) { return write_whole(d, "f", "x", O_RDONLY); });
    same("below a file", [](int d) { return told(::openat(d, "f/x", O_RDONLY)); });
    same("open a file as a directory", [](int d) { return told(::openat(d, "f", O_RDONLY | O_DIRECTORY)); });
    same("open a directory for writing", [](int d) { return told(::openat(d, ".", O_WRONLY)); });
    same("create without permissions", [](int d) { return write_whole(d, "none", "x", O_CREAT | O_WRONLY, 0); });
    prepare("create with sticky bits", [](int d) { return write_whole(d, "s", "", O_CREAT | O_WRONLY, 01751); });
    same("stat of it", [](int d) { return status_of(d, "s"); });
    same("name of 255", [](int d) { return write_whole(d, std::string(255, 'n').c_str(), "", O_CREAT | O_WRONLY); });
    same("name of 256", [](int d) { return write_whole(d, std::string(256, 'n').c_str(), "", O_CREAT | O_WRONLY); });
    same("name in UTF-8", [](int d) { return write_whole(d, "Grüße ☃ \n", "", O_CREAT | O_WRONLY); });
    same("name in no encoding", [](int d) { return write_whole(d, "\xff\xfe", "", O_CREAT | O_WRONLY); });
    same("listing", [](int d) { return names_in(d, "."); });
}

TEST_F(Parity, directories) {
    prepare("mkdir", [](int d) { return told(::mkdirat(d, "a", 0750)); });
    same("stat", [](int d) { return status_of(d, "a"); });
    same("mkdir again", [](int d) { return told(::mkdirat(d, "a", 0750)); });
    same("mkdir below nothing", [](int d) { return told(::mkdirat(d, "x/y", 0750)); });
    prepare("mkdir below", [](int d) { return told(::mkdirat(d, "a/b", 01777)); });
    same("stat below", [](int d) { return status_of(d, "a/b"); });
    same("stat above", [](int d) { return status_of(d, "a"); });
    same("rmdir of a full one", [](int d) { return told(::unlinkat(d, "a", AT_REMOVEDIR)); });
    same("unlink of a directory", [](int d) { return told(::unlinkat(d, "a/b", 0)); });
    prepare("a file", [](int d) { return write_whole(d, "f", "", O_CREAT | O_WRONLY); });
    same("rmdir of a file", [](int d) { return told(::unlinkat(d, "f", AT_REMOVEDIR)); });
    same("rmdir", [](int d) { return told(::unlinkat(d, "a/b", AT_REMOVEDIR)); });
    same("rmdir of nothing", [](int d) { return told(::unlinkat(d, "a/b", AT_REMOVEDIR)); });
    same("rmdir of .", [](int d) { return told(::unlinkat(d, "a/.", AT_REMOVEDIR)); });
    same("unlink of nothing", [](int d) { return told(::unlinkat(d, "x", 0)); });
    same("listing", [](int d) { return names_in(d, "."); });
    same("listing of a file", [](int d) { return names_in(d, "f"); });
}

TEST_F(Parity, rename) {
    const auto move = [](const char* from, const char* to) {
        return [=](int d) { return told(::renameat(d, from, d, to)); };
    };
    for (const char* name : {"d", "d/sub", "e", "full", "full/x"})
        prepare("mkdir", [&](int d) { return told(::mkdirat(d, name, 0755)); });
    for (const char* name : {"f", "g", "d/sub/leaf"})
        prepare("write", [&](int d) { return write_whole(d, name, name, O_CREAT | O_WRONLY); });
    same("of nothing", move("nothing", "x"));
    same("of a file", move("f", "f2"));
    same("what it was", [](int d) { return status_of(d, "f"); });
    same("what it is", [](int d) { return read_whole(d, "f2"); });
    same("onto a file", move("f2", "g"));
    same("what is there now", [](int d) { return read_whole(d, "g"); });
    same("onto itself", move("g", "g"));
    same("of a file onto a directory", move("g", "d"));
    same("of a directory onto a file", move("d", "g"));
    same("of a directory onto a full one", move("e", "full"));
    same("of a directory into itself", move("d", "d/sub/d"));
    same("of a directory onto an empty one", move("d", "e"));
    same("below the new place", [](int d) { return read_whole(d, "e/sub/leaf"); });
    same("below the old place", [](int d) { return read_whole(d, "d/sub/leaf"); });
    same("between directories", move("e/sub/leaf", "full/x/leaf"));
    same("after it", [](int d) { return read_whole(d, "full/x/leaf"); });
    same("write after it", [](int d) { return write_whole(d, "full/x/leaf", "more", O_WRONLY | O_APPEND); });
    same("read after it", [](int d) { return read_whole(d, "full/x/leaf"); });
    same("listing", [](int d) { return names_in(d, "full/x"); });
}

TEST_F(Parity, links) {
    prepare("file", [](int d) { return write_whole(d, "f", "text", O_CREAT | O_WRONLY); });
    prepare("symlink", [](int d) { return told(::symlinkat("f", d, "s")); });
    same("symlink again", [](int d) { return told(::symlinkat("f", d, "s")); });
    prepare("symlink to nowhere", [](int d) { return told(::symlinkat("/no/where/at/all", d, "dangling")); });
    same("empty target", [](int d) { return told(::symlinkat("", d, "empty")); });
    for (const char* name : {"s", "dangling", "f", "nothing"})
        same("readlink", [&](int d) {
            char target[200] = {};
            const long n = told(::readlinkat(d, name, target, sizeof target));
            return std::pair(n, std::string(target));
        });
    same("stat of a symlink", [](int d) { return status_of(d, "s"); });
    same("stat through it", [](int d) { return status_of(d, "s", 0); });
    same("read through it", [](int d) { return read_whole(d, "s"); });
    same("read through a dangling one", [](int d) { return read_whole(d, "dangling"); });
    same("not following", [](int d) { return told(::openat(d, "s", O_RDONLY | O_NOFOLLOW)); });
    prepare("link", [](int d) { return told(::linkat(d, "f", d, "h", 0)); });
    same("link again", [](int d) { return told(::linkat(d, "f", d, "h", 0)); });
    same("link of nothing", [](int d) { return told(::linkat(d, "nothing", d, "h2", 0)); });
    same("link of a directory", [](int d) { return told(::linkat(d, ".", d, "h3", 0)); });
    same("its count", [](int d) { return status_of(d, "f"); });
    same("write through it", [](int d) { return write_whole(d, "h", "TEXT!", O_WRONLY); });
    same("read the other", [](int d) { return read_whole(d, "f"); });
    same("unlink one", [](int d) { return told(::unlinkat(d, "f", 0)); });
    same("the other's count", [](int d) { return status_of(d, "h"); });
    prepare("fifo", [](int d) { return told(::mknodat(d, "p", S_IFIFO | 0622, 0)); });
    same("stat of it", [](int d) { return status_of(d, "p"); });
}

TEST_F(Parity, attributes) {
    prepare("file", [](int d) { return write_whole(d, "f", "0123456789", O_CREAT | O_WRONLY); });
    prepare("chmod", [](int d) { return told(::fchmodat(d, "f", 04711, 0)); });
    same("stat", [](int d) { return status_of(d, "f"); });
    same("chown", [](int d) { return told(::fchownat(d, "f", 12, 34, 0)); });
    same("stat after chown", [](int d) { return status_of(d, "f"); });
    same("chown of the group", [](int d) { return told(::fchownat(d, "f", static_cast<uid_t>(-1), 35, 0)); });
    same("stat after it", [](int d) { return status_of(d, "f"); });
    same("chmod of nothing", [](int d) { return told(::fchmodat(d, "nothing", 0600, 0)); });
    for (const off_t size : {4, 20, 0, 1 << 20, -1})
        same("truncate", [&](int d) {
            const int file = ::openat(d, "f", O_RDWR);
            EXPECT_GE(file, 0);
            const long result = told(::ftruncate(file, size));
            ::close(file);
            return std::pair(result, status_of(d, "f"));
        });
    same("grown bytes are zero", [](int d) { return read_whole(d, "f").substr(0, 100); });
    const auto times = [](const timespec& atime, const timespec& mtime) {
        return [=](int d) {
            const timespec both[2] = {atime, mtime};
            const long result = told(::utimensat(d, "f", both, 0));
            struct stat status{};
            ::fstatat(d, "f", &status, 0);
            return std::vector<long>{result, status.st_atim.tv_sec, status.st_atim.tv_nsec, status.st_mtim.tv_sec,
                                     status.st_mtim.tv_nsec};
        };
    };
    same("utimens", times({1'000'000'000, 123'456'789}, {1'100'000'000, 987'654'321}));
    same("utimens of one", times({0, UTIME_OMIT}, {1'200'000'000, 5}));
    same("utimens of the other", times({1'300'000'000, 7}, {0, UTIME_OMIT}));
    same("utimens before 1970", times({-5, 0}, {-1'000'000, 500'000'000}));
    same("utimens now", [](int d) {
        const timespec both[2] = {{1, 0}, {0, UTIME_NOW}};
        const long result = told(::utimensat(d, "f", both, 0));
        struct stat status{};
        ::fstatat(d, "f", &status, 0);
        return std::pair(result, status.st_atime == 1 && status.st_mtime > 1'600'000'000);
    });
    same("access", [](int d) { return told(::faccessat(d, "f", R_OK | W_OK, 0)); });
}

TEST_F(Parity, reading_and_writing) {
    struct Call {
        const char* what;
        bool write;
        off_t offset;
        std::size_t size;
    };
    static constexpr Call calls[] = {
        {"write", true, 0, 10},
        {"write in the middle", true, 5, 3},
        {"write far out", true, 300'000, 5000},
        {"read a hole", false, 9, 40},
        {"read over the end", false, 304'990, 100},
        {"read at the end", false, 305'000, 10},
        {"read beyond", false, 1 << 20, 10},
        {"write nothing", true, 3, 0},
        {"read nothing", false, 0, 0},
        {"read before", false, -1, 10},
        {"write much", true, 1234, 3'000'000},
        {"read much", false, 77, 2'900'000},
    };
    const auto run = [](int d) {
        std::vector<std::pair<std::string, long>> results;
        const int file = ::openat(d, "f", O_CREAT | O_RDWR, 0644);
        EXPECT_GE(file, 0);
        std::string buffer;
        unsigned seed = 1;
        for (const auto& call : calls) {
            buffer.assign(call.size, '\0');
            if (call.write)
                for (char& c : buffer) c = static_cast<char>((seed = seed * 1103515245 + 12345) >> 16);
            const long n = told(call.write ? ::pwrite(file, buffer.data(), buffer.size(), call.offset)
                                           : ::pread(file, buffer.data(), buffer.size(), call.offset));
            results.emplace_back(call.what, n);
            results.emplace_back(call.what, static_cast<long>(std::hash<std::string>()(buffer)));
        }
        results.emplace_back("fsync", told(::fsync(file)));
        results.emplace_back("fdatasync", told(::fdatasync(file)));
        results.emplace_back("lseek", told(::lseek(file, -1, SEEK_END)));
        ::close(file);
        results.emplace_back("fsync of a directory", told(::fsync(d)));
        return results;
    };
    same("all of it", run);
}

TEST_F(Parity, file_system) {
    same("statfs", [](int d) {
        struct statvfs figures{};
        const long result = told(::fstatvfs(d, &figures));
        return std::vector<unsigned long>{static_cast<unsigned long>(result), figures.f_bsize, figures.f_blocks,
                                          figures.f_namemax};
    });
}

}  // namespace
}  // namespace p9::test
