// Listings of files that are being written.
#include "fuse/operations.hpp"

#include "tests/fuse/kernelless.hpp"

#include <linux/fuse.h>

namespace p9::test {
namespace {

class ListedBehind : public KernellessTest {
protected:
    /// The inode that the kernel is told with a name of the root's listing; 0 for none, and for a name without
    /// attributes.
    u64 listed(const std::string& name) {
        auto opening = fuse::open_directory(fs_.get(), FUSE_ROOT_ID);
        auto opened = loop_.run(std::move(opening));
        EXPECT_TRUE(opened);
        const u64 handle = fs_->directories.add(opened->directory);
        auto reading = fuse::read_directory(fs_.get(), handle, 4096, 0, true);
        auto listing = loop_.run(std::move(reading));
        fs_->directories.remove(handle);
        EXPECT_TRUE(listing);
        u64 found = 0;
        const std::vector<char>& bytes = listing->bytes;
        for (std::size_t at = 0; at < bytes.size();) {
            fuse_direntplus entry;
            std::memcpy(&entry, bytes.data() + at, FUSE_NAME_OFFSET_DIRENTPLUS);
            if (name == std::string_view(bytes.data() + at + FUSE_NAME_OFFSET_DIRENTPLUS, entry.dirent.namelen))
                found = entry.entry_out.nodeid;
            at += FUSE_DIRENTPLUS_SIZE(&entry);
        }
        return found;
    }
};

// The server may not know yet how long it is, and the kernel would cut it off.
TEST_F(ListedBehind, AFileThatIsBeingWrittenHasNoAttributes) {
    tree_.add_file("f", "text");
    tree_.add_file("g", "text");
    ASSERT_NO_FATAL_FAILURE(serve(Knobs()));
    auto looking = fuse::look_up_or_not(fs_.get(), FUSE_ROOT_ID, "f");
    auto looked = loop_.run(std::move(looking));
    ASSERT_TRUE(looked && looked->entry);
    const fuse::InodePtr inode = looked->entry->reference.inode();
    EXPECT_EQ(listed("f"), inode->number);
    inode->writes_behind = 1;
    EXPECT_EQ(listed("f"), 0u);
    EXPECT_NE(listed("g"), 0u);
    inode->writes_behind = 0;
    EXPECT_EQ(listed("f"), inode->number);
}

}  // namespace
}  // namespace p9::test
