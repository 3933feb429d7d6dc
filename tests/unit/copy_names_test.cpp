// The names that p9cp makes and takes apart.
#include "tools/p9cp/names.hpp"
#include "tools/progress.hpp"

#include <gtest/gtest.h>

namespace p9::test {
namespace {

using tools::base_name;
using tools::draft_name;
using tools::folder_of;
using tools::Version;

TEST(DraftName, IsFoundAgainForTheSameVersionOnly) {
    const Version version{100, {1'600'000'000, 5}};
    const std::string name = draft_name("report.txt", version);
    EXPECT_EQ(name.size(), std::string_view(".report.txt.p9cp-0123456789abcdef").size());
    EXPECT_TRUE(name.starts_with(".report.txt.p9cp-")) << name;
    EXPECT_EQ(draft_name("report.txt", version), name);
    EXPECT_NE(draft_name("report.txt", {101, version.mtime}), name);
    EXPECT_NE(draft_name("report.txt", {100, {1'600'000'000, 6}}), name);
    EXPECT_NE(draft_name("report.txt", version, 1), name);
}

TEST(DraftName, IsNoLongerThanANameMayBe) {
    const std::string longest(255, 'x'), other = std::string(254, 'x') + 'y';
    EXPECT_EQ(draft_name(longest, {}).size(), 255u);
    EXPECT_NE(draft_name(longest, {}), draft_name(other, {}));
    EXPECT_TRUE(valid_name(draft_name(longest, {})));
    // Never half a character: some file systems refuse it.
    std::string greek;
    while (greek.size() + 2 <= 255) greek += "\u03bb";
    for (const std::string& name : {greek, "x" + greek.substr(0, 254)}) {
        const std::string draft = draft_name(name, {});
        const auto stem = draft.substr(1, draft.find(".p9cp-") - 1);
        EXPECT_EQ(stem.size() % 2, name.starts_with('x') ? 1u : 0u) << draft;
    }
}

TEST(CopyNames, TheLastNameAndWhatIsBefore) {
    EXPECT_EQ(base_name("a"), "a");
    EXPECT_EQ(base_name("/a/b"), "b");
    EXPECT_EQ(base_name("/a/b//"), "b");
    for (const char* path : {"/", "//", ".", "..", "a/..", "a/./", ""}) EXPECT_EQ(base_name(path), "") << path;
    EXPECT_EQ(folder_of("a"), ".");
    EXPECT_EQ(folder_of("a/"), ".");
    EXPECT_EQ(folder_of("/a"), "/");
    EXPECT_EQ(folder_of("a/b/c"), "a/b");
}

TEST(CopyNames, ControlCharactersAreSuspicious) {
    for (const char* name : {"a\nb", "\x1b[2J", "\x7f", "tab\t"}) EXPECT_TRUE(tools::is_suspicious(name)) << name;
    for (const char* name : {"a b", "\u65e5\u672c", "-rf", "\xff"}) EXPECT_FALSE(tools::is_suspicious(name)) << name;
}

}  // namespace
}  // namespace p9::test
