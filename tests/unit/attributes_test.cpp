// File types, modes and names.
#include "p9/attributes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace p9::test {
namespace {

constexpr std::array types{FileType::file,      FileType::directory, FileType::symlink, FileType::block,
                           FileType::character, FileType::fifo,      FileType::socket};

TEST(AttributesTest, types_and_modes_are_each_others_inverse) {
    for (const FileType type : types) {
        EXPECT_EQ(type_of_mode(mode_bits(type)), type);
        EXPECT_EQ(type_of_mode(mode_bits(type) | 07777), type);
        EXPECT_EQ(mode_bits(type) & ~u32{P9_S_IFMT}, 0u);
    }
    EXPECT_EQ(mode_bits(FileType::directory), 0040000u);
    EXPECT_EQ(mode_bits(FileType::socket), 0140000u);
    EXPECT_EQ(type_of_mode(0), FileType::file);
    EXPECT_EQ(type_of_mode(0170000), FileType::file);
}

TEST(AttributesTest, types_of_qids) {
    EXPECT_EQ(type_of_qid(QTDIR), FileType::directory);
    EXPECT_EQ(type_of_qid(QTDIR | QTTMP | QTMOUNT), FileType::directory);
    EXPECT_EQ(type_of_qid(QTSYMLINK), FileType::symlink);
    for (const u8 type : {QTFILE, QTAPPEND, QTEXCL, QTTMP, QTAUTH}) EXPECT_EQ(type_of_qid(type), FileType::file);
}

TEST(AttributesTest, names_that_nothing_may_bear) {
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("/"), std::string("a/b"),
          std::string("a\0b", 3), std::string("\0", 1), std::string(256, 'x')})
        EXPECT_FALSE(valid_name(name)) << name;
    for (const std::string& name :
         {std::string("a"), std::string("..."), std::string(".a"), std::string("a."), std::string(255, 'x'),
          std::string("new\nline"), std::string("\xff\xfe"), std::string("\\"), std::string(" ")})
        EXPECT_TRUE(valid_name(name)) << name;
}

TEST(AttributesTest, unknown_owners_are_not_root) {
    const Attributes attributes;
    EXPECT_EQ(attributes.uid, NONUNAME);
    EXPECT_EQ(attributes.gid, NONUNAME);
    EXPECT_EQ(attributes.valid, 0u);
}

}  // namespace
}  // namespace p9::test
