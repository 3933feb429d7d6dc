// What a lookup asks of the server, and what it need not ask.
#include "fuse/operations.hpp"

#include "tests/fuse/kernelless.hpp"

namespace p9::test {
namespace {

class Lookups : public KernellessTest {
protected:
    /// How many questions the server gets of a lookup, which must find a file as long as that.
    std::size_t questions_of(const std::string& name) {
        const std::size_t before = server().count<Twalk>() + server().count<Tgetattr>();
        auto looking = fuse::look_up_or_not(fs_.get(), 1, name);
        const auto looked = loop_.run(std::move(looking));
        if (looked && looked->entry)
            EXPECT_EQ(looked->entry->attributes.st_size, static_cast<off_t>(name.size())) << name;
        else
            ADD_FAILURE() << name << " is not found";
        return server().count<Twalk>() + server().count<Tgetattr>() - before;
    }
    /// As after two lookups over a long link.
    void fetch_ahead() {
        const fuse::InodePtr root = fs_->inodes.find(1);
        for (int i = 0; i < 2; ++i) fs_->names_ahead.looked_up(*fs_, root, "a", std::chrono::milliseconds(10));
        ASSERT_TRUE(loop_.run_until([&] { return fs_->requests_under_way == 0; }));
        loop_.settle();
    }
};

TEST_F(Lookups, OfWhatWasFetchedAheadAskNothing) {
    for (const std::string name : {"a", "bb", "ccc"}) tree_.add_file(name, name);
    ASSERT_NO_FATAL_FAILURE(serve({}));
    EXPECT_EQ(questions_of("a"), 2u);
    ASSERT_NO_FATAL_FAILURE(fetch_ahead());
    EXPECT_EQ(questions_of("bb"), 0u);
    EXPECT_EQ(questions_of("ccc"), 0u);
    EXPECT_EQ(questions_of("ccc"), 2u) << "it is handed out once";
    tree_.add_file("dddd", "dddd");
    EXPECT_EQ(questions_of("dddd"), 2u);
}

}  // namespace
}  // namespace p9::test
