// Locks, and what other users may do: the same values and errno as in a local directory.

#include "tests/fuse/parity_calls.hpp"

namespace p9::test {
namespace {

class ParityOfUsers : public ParityOfCalls {
protected:
    /// A file of user 1000, with the bits that let others run it as him.
    void give_away(const char* path) {
        same("a file of his", [&](int d) {
            put(d, path, "text");
            must(::fchownat(d, path, 1000, 1000, 0));
            must(::fchmodat(d, path, 06755, 0));
            const std::string mode = mode_of(d, path);
            EXPECT_EQ(mode, "106755");
            return mode;
        });
    }
};

TEST_P(ParityOfUsers, Locks) {
    same("fcntl and flock", [](int d) {
        const Prepared one(d, "l", O_CREAT | O_RDWR), two(d, "l", O_RDWR);
        struct flock range{};
        range.l_type = F_WRLCK;
        range.l_len = 10;
        std::string result =
            join({result_text(::fcntl(one, F_SETLK, &range)), result_text(::fcntl(two, F_SETLK, &range))});
        range.l_type = F_RDLCK;
        result = join({result, result_text(::fcntl(two, F_GETLK, &range)), std::to_string(range.l_type)});
        // On another file: 9P has one kind of lock, so that a server cannot tell them apart.
        const Prepared three(d, "k", O_CREAT | O_RDWR), four(d, "k", O_RDWR);
        return join({result, result_text(::flock(three, LOCK_EX | LOCK_NB)),
                     result_text(::flock(four, LOCK_EX | LOCK_NB)), result_text(::flock(three, LOCK_UN)),
                     result_text(::flock(four, LOCK_SH | LOCK_NB))});
    });
    same("a lock to write of a file that is open to read", [](int d) {
        const Prepared file(d, "l", O_RDONLY);
        struct flock range{};
        range.l_type = F_WRLCK;
        return result_text(::fcntl(file, F_SETLK, &range));
    });
}

TEST_P(ParityOfUsers, AWriteDropsSetUserIdBits) {
    give_away("suid");
    same_as_user("write", [](int d) {
        put(d, "suid", "more", O_WRONLY);
        return mode_of(d, "suid");
    });
}

TEST_P(ParityOfUsers, ADirectWriteDropsSetUserIdBits) {
    give_away("suid");
    same_as_user("O_DIRECT", [](int d) {
        alignas(4096) static char page[4096];
        const Prepared file(d, "suid", O_WRONLY | O_DIRECT);
        return join({result_text(must(::write(file, page, sizeof page))), mode_of(d, "suid")});
    });
}

TEST_P(ParityOfUsers, TruncationByOpenDropsSetUserIdBits) {
    give_away("suid");
    same_as_user("O_TRUNC", [](int d) {
        const Prepared file(d, "suid", O_RDWR | O_TRUNC);
        return mode_of(d, "suid");
    });
}

TEST_P(ParityOfUsers, TruncationAndChownDropSetUserIdBits) {
    give_away("suid");
    same_as_user("ftruncate", [](int d) {
        const Prepared file(d, "suid", O_RDWR);
        return join({result_text(::ftruncate(file, 2)), mode_of(d, "suid")});
    });
    give_away("suid");
    same("chown", [](int d) {
        must(::fchownat(d, "suid", 1000, 1001, 0));
        return mode_of(d, "suid");
    });
}

TEST_P(ParityOfUsers, MayDoNothingToWhatIsNotTheirs) {
    give_away("his");
    same_as_user("owner and mode", [](int d) {
        return join({result_text(::fchownat(d, "his", 1000, 0, 0)), result_text(::fchownat(d, "his", 0, 1000, 0)),
                     result_text(::fchmodat(d, ".", 0777, 0)), mode_of(d, "his")});
    });
    for (const int d : roots_) {
        put(d, "secret", "text");
        must(::fchmodat(d, "secret", 0600, 0));
        must(::mkdirat(d, "closed", 0700));
        put(d, "closed/inside", "text");
        must(::mkdirat(d, "sticky", 0755));
        put(d, "sticky/roots", "text");
        must(::fchmodat(d, "sticky", 01777, 0));
    }
    same_as_user("permissions", [](int d) {
        const timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
        return join({Opened(d, "secret", O_RDONLY).why(), Opened(d, "secret", O_WRONLY).why(),
                     Opened(d, "closed/inside", O_RDONLY).why(), mode_of(d, "closed/inside"),
                     result_text(::unlinkat(d, "sticky/roots", 0)), result_text(::renameat(d, "sticky/roots", d, "x")),
                     result_text(::utimensat(d, "secret", now, 0)), result_text(::faccessat(d, "secret", R_OK, 0)),
                     result_text(::fchmodat(d, "secret", 0777, 0)), Opened(d, "closed", O_RDONLY | O_DIRECTORY).why()});
    });
}

INSTANTIATE_TEST_SUITE_P(Modes, ParityOfUsers, testing::Values("cache=none", "cache=auto"),
                         [](const auto& each) { return std::string(each.param).substr(6); });

}  // namespace
}  // namespace p9::test
