// More calls than parity_test.cpp has: the same values and errno as in a local directory, with and without caches. What
// 9P cannot do is refused in the way that programs expect.

#include "tests/fuse/parity_calls.hpp"

namespace p9::test {
namespace {

TEST_P(ParityOfCalls, SpecialFiles) {
    for (const mode_t type : {S_IFIFO, S_IFSOCK, S_IFREG})
        same("mknod", [&](int d) {
            const std::string name = "n" + std::to_string(type);
            return join({result_text(::mknodat(d, name.c_str(), type | 0640, 0)), mode_of(d, name.c_str()),
                         result_text(::mknodat(d, name.c_str(), type | 0640, 0))});
        });
    same("a fifo carries bytes", [](int d) {
        must(::mkfifoat(d, "fifo", 0600));
        const Prepared both(d, "fifo", O_RDWR);
        char bytes[10] = {};
        return join({result_text(::write(both, "abc", 3)), result_text(::read(both, bytes, sizeof bytes)), bytes});
    });
    same("mkdir by mknod", [](int d) { return result_text(::mknodat(d, "dir", S_IFDIR | 0755, 0)); });
}

TEST_P(ParityOfCalls, OpenFlags) {
    same("exclusive twice", [](int d) {
        const Opened first(d, "x", O_CREAT | O_EXCL | O_RDWR), second(d, "x", O_CREAT | O_EXCL | O_RDWR);
        return join({first.why(), second.why()});
    });
    same("exclusive onto a dangling symlink", [](int d) {
        must(::symlinkat("nowhere", d, "s"));
        const Opened exclusive(d, "s", O_CREAT | O_EXCL | O_RDWR), through(d, "s", O_CREAT | O_RDWR);
        return join({exclusive.why(), through.why(), mode_of(d, "nowhere")});
    });
    same("append among others", [](int d) {
        const Prepared one(d, "log", O_CREAT | O_WRONLY | O_APPEND), two(d, "log", O_WRONLY | O_APPEND);
        for (int i = 0; i < 20; ++i) must(::write(i % 2 == 0 ? one : two, "0123456789", 1 + i % 10));
        return join({result_text(::pwrite(one, "end", 3, 0)), text_in(d, "log")});
    });
    same("truncating without the right to write", [](int d) {
        put(d, "t", "text");
        const Opened file(d, "t", O_RDONLY | O_TRUNC);
        return join({file.why(), text_in(d, "t")});
    });
    same("O_PATH", [](int d) {
        const Prepared file(d, "t", O_PATH);
        char byte = 0;
        return join({result_text(::read(file, &byte, 1)), mode_of(d, "t")});
    });
    same("O_DIRECT", [](int d) {
        const Opened file(d, "direct", O_CREAT | O_RDWR | O_DIRECT);
        void* memory = std::aligned_alloc(4096, 8192);
        std::memset(memory, 'a', 8192);
        std::string result = join(
            {file.why(), result_text(::pwrite(file, memory, 8192, 0)), result_text(::pread(file, memory, 8192, 4096))});
        std::free(memory);
        return result;
    });
    // No message of 9P makes a file without a name; programs then make one and remove it.
    EXPECT_EQ(Opened(roots_[0], ".", O_TMPFILE | O_RDWR).why(), "EOPNOTSUPP");
    same("too many symlinks", [](int d) {
        must(::symlinkat("loop", d, "loop"));
        return Opened(d, "loop", O_RDONLY).why();
    });
    same("a path that is too long", [](int d) { return Opened(d, std::string(5000, '/').c_str(), O_RDONLY).why(); });
}

TEST_P(ParityOfCalls, ReadingAndWriting) {
    same("vectors", [](int d) {
        const Prepared file(d, "v", O_CREAT | O_RDWR);
        char a[] = "one", b[] = "two", c[7] = {}, e[3] = {};
        iovec out[] = {{a, 3}, {b, 3}}, in[] = {{c, 4}, {e, 2}};
        return join({result_text(::pwritev(file, out, 2, 1)), result_text(::preadv(file, in, 2, 1)), c,
                     std::string(e, 2), result_text(::lseek(file, 0, SEEK_CUR))});
    });
    same("wrong descriptors", [](int d) {
        const Prepared reader(d, "v", O_RDONLY), writer(d, "v", O_WRONLY), folder(d, ".", O_RDONLY);
        char byte = 0;
        return join({result_text(::write(reader, "x", 1)), result_text(::read(writer, &byte, 1)),
                     result_text(::read(folder, &byte, 1)), result_text(::ftruncate(reader, 1)),
                     result_text(::lseek(reader, -5, SEEK_SET)), result_text(::pread(reader, &byte, 1, -1))});
    });
    same("a file that is too large", [](int d) {
        const Prepared file(d, "large", O_CREAT | O_RDWR);
        return join({result_text(::ftruncate(file, 1LL << 40)), result_text(::pwrite(file, "end", 3, (1LL << 40) - 3)),
                     result_text(::pwrite(file, "x", 1, INT64_MAX)), result_text(::ftruncate(file, 0))});
    });
    same("sendfile and splice", [](int d) {
        put(d, "from", std::string(9000, 'f'));
        const Prepared from(d, "from", O_RDONLY), to(d, "to", O_CREAT | O_RDWR);
        int pipe[2];
        must(::pipe(pipe));
        std::string result = join({result_text(::sendfile(to, from, nullptr, 5000)),
                                   result_text(::splice(from, nullptr, pipe[1], nullptr, 4000, 0)),
                                   result_text(::splice(pipe[0], nullptr, to, nullptr, 4000, 0))});
        for (const int end : pipe) ::close(end);
        return join({result, text_in(d, "to")});
    });
    same("posix_fallocate, which the C library makes up where there is none", [](int d) {
        const Prepared file(d, "allocated", O_CREAT | O_RDWR);
        const int result = ::posix_fallocate(file, 0, 20'000);
        struct stat status{};
        must(::fstat(file, &status));
        return std::to_string(result) + " " + std::to_string(status.st_size);
    });
    same("ioctl", [](int d) {
        const Prepared file(d, "from", O_RDONLY);
        int bytes = 0;
        return join({result_text(::ioctl(file, TCGETS, &bytes)), result_text(::isatty(file))});
    });
    same("sync", [](int d) {
        const Prepared file(d, "from", O_RDWR);
        return join({result_text(::syncfs(file)), result_text(::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE)),
                     result_text(::fsync(d))});
    });
}

TEST_P(ParityOfCalls, Maps) {
    same("shared", [](int d) {
        const Prepared file(d, "m", O_CREAT | O_RDWR);
        must(::ftruncate(file, 6000));
        char* at = static_cast<char*>(::mmap(nullptr, 6000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
        if (at == MAP_FAILED) return result_text(-1);
        std::memcpy(at + 4094, "over a page", 11);
        return join({result_text(::msync(at, 6000, MS_SYNC)), result_text(::munmap(at, 6000)), text_in(d, "m")});
    });
    same("shared, by a program that only reads", [](int d) {
        const Prepared file(d, "m", O_RDONLY);
        void* writable = ::mmap(nullptr, 4096, PROT_WRITE, MAP_SHARED, file, 0);
        std::string result = writable == MAP_FAILED ? result_text(-1) : "mapped";
        char* at = static_cast<char*>(::mmap(nullptr, 6000, PROT_READ, MAP_SHARED, file, 0));
        return at == MAP_FAILED ? result_text(-1) : join({result, std::string(at + 4094, 11)});
    });
    same("private", [](int d) {
        const Prepared file(d, "m", O_RDONLY);
        char* at = static_cast<char*>(::mmap(nullptr, 6000, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0));
        if (at == MAP_FAILED) return result_text(-1);
        std::memcpy(at + 4094, "mine", 4);
        const std::string result(at + 4090, 20);
        ::munmap(at, 6000);
        return join({result, text_in(d, "m")});
    });
}

TEST_P(ParityOfCalls, OpenFilesWithoutANameAndRenamedOnes) {
    same("unlinked", [](int d) {
        const Prepared file(d, "u", O_CREAT | O_RDWR);
        must(::write(file, "text", 4));
        must(::unlinkat(d, "u", 0));
        struct stat status{};
        char bytes[10] = {};
        return join({result_text(::fstat(file, &status)), std::to_string(status.st_nlink),
                     std::to_string(status.st_size), result_text(::fchmod(file, 0604)),
                     result_text(::ftruncate(file, 2)), result_text(::fstat(file, &status)),
                     std::to_string(status.st_mode), std::to_string(status.st_size), result_text(::fsync(file)),
                     result_text(::fchown(file, 5, 6)), result_text(::pread(file, bytes, 10, 0)), bytes});
    });
    same("renamed over", [](int d) {
        put(d, "new", "new");
        const Prepared old(d, "old", O_CREAT | O_RDWR);
        must(::write(old, "before", 6));
        char bytes[10] = {};
        struct stat status{};
        return join({result_text(::renameat(d, "new", d, "old")), result_text(::pread(old, bytes, 10, 0)), bytes,
                     result_text(::fstat(old, &status)), std::to_string(status.st_size),
                     std::to_string(status.st_nlink), text_in(d, "old")});
    });
    same("a directory that was removed", [](int d) {
        must(::mkdirat(d, "gone", 0755));
        const Prepared folder(d, "gone", O_RDONLY | O_DIRECTORY);
        must(::unlinkat(d, "gone", AT_REMOVEDIR));
        struct stat status{};
        return join({result_text(::fstat(folder, &status)), Opened(folder, "new", O_CREAT | O_RDWR).why(),
                     result_text(::mkdirat(folder, "new", 0755)), result_text(::fsync(folder))});
    });
    const auto left_behind = [](int folder) {
        struct stat status{};
        return join({result_text(::fchmod(folder, 0700)), result_text(::fstat(folder, &status)),
                     std::to_string(status.st_mode)});
    };
    same("a directory that was renamed and then removed", [&](int d) {
        must(::mkdirat(d, "first", 0755));
        const Prepared folder(d, "first", O_RDONLY | O_DIRECTORY);
        must(::renameat(d, "first", d, "second"));
        must(::unlinkat(d, "second", AT_REMOVEDIR));
        return left_behind(folder);
    });
    same("a directory that was renamed, and another onto it", [&](int d) {
        must(::mkdirat(d, "below", 0755));
        must(::mkdirat(d, "above", 0755));
        const Prepared folder(d, "below", O_RDONLY | O_DIRECTORY);
        must(::renameat(d, "below", d, "lowest"));
        must(::renameat(d, "above", d, "lowest"));
        return left_behind(folder);
    });
    same("linkat of an open file", [](int d) {
        const Prepared file(d, "named", O_CREAT | O_RDWR);
        const std::string path = "/proc/self/fd/" + std::to_string(file);
        return join(
            {result_text(::linkat(AT_FDCWD, path.c_str(), d, "another", AT_SYMLINK_FOLLOW)), mode_of(d, "another")});
    });
}

INSTANTIATE_TEST_SUITE_P(Modes, ParityOfCalls, testing::Values("cache=none", "cache=auto"),
                         [](const auto& each) { return std::string(each.param).substr(6); });

}  // namespace
}  // namespace p9::test
