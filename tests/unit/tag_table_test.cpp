// Tags, owners and flushes, without a session around them.
#include "tag_table.hpp"

#include "fid_pool.hpp"

#include <gtest/gtest.h>

#include <set>

namespace p9::test {
namespace {

struct Owner {};
using Table = TagTable<Owner>;
using Meaning = Table::Meaning;
constexpr u8 TREAD = 116;
constexpr u8 RREAD = 117;
constexpr u8 TCLUNK = 120;
constexpr u8 RFLUSH = 109;
constexpr u8 RLERROR = 7;

class TagTableTest : public ::testing::Test {
protected:
    Table table;
    Owner owner;
    Owner other;
};

TEST_F(TagTableTest, reply_goes_to_its_owner_and_frees_the_tag) {
    const Tag a = *table.open(&owner, TREAD);
    const Tag b = *table.open(&other, TREAD);
    EXPECT_NE(a, b);
    const auto answer = table.on_reply(b, RREAD);
    EXPECT_EQ(answer.meaning, Meaning::reply);
    EXPECT_EQ(answer.owner, &other);
    EXPECT_EQ(table.taken(), 1u);
    EXPECT_EQ(*table.open(&other, TREAD), b);
}
TEST_F(TagTableTest, errors_answer_every_request) {
    for (const u8 error : {RLERROR, u8{107}}) {
        const auto answer = table.on_reply(*table.open(&owner, TREAD), error);
        EXPECT_EQ(answer.meaning, Meaning::reply);
        EXPECT_EQ(answer.owner, &owner);
    }
    EXPECT_EQ(table.taken(), 0u);
}
TEST_F(TagTableTest, all_tags_but_notag) {
    std::set<Tag> tags;
    for (int i = 0; i < 0xffff; ++i) {
        const auto tag = table.open(&owner, TREAD);
        ASSERT_TRUE(tag);
        EXPECT_TRUE(tags.insert(*tag).second);
    }
    EXPECT_FALSE(tags.contains(NOTAG));
    EXPECT_FALSE(table.open(&owner, TREAD));
    EXPECT_FALSE(table.flush(*tags.begin())) << "there is no tag for a Tflush either";
    EXPECT_EQ(table.taken(), 0xffffu);
    table.on_reply(Tag{77}, RREAD);
    EXPECT_EQ(*table.open(&owner, TREAD), Tag{77});
}
TEST_F(TagTableTest, wrong_type) {
    const Tag tag = *table.open(&owner, TREAD);
    const auto answer = table.on_reply(tag, 119);
    EXPECT_EQ(answer.meaning, Meaning::mismatched);
    EXPECT_EQ(answer.type, TREAD);
}
TEST_F(TagTableTest, unknown_tags) {
    EXPECT_EQ(table.on_reply(Tag{0}, RREAD).meaning, Meaning::unknown_tag);
    EXPECT_EQ(table.on_reply(NOTAG, RREAD).meaning, Meaning::unknown_tag);
    const Tag tag = *table.open(&owner, TREAD);
    table.on_reply(tag, RREAD);
    EXPECT_EQ(table.on_reply(tag, RREAD).meaning, Meaning::unknown_tag);
}
TEST_F(TagTableTest, reply_then_rflush) {
    const Tag old = *table.open(&owner, TREAD);
    const Tag flusher = *table.flush(old);
    const auto answer = table.on_reply(old, RREAD);
    EXPECT_EQ(answer.meaning, Meaning::reply);
    EXPECT_EQ(answer.owner, &owner);
    EXPECT_EQ(table.taken(), 2u);
    EXPECT_EQ(table.on_reply(old, RREAD).meaning, Meaning::repeated);
    const auto flushed = table.on_reply(flusher, RFLUSH);
    EXPECT_EQ(flushed.meaning, Meaning::flushed);
    EXPECT_EQ(flushed.owner, nullptr);
    EXPECT_EQ(table.taken(), 0u);
}
TEST_F(TagTableTest, rflush_alone) {
    const Tag old = *table.open(&owner, TREAD);
    const Tag flusher = *table.flush(old);
    const auto flushed = table.on_reply(flusher, RFLUSH);
    EXPECT_EQ(flushed.meaning, Meaning::flushed);
    EXPECT_EQ(flushed.owner, &owner);
    EXPECT_EQ(table.taken(), 0u);
    EXPECT_EQ(table.on_reply(old, RREAD).meaning, Meaning::unknown_tag);
}
TEST_F(TagTableTest, refused_flush_keeps_the_tag_until_the_reply) {
    const Tag old = *table.open(&owner, TREAD);
    const Tag flusher = *table.flush(old);
    const auto refused = table.on_reply(flusher, RLERROR);
    EXPECT_EQ(refused.meaning, Meaning::flush_refused);
    EXPECT_EQ(refused.owner, &owner);
    EXPECT_EQ(table.taken(), 1u);
    const auto late = table.on_reply(old, RREAD);
    EXPECT_EQ(late.meaning, Meaning::reply);
    EXPECT_EQ(late.owner, nullptr);
    EXPECT_EQ(table.taken(), 0u);
}
TEST_F(TagTableTest, neither_flushes_nor_flushed_requests_are_flushed) {
    const Tag old = *table.open(&owner, TREAD);
    const Tag flusher = *table.flush(old);
    EXPECT_FALSE(table.flush(old));
    EXPECT_FALSE(table.flush(flusher));
    table.on_reply(old, RREAD);
    EXPECT_FALSE(table.flush(old)) << "it is answered";
    EXPECT_FALSE(table.flush(Tag{500}));
}
TEST_F(TagTableTest, flush_that_is_never_answered_lets_the_owner_go_once) {
    const Tag old = *table.open(&owner, TREAD);
    const Tag flusher = *table.flush(old);
    EXPECT_TRUE(table.flushing(flusher, old));
    EXPECT_EQ(table.give_up_flush(flusher), &owner);
    EXPECT_EQ(table.give_up_flush(flusher), nullptr);
    EXPECT_EQ(table.taken(), 2u);
    EXPECT_EQ(table.on_reply(old, RREAD).owner, nullptr);
    EXPECT_EQ(table.on_reply(flusher, RFLUSH).meaning, Meaning::flushed);
    EXPECT_EQ(table.taken(), 0u);
    EXPECT_FALSE(table.flushing(flusher, old));
}
TEST_F(TagTableTest, disowned_request_keeps_its_tag_and_its_fid) {
    const Tag tag = *table.open(&owner, TCLUNK, Fid{9});
    table.disown(tag);
    const auto answer = table.on_reply(tag, TCLUNK + 1);
    EXPECT_EQ(answer.meaning, Meaning::reply);
    EXPECT_EQ(answer.owner, nullptr);
    EXPECT_EQ(answer.fid, Fid{9});
    EXPECT_EQ(answer.type, TCLUNK);
}
TEST_F(TagTableTest, drain_names_every_owner_once) {
    const Tag a = *table.open(&owner, TREAD);
    table.open(&other, TREAD);
    table.open(nullptr, TCLUNK);
    table.flush(a);
    const auto owners = table.drain();
    EXPECT_EQ(std::set<Owner*>(owners.begin(), owners.end()), (std::set<Owner*>{&owner, &other}));
    EXPECT_EQ(owners.size(), 2u);
    EXPECT_EQ(table.taken(), 0u);
}

TEST(FidPoolTest, numbers_are_in_use_once) {
    FidPool pool;
    const Fid a = pool.take();
    const Fid b = pool.take();
    EXPECT_NE(a, b);
    EXPECT_EQ(pool.in_use(), 2u);
    pool.give_back(a);
    EXPECT_EQ(pool.in_use(), 1u);
    EXPECT_EQ(pool.take(), a) << "low numbers are used again";
}
TEST(FidPoolTest, retired_numbers_never_come_back) {
    FidPool pool;
    const Fid a = pool.take();
    pool.retire();
    EXPECT_EQ(pool.in_use(), 0u);
    for (int i = 0; i < 1000; ++i) EXPECT_NE(pool.take(), a);
}

}  // namespace
}  // namespace p9::test
