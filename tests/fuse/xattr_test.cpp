// Extended attributes: the same values and the same errno as on the directory that p9serve serves.

#include "tests/fuse/served.hpp"

#include <sys/xattr.h>

#include <functional>

namespace p9::test {
namespace {

class Xattr : public ServedMountTest {
protected:
    void SetUp() override {
        ServedMountTest::SetUp();
        if (IsSkipped()) return;
        ASSERT_NO_FATAL_FAILURE(mount());
        for (const auto& name : {there("file"), (scratch_ / "local").string()}) std::ofstream(name) << "text\n";
        if (::setxattr(there("file").c_str(), "user.probe", "", 0, 0) != 0)
            GTEST_SKIP() << "no extended attributes where the tests keep their files";
        ::removexattr(there("file").c_str(), "user.probe");
    }

    /// A call's value or negative errno, on the mount and on a local file.
    void same(const char* what, const std::function<long(const char*)>& call) {
        const long mounted = told(call(here("file").c_str()));
        const long local = told(call((scratch_ / "local").c_str()));
        EXPECT_EQ(mounted, local) << what << " (the mount's result first)";
    }
};

TEST_F(Xattr, CallsHaveTheValueAndErrnoOfALocalFile) {
    char bytes[100];
    same("get of none", [&](const char* path) { return ::getxattr(path, "user.a", bytes, sizeof bytes); });
    same("remove of none", [&](const char* path) { return ::removexattr(path, "user.a"); });
    same("replace of none", [&](const char* path) { return ::setxattr(path, "user.a", "1", 1, XATTR_REPLACE); });
    same("create", [&](const char* path) { return ::setxattr(path, "user.a", "value", 5, XATTR_CREATE); });
    same("create again", [&](const char* path) { return ::setxattr(path, "user.a", "x", 1, XATTR_CREATE); });
    same("replace", [&](const char* path) { return ::setxattr(path, "user.a", "longer", 6, XATTR_REPLACE); });
    same("length", [&](const char* path) { return ::getxattr(path, "user.a", nullptr, 0); });
    same("get", [&](const char* path) { return ::getxattr(path, "user.a", bytes, sizeof bytes); });
    EXPECT_EQ(std::string(bytes, 6), "longer");
    same("get into too little", [&](const char* path) { return ::getxattr(path, "user.a", bytes, 3); });
    same("empty value", [&](const char* path) { return ::setxattr(path, "user.empty", "", 0, 0); });
    same("get of the empty one", [&](const char* path) { return ::getxattr(path, "user.empty", bytes, sizeof bytes); });
    same("list", [&](const char* path) { return ::listxattr(path, bytes, sizeof bytes); });
    same("length of the list", [&](const char* path) { return ::listxattr(path, nullptr, 0); });
    same("list into too little", [&](const char* path) { return ::listxattr(path, bytes, 3); });
    same("remove", [&](const char* path) { return ::removexattr(path, "user.a"); });
    same("get after remove", [&](const char* path) { return ::getxattr(path, "user.a", bytes, sizeof bytes); });
    same("no such class", [&](const char* path) { return ::setxattr(path, "nonsense.a", "1", 1, 0); });
}

TEST_F(Xattr, ReachTheServerAndComeFromThere) {
    ASSERT_EQ(::setxattr(here("file").c_str(), "user.colour", "blue", 4, 0), 0);
    char bytes[100];
    ASSERT_EQ(::getxattr(there("file").c_str(), "user.colour", bytes, sizeof bytes), 4);
    EXPECT_EQ(std::string(bytes, 4), "blue");
    const std::string large(3000, 'x');
    ASSERT_EQ(::setxattr(there("file").c_str(), "user.large", large.data(), large.size(), 0), 0);
    std::string back(4000, '\0');
    ASSERT_EQ(::getxattr(here("file").c_str(), "user.large", back.data(), back.size()), 3000);
    EXPECT_EQ(back.substr(0, 3000), large);
    ASSERT_EQ(::removexattr(here("file").c_str(), "user.large"), 0);
    EXPECT_EQ(::getxattr(there("file").c_str(), "user.large", nullptr, 0), -1);
}

// The kernel asks for capabilities before each write: that must not cost messages, nor be shown in a list.
TEST_F(Xattr, CapabilitiesAreNoneHereAndAclsAreTheServersOwn) {
    EXPECT_EQ(::getxattr(here("file").c_str(), "security.capability", nullptr, 0), -1);
    EXPECT_EQ(errno, ENODATA);
    EXPECT_EQ(::getxattr(here("file").c_str(), "system.posix_acl_access", nullptr, 0), -1);
    EXPECT_EQ(errno, EOPNOTSUPP);
}

TEST_F(Xattr, AnOpenFileWithoutANameStillHasThem) {
    const int file = ::open(here("file").c_str(), O_RDWR);
    ASSERT_GE(file, 0);
    ASSERT_EQ(::fsetxattr(file, "user.a", "1", 1, 0), 0);
    ASSERT_EQ(::unlink(here("file").c_str()), 0);
    char byte = 0;
    EXPECT_EQ(::fgetxattr(file, "user.a", &byte, 1), 1) << std::strerror(errno);
    EXPECT_EQ(byte, '1');
    ::close(file);
}

TEST_F(Xattr, OlderDialectsSayThatThereAreNone) {
    ASSERT_NO_FATAL_FAILURE(mount("dialect=9P2000.u"));
    for (int times = 0; times < 2; ++times) {
        EXPECT_EQ(::setxattr(here("file").c_str(), "user.a", "1", 1, 0), -1);
        EXPECT_EQ(errno, EOPNOTSUPP);
    }
}

}  // namespace
}  // namespace p9::test
