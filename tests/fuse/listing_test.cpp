// What read_directory makes of an interrupt that crosses the answer.
#include "fuse/operations.hpp"

#include "tests/fuse/kernelless.hpp"

#include <set>

namespace p9::test {
namespace {

class Listings : public KernellessTest, public testing::WithParamInterface<Dialect> {
protected:
    static constexpr int NAMES = 9;

    void open_root() {
        for (int i = 0; i < NAMES; ++i) tree_.add_file("f" + std::to_string(i), "text");
        Knobs knobs;
        knobs.dialect = GetParam();
        knobs.entries_max = 3;
        ASSERT_NO_FATAL_FAILURE(serve(knobs));
        auto opening = fuse::open_directory(fs_.get(), 1);
        auto opened = loop_.run(std::move(opening));
        ASSERT_TRUE(opened) << opened.error().message();
        handle_ = fs_->directories.add(opened->directory);
    }
    Pending<Result<fuse::Listing>> start_reading() {
        auto pending = loop_.start(fuse::read_directory(fs_.get(), handle_, 4096, offset_, false));
        loop_.settle();
        return pending;
    }
    /// Adds what was listed, and notes where the kernel goes on. How many names that were.
    std::size_t take(const Result<fuse::Listing>& listing) {
        if (!listing) ADD_FAILURE() << listing.error().message();
        if (!listing) return 0;
        const std::vector<char>& bytes = listing->bytes;
        std::size_t count = 0;
        // struct fuse_dirent (linux/fuse.h): inode number, offset of the next, length of the name, type, name.
        for (std::size_t at = 0; at < bytes.size(); ++count) {
            u32 length = 0;
            std::memcpy(&offset_, &bytes[at + 8], sizeof offset_);
            std::memcpy(&length, &bytes[at + 16], sizeof length);
            names_.emplace(&bytes[at + 24], length);
            at += (24 + length + 7) / 8 * 8;
        }
        return count;
    }
    void wait_for_reads(std::size_t count) {
        if (GetParam() == Dialect::linux_)
            wait_for<Treaddir>(count);
        else
            wait_for<Tread>(count);
    }
    /// Lets out what is held, and holds what comes after.
    void let_out() {
        server().release();
        server().hold();
    }

    u64 handle_ = 0;
    u64 offset_ = 0;
    std::multiset<std::string> names_;
};

// Before 9P2000.L a server goes on where its last answer ended: what came and was dropped is never listed again.
TEST_P(Listings, AnInterruptThatTheAnswerOvertakesLosesNoEntry) {
    ASSERT_NO_FATAL_FAILURE(open_root());
    server().hold();
    auto first = start_reading();
    ASSERT_NO_FATAL_FAILURE(wait_for_reads(1));
    let_out();
    ASSERT_GT(take(first.get()), 0u);
    ASSERT_LT(names_.size(), std::size_t{NAMES}) << "there is nothing left to be interrupted in";

    auto second = start_reading();
    ASSERT_NO_FATAL_FAILURE(wait_for_reads(2));
    second.cancel();
    ASSERT_NO_FATAL_FAILURE(wait_for<Tflush>(1));
    ASSERT_FALSE(second.done());
    server().release();  // the entries, and then Rflush
    const auto interrupted = second.get();
    ASSERT_FALSE(interrupted);
    EXPECT_EQ(interrupted.error().code, make_error_code(errc::cancelled)) << interrupted.error().message();

    while (take(start_reading().get()) != 0) continue;
    std::multiset<std::string> all{".", ".."};
    for (int i = 0; i < NAMES; ++i) all.insert("f" + std::to_string(i));
    EXPECT_TRUE(names_ == all) << testing::PrintToString(names_);
}

std::string dialect_name(const testing::TestParamInfo<Dialect>& info) {
    static constexpr const char* names[] = {"base", "unix", "linux"};
    return names[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Dialect, Listings, testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                         dialect_name);

}  // namespace
}  // namespace p9::test
