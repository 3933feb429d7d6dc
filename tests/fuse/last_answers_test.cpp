#include "fuse/last_answers.hpp"

#include <gtest/gtest.h>

namespace p9::fuse {
namespace {

Attributes attributes_of(u32 mode) {
    Attributes attributes;
    attributes.mode = mode;
    return attributes;
}

TEST(LastAnswersTest, KnowsNothingBeforeItIsTold) {
    const LastAnswers answers;
    EXPECT_FALSE(answers.attributes());
    EXPECT_FALSE(answers.figures());
    EXPECT_FALSE(answers.is_silent(0));
}

TEST(LastAnswersTest, KeepsWhatWasToldLastUntilTheSessionEnds) {
    LastAnswers answers;
    struct statvfs figures{};
    figures.f_blocks = 7;
    answers.saw(attributes_of(0700));
    answers.saw(attributes_of(0755));
    answers.saw(figures);
    ASSERT_TRUE(answers.attributes() && answers.figures());
    EXPECT_EQ(answers.attributes()->mode, 0755u);
    EXPECT_EQ(answers.figures()->f_blocks, 7u);
    answers.overdue(std::make_shared<int>(), 5);
    answers.new_session();
    EXPECT_FALSE(answers.attributes());
    EXPECT_FALSE(answers.figures());
    EXPECT_FALSE(answers.is_silent(5));
}

TEST(LastAnswersTest, OneQuestionAtATimeListensForTheEndOfTheSilence) {
    LastAnswers answers;
    auto first = std::make_shared<int>();
    EXPECT_TRUE(answers.overdue(first, 1));
    EXPECT_FALSE(answers.overdue(std::make_shared<int>(), 1));
    first.reset();  // it was answered or interrupted
    const auto second = std::make_shared<int>();
    EXPECT_TRUE(answers.overdue(second, 1));
    EXPECT_FALSE(answers.overdue(std::make_shared<int>(), 1));
}

TEST(LastAnswersTest, AnyAnswerEndsTheSilence) {
    LastAnswers answers;
    const auto question = std::make_shared<int>();
    answers.overdue(question, 41);
    EXPECT_TRUE(answers.is_silent(41));
    EXPECT_FALSE(answers.is_silent(42));
    answers.overdue(question, 42);
    EXPECT_TRUE(answers.is_silent(42));
}

}  // namespace
}  // namespace p9::fuse
