// Servers that mean harm: what they say never gets into the kernel's view, and p9fuse lives.

#include "tests/fuse/faked.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <algorithm>
#include <set>

namespace p9::test {
namespace {

class HostileServer : public FakedMountTest {};

TEST_F(HostileServer, ADirectoryInItselfHarmsNobody) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=self-entry"}));
    struct stat below{};
    ASSERT_EQ(::stat(here("directory/self").c_str(), &below), 0) << std::strerror(errno);
    EXPECT_TRUE(S_ISDIR(below.st_mode));
    std::string path = here("directory");
    while (path.size() < 4000) path += "/self";
    EXPECT_EQ(::stat(path.c_str(), &below), 0) << std::strerror(errno);
    EXPECT_EQ(list(path).names.count("self"), 1u);
    EXPECT_EQ(told(::rename(here("directory/self").c_str(), here("directory/self/self/x").c_str())), -EINVAL);
    expect_alive();
}

TEST_F(HostileServer, SizesBeyondAllOffsetsAreRefused) {
    for (const std::string dialect : {"9P2000.L", "9P2000.u", "9P2000"}) {
        ASSERT_NO_FATAL_FAILURE(mount({"lie=huge-size", "dialect=" + dialect}));
        struct stat status{};
        EXPECT_EQ(told(::stat(here("file").c_str(), &status)), -EOVERFLOW);
        EXPECT_EQ(told(::open(here("file").c_str(), O_RDONLY)), -EOVERFLOW);
        EXPECT_EQ(list(mounted_->path()).names.count("file"), 1u);
        expect_alive();
    }
}

TEST_F(HostileServer, AnInodeNeverChangesItsType) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=flipping-type"}, "reconnect_timeout=1,attr_timeout=0,entry_timeout=0"));
    std::set<std::pair<ino_t, mode_t>> seen;
    std::set<ino_t> numbers;
    for (int times = 0; times < 50; ++times) {
        struct stat status{};
        const int file = ::open(here("file").c_str(), O_RDONLY);
        for (const int result : {::stat(here("file").c_str(), &status), file < 0 ? -1 : ::fstat(file, &status)})
            if (result == 0) seen.insert({status.st_ino, status.st_mode & S_IFMT});
        if (file >= 0) ::close(file);
        (void)list(mounted_->path());
    }
    for (const auto& each : seen) EXPECT_TRUE(numbers.insert(each.first).second) << each.first << " has two types";
    expect_alive();
}

TEST_F(HostileServer, AWalkThatLiesAboutTheTypeIsFoundOut) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=walk-type"}));
    struct stat status{};
    EXPECT_EQ(told(::stat(here("file").c_str(), &status)), 0);
    EXPECT_TRUE(S_ISREG(status.st_mode));
    EXPECT_EQ(contents_of(here("file")), "text\n");
    EXPECT_EQ(told(::unlink(here("file").c_str())), 0);
    expect_alive();
}

TEST_F(HostileServer, WildAttributesAreTamed) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=wild-attributes"}));
    struct stat status{};
    ASSERT_EQ(told(::stat(here("file").c_str(), &status)), 0);
    EXPECT_TRUE(S_ISREG(status.st_mode));
    EXPECT_EQ(status.st_nlink, 1u);
    EXPECT_EQ(status.st_blksize & (status.st_blksize - 1), 0);
    EXPECT_LT(status.st_mtim.tv_nsec, 1'000'000'000);
    EXPECT_EQ(contents_of(here("file")), "text\n");
    expect_alive();
}

// That breaks the protocol, so that the connection ends; another one is made.
TEST_F(HostileServer, MoreBytesThanWereAskedForReachNobody) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=long-read"}));
    const int file = ::open(here("file").c_str(), O_RDONLY);
    ASSERT_GE(file, 0);
    char bytes[10];
    EXPECT_LT(::read(file, bytes, sizeof bytes), 0);
    ::close(file);
    EXPECT_EQ(list(here("directory")).names.size(), 1002u);
    expect_alive();
}

TEST_F(HostileServer, AttributesThatChangeTheirSize) {
    for (const std::string lie : {"xattr-grows", "xattr-shrinks", "xattr-endless"}) {
        ASSERT_NO_FATAL_FAILURE(mount({"lie=" + lie}));
        ASSERT_EQ(told(::setxattr(here("file").c_str(), "user.a", "value", 5, 0)), 0);
        char bytes[100];
        const long got = told(::getxattr(here("file").c_str(), "user.a", bytes, sizeof bytes));
        EXPECT_TRUE(lie == "xattr-endless" ? got < 0 : got == 5 || got < 0) << lie << " " << got;
        (void)::listxattr(here("file").c_str(), bytes, sizeof bytes);
        expect_alive();
    }
}

TEST_F(HostileServer, SymlinksThatLeadNowhere) {
    for (const std::string lie : {"link-empty", "link-huge", "link-nul"}) {
        ASSERT_NO_FATAL_FAILURE(mount({"lie=" + lie}));
        char target[100];
        EXPECT_EQ(told(::readlink(here("link").c_str(), target, sizeof target)), -EIO) << lie;
        EXPECT_LT(::open(here("link").c_str(), O_RDONLY), 0);
        EXPECT_EQ(contents_of(here("file")), "text\n");
        expect_alive();
    }
}

TEST_F(HostileServer, AnswersWithWrongTagsReachNobody) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=wrong-tag"}));
    const int file = ::open(here("file").c_str(), O_RDONLY);
    char bytes[10];
    EXPECT_LT(::read(file, bytes, sizeof bytes), 0);
    ::close(file);
    EXPECT_EQ(list(here("directory")).names.size(), 1002u);
    expect_alive();
}

// A server that crashes of a request, and is started again each time: no caller may wait for ever.
TEST_F(HostileServer, ARequestThatEndsTheConnectionEachTimeFailsInTheEnd) {
    ASSERT_NO_FATAL_FAILURE(mount({"missing=Treadlink", "missing-answer=hang-up"}, "reconnect_timeout=3"));
    char target[10];
    EXPECT_EQ(told(::readlink(here("link").c_str(), target, sizeof target)), -ENOTCONN);
    EXPECT_EQ(contents_of(here("file")), "text\n");
    expect_alive();
}

TEST_F(HostileServer, LocksThatThereAreNone) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=bad-locks"}));
    const int file = ::open(here("file").c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    struct flock lock{};
    lock.l_type = F_WRLCK;
    EXPECT_LT(::fcntl(file, F_GETLK, &lock), 0);
    lock.l_type = F_WRLCK;
    EXPECT_LT(::fcntl(file, F_SETLK, &lock), 0);
    EXPECT_LT(::fcntl(file, F_SETLKW, &lock), 0);
    ::close(file);
    EXPECT_EQ(contents_of(here("file")), "text\n");
    expect_alive();
}

// The kernel hands out its own number, 512, for EINTR without a signal.
TEST_F(HostileServer, LocksThatNobodyInterrupted) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=interrupted-locks"}));
    const int file = ::open(here("file").c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    for (const int command : {F_SETLK, F_SETLKW}) {
        struct flock lock{};
        lock.l_type = F_WRLCK;
        EXPECT_EQ(told(::fcntl(file, command, &lock)), -ENOLCK);
    }
    ::close(file);
    expect_alive();
}

TEST_F(HostileServer, FiguresThatProgramsWouldDivideBy) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=wild-figures"}));
    struct statfs figures{};
    ASSERT_EQ(told(::statfs(mounted_->path().c_str(), &figures)), 0);
    EXPECT_GT(figures.f_bsize, 0);
    EXPECT_EQ(figures.f_namelen, 255);
    expect_alive();
}

TEST_F(HostileServer, AByteInEachMessageIsSlowAndNoMore) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=tiny-iounit"}));
    EXPECT_EQ(contents_of(here("file")), "text\n");
    const int file = ::open(here("file").c_str(), O_RDWR);
    EXPECT_EQ(told(::pwrite(file, "1234567890", 10, 2)), 10);
    ::close(file);
    EXPECT_EQ(contents_of(here("file")), "te1234567890");
    EXPECT_NE(list(here("directory")).error, 0);  // no entry fits into a byte
    expect_alive();
}

TEST_F(HostileServer, WritesOfWhichNothingIsTakenEnd) {
    for (const std::size_t size : {std::size_t{10}, std::size_t{1} << 20}) {
        ASSERT_NO_FATAL_FAILURE(mount({"lie=wrote-nothing"}));
        const int file = ::open(here("file").c_str(), O_WRONLY);
        ASSERT_GE(file, 0);
        const std::string data(size, 'x');
        const bool wrote = ::write(file, data.data(), data.size()) > 0;
        EXPECT_TRUE(!wrote || ::fsync(file) < 0);
        ::close(file);
        expect_alive();
    }
}

TEST_F(HostileServer, TheRootStaysADirectory) {
    ASSERT_NO_FATAL_FAILURE(mount({"lie=root-is-a-file"}, "reconnect_timeout=1,attr_timeout=0,entry_timeout=0"));
    for (int times = 0; times < 20; ++times) {
        struct stat status{};
        const bool told = ::stat(mounted_->path().c_str(), &status) == 0;
        EXPECT_TRUE(!told || S_ISDIR(status.st_mode));
    }
    EXPECT_TRUE(mounted_->unmount());
    EXPECT_EQ(mounted_->wait_for_end(), 0);
}

// A file of the fake server that nobody answers stands for a server that hangs: everything else goes on.
TEST_F(HostileServer, ARequestThatIsNeverAnsweredHoldsUpNothing) {
    ASSERT_NO_FATAL_FAILURE(mount({"missing=Tstatfs", "missing-answer=silence", "flush-answer=silence"}));
    const pid_t asker = ::fork();
    if (asker == 0) {
        struct statfs figures{};
        ::statfs(mounted_->path().c_str(), &figures);
        ::_exit(0);
    }
    EXPECT_EQ(contents_of(here("file")), "text\n");
    EXPECT_EQ(list(here("directory")).names.size(), 1002u);
    ::kill(asker, SIGKILL);
    int status = 0;
    EXPECT_EQ(::waitpid(asker, &status, 0), asker);
    expect_alive();
}

// diod 1.0.24 crashes if a fid ends while it is at work on a request of that fid, be it flushed or not.
TEST_F(HostileServer, AFidIsNotClunkedBeforeTheServerIsDoneWithIt) {
    const std::string trace = (scratch_ / "trace").string();
    ASSERT_NO_FATAL_FAILURE(mount({"missing=Treaddir", "missing-answer=silence"}, "trace=" + trace));
    DIR* directory = ::opendir(here("directory").c_str());
    ASSERT_NE(directory, nullptr);
    ::closedir(directory);
    std::string seen;
    std::size_t reading = 0, clunked = std::string::npos;
    while (clunked == std::string::npos) {
        seen = contents_of(trace);
        reading = seen.find("-> Treaddir ");
        ASSERT_NE(reading, std::string::npos);
        const std::size_t fid = seen.find("fid=", reading);
        const std::string name = seen.substr(fid, seen.find(' ', fid) - fid);
        for (auto at = seen.find("-> Tclunk ", reading); at != std::string::npos; at = seen.find("-> Tclunk ", at + 1))
            if (seen.substr(at, seen.find('\n', at) - at).ends_with(name)) clunked = at;
    }
    const std::size_t flushed = seen.find("<- Rflush", seen.find("-> Tflush ", reading));
    EXPECT_LT(flushed, clunked) << seen;
    expect_alive();
}

}  // namespace
}  // namespace p9::test
