// The tree of docs/serving.md: the build takes it from the page, word for word.
#include "tests/serve/served.hpp"

#include <gmock/gmock.h>

#include <ctime>

namespace example {
#include "serving_example.inc"
}  // namespace example

namespace p9::test {
namespace {

TEST(Example, TheTreeOfTheDocumentationTellsTheTimeAndRings) {
    Served<example::ClockTree> served;
    Client client = served.client(Dialect::unix_);
    std::vector<std::string> names;
    for (auto& entry : must(served.loop.run(client.list(""))).entries) names.push_back(entry.name);
    EXPECT_THAT(names, ::testing::ElementsAre("time", "alarm"));
    EXPECT_GT(std::stoll(must(served.loop.run(client.read_file("time")))), 1'700'000'000);

    const File alarm = must(served.loop.run(client.open("alarm", P9_O_RDWR)));
    const std::string wrong = "at noon";
    const auto refused =
        served.loop.run(alarm.write(0, Bytes(reinterpret_cast<const u8*>(wrong.data()), wrong.size())));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "expected \"in SECONDS\", not \"at noon\"");

    auto waiting = served.loop.start(alarm.read(0, 100));
    const std::string now = "in 0";
    must(served.loop.run(alarm.write(0, Bytes(reinterpret_cast<const u8*>(now.data()), now.size()))));
    EXPECT_EQ(must(waiting.get()).bytes.size(), 5u);
}

}  // namespace
}  // namespace p9::test
