// Locks, and what other users may do: the same values and errno as in a local directory.

#include "tests/fuse/parity_calls.hpp"

namespace p9::test {
namespace {

class ParityOfUsers : public ParityOfCalls {};

TEST_P(ParityOfUsers, Locks) {
    same("fcntl and flock", [](int d) {
        const Opened one(d, "l", O_CREAT | O_RDWR), two(d, "l", O_RDWR);
        struct flock range{};
        range.l_type = F_WRLCK;
        range.l_len = 10;
        std::string result = result_text(::fcntl(one, F_SETLK, &range)) + result_text(::fcntl(two, F_SETLK, &range));
        range.l_type = F_RDLCK;
        result += result_text(::fcntl(two, F_GETLK, &range)) + std::to_string(range.l_type);
        // On another file: 9P has one kind of lock, so that a server cannot tell them apart.
        const Opened three(d, "k", O_CREAT | O_RDWR), four(d, "k", O_RDWR);
        result += result_text(::flock(three, LOCK_EX | LOCK_NB)) + result_text(::flock(four, LOCK_EX | LOCK_NB));
        return result + result_text(::flock(three, LOCK_UN)) + result_text(::flock(four, LOCK_SH | LOCK_NB));
    });
    same("a lock to write of a file that is open to read", [](int d) {
        const Opened file(d, "l", O_RDONLY);
        struct flock range{};
        range.l_type = F_WRLCK;
        return result_text(::fcntl(file, F_SETLK, &range));
    });
}

TEST_P(ParityOfUsers, OtherUsers) {
    same("set-user-ID bits of a file of his", [](int d) {
        return put(d, "suid", "text") + result_text(::fchownat(d, "suid", 1000, 1000, 0)) +
               result_text(::fchmodat(d, "suid", 06755, 0)) + mode_of(d, "suid");
    });
    const auto reset = [this] {
        for (const int d : roots_) ::fchmodat(d, "suid", 06755, 0);
    };
    same_as_user("a write drops them", [](int d) { return put(d, "suid", "more", O_WRONLY) + mode_of(d, "suid"); });
    reset();
    same_as_user("truncation drops them", [](int d) {
        const Opened file(d, "suid", O_RDWR);
        return result_text(::ftruncate(file, 2)) + mode_of(d, "suid");
    });
    reset();
    same_as_user("truncation by open drops them",
                 [](int d) { return Opened(d, "suid", O_RDWR | O_TRUNC).why() + mode_of(d, "suid"); });
    reset();
    same("chown drops them",
         [](int d) { return result_text(::fchownat(d, "suid", 1000, 1001, 0)) + mode_of(d, "suid"); });
    same_as_user("what is not his", [](int d) {
        return result_text(::fchownat(d, "suid", 1000, 0, 0)) + result_text(::fchownat(d, "suid", 0, 1000, 0)) +
               result_text(::fchmodat(d, ".", 0777, 0)) + Opened(d, "/etc/shadow", O_RDONLY).why();
    });
    for (const int d : roots_) {
        put(d, "secret", "text");
        ::fchmodat(d, "secret", 0600, 0);
        ::mkdirat(d, "closed", 0700);
        put(d, "closed/inside", "text");
        ::mkdirat(d, "sticky", 0755);
        put(d, "sticky/roots", "text");
        ::fchmodat(d, "sticky", 01777, 0);
    }
    same_as_user("permissions", [](int d) {
        const timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
        return Opened(d, "secret", O_RDONLY).why() + Opened(d, "secret", O_WRONLY).why() +
               Opened(d, "closed/inside", O_RDONLY).why() + mode_of(d, "closed/inside") +
               result_text(::unlinkat(d, "sticky/roots", 0)) + result_text(::renameat(d, "sticky/roots", d, "x")) +
               result_text(::utimensat(d, "secret", now, 0)) + result_text(::faccessat(d, "secret", R_OK, 0)) +
               result_text(::fchmodat(d, "secret", 0777, 0)) + Opened(d, "closed", O_RDONLY | O_DIRECTORY).why();
    });
}

INSTANTIATE_TEST_SUITE_P(Modes, ParityOfUsers, testing::Values("cache=none", "cache=auto"),
                         [](const auto& each) { return std::string(each.param).substr(6); });

}  // namespace
}  // namespace p9::test
