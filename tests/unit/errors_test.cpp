// Errors: codes, words, and the errno that stands for them.
#include "p9/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace p9::test {
namespace {

TEST(Errors, refusal_keeps_number_and_words) {
    const Error error = Error::from_errno(13, "you shall not pass");
    EXPECT_TRUE(error.is_errno(13));
    EXPECT_FALSE(error.is_errno(1));
    EXPECT_EQ(error.to_errno(), 13);
    EXPECT_EQ(error.message(), "you shall not pass");
    EXPECT_EQ(error.about("/etc/shadow").message(), "/etc/shadow: you shall not pass");
    EXPECT_TRUE(error.about("/etc/shadow").is_errno(13));
}

TEST(Errors, without_words_the_code_speaks) {
    EXPECT_EQ(Error::from_errno(2).message(), "No such file or directory");
    EXPECT_EQ(Error::from_errno(2).about("x").message(), "x: No such file or directory");
    EXPECT_FALSE(Error(errc::connection_lost).message().empty());
}

TEST(Errors, every_condition_has_words_and_an_errno) {
    for (const errc condition : {errc::bad_address, errc::connection_failed, errc::handshake_failed,
                                 errc::connection_lost, errc::protocol_violation, errc::timed_out, errc::cancelled}) {
        const Error error(condition);
        EXPECT_FALSE(error.message().empty());
        EXPECT_NE(error.to_errno(), 0);
        for (int number = 1; number < 140; ++number) EXPECT_FALSE(error.is_errno(number));
    }
    EXPECT_EQ(Error(errc::timed_out).to_errno(), ETIMEDOUT);
    EXPECT_EQ(Error(errc::cancelled).to_errno(), EINTR);
}

TEST(Errors, conditions_are_told_apart_from_numbers) {
    const Error lost(errc::connection_lost);
    EXPECT_NE(lost.code, Error::from_errno(lost.code.value()).code);
}

TEST(Errors, value_throws_failure) {
    const Result<int> result = Error::from_errno(5, "broken");
    try {
        (void)result.value();
        FAIL() << "nothing was thrown";
    } catch (const Failure& failure) {
        EXPECT_TRUE(failure.error.is_errno(5));
        EXPECT_NE(std::string(failure.what()).find("broken"), std::string::npos);
    }
}

TEST(ErrorTexts, specific_entries_come_first) {
    const struct {
        const char* text;
        int number;
    } cases[] = {{"permission denied", EACCES},
                 {"file does not exist", ENOENT},
                 {"'nothing' file does not exist", ENOENT},
                 {"directory entry not found", ENOENT},
                 {"file already exists", EEXIST},
                 {"directory not empty", ENOTEMPTY},
                 {"not a directory", ENOTDIR},
                 {"file is a directory", EISDIR},
                 {"Is a directory", EISDIR},
                 {"No such file or directory", ENOENT},
                 {"read-only file system", EROFS},
                 {"unknown fid", EBADF},
                 {"i/o on hungup channel", EPIPE},
                 {"INTERRUPTED", EINTR},
                 {"Operation not supported", EOPNOTSUPP},
                 {"what on earth", EIO},
                 {"", EIO}};
    for (const auto& each : cases) EXPECT_EQ(errno_of_text(each.text), each.number) << each.text;
}

TEST(ErrorTexts, linux_messages_come_back_as_their_numbers) {
    // What a server on Linux sends is mostly strerror(3).
    for (const int number :
         {EPERM,  ENOENT, EIO,    EACCES, EBUSY,        EEXIST,    EXDEV, ENOTDIR,    EISDIR,    EINVAL, EFBIG,
          ENOSPC, EROFS,  EMLINK, EPIPE,  ENAMETOOLONG, ENOTEMPTY, ELOOP, EOPNOTSUPP, ETIMEDOUT, EDQUOT})
        EXPECT_EQ(errno_of_text(errno_message(number)), number) << errno_message(number);
}

}  // namespace
}  // namespace p9::test
