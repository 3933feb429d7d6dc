#include "fuse/operations.hpp"

#include <cerrno>

namespace p9::fuse {

Result<Entry> to_entry(FileSystem& fs, const InodePtr& parent, std::string name, const Qid& qid, NodePtr node,
                       const Attributes& attributes) {
    Reference reference(fs, fs.inodes.remember(parent, std::move(name), qid, nullptr, attributes));
    const InodePtr& inode = reference.inode();
    if (node) fs.keep_node(*inode, std::move(node));
    fs.saw(*inode, attributes);
    auto status = to_stat(fs.behaviour().owners, attributes, inode->number, inode->type);
    if (!status) return std::move(status).error();
    inode->size_untold = false;
    return Entry{std::move(reference), *status};
}

Result<Entry> expected_entry(FileSystem& fs, const InodePtr& parent, std::string name, const Attributes& expected) {
    Reference reference(fs, fs.inodes.remember(parent, std::move(name), expected.qid, nullptr, expected));
    auto status = to_stat(fs.behaviour().owners, expected, reference.inode()->number, reference.inode()->type);
    if (!status) return std::move(status).error();
    reference.inode()->set_id = has_set_id(expected);
    Entry entry{std::move(reference), *status};
    entry.passing = true;
    return entry;
}

awaitable<Result<Entry>> entry_of(FileSystem* fs, InodePtr parent, std::string name, Node node) {
    auto shared = std::make_shared<Node>(std::move(node));
    auto attributes = co_await shared->attributes();
    if (!attributes) co_return std::move(attributes).error();
    const Qid qid = shared->qid();
    co_return to_entry(*fs, parent, std::move(name), qid, std::move(shared), *attributes);
}

awaitable<Result<Entry>> look_up(FileSystem* fs, u64 parent, std::string name) {
    auto directory = fs->inode(parent);
    if (!directory) co_return std::move(directory).error();
    auto ahead = fs->names_ahead.take(*fs, parent, name);
    // Where it tells of a change it may also be what was before the change.
    const InodePtr known = ahead ? fs->inodes.child(**directory, name) : nullptr;
    if (ahead && (!known || known->seen == stamp_of(ahead->attributes))) {
        const Qid qid = ahead->node->qid();
        auto entry = to_entry(*fs, *directory, std::move(name), qid, std::move(ahead->node), ahead->attributes);
        if (entry) entry->age = ahead->age;
        co_return entry;
    }
    const auto begun = Clock::now();
    auto place = co_await fs->node(*directory);
    if (!place) co_return std::move(place).error();
    auto found = co_await (*place)->walk(name);
    if (!found) co_return std::move(found).error();
    auto entry = co_await entry_of(fs, *directory, name, std::move(*found));
    if (entry) fs->names_ahead.looked_up(*fs, *directory, name, Clock::now() - begun);
    co_return entry;
}

awaitable<Result<Looked>> look_up_or_not(FileSystem* fs, u64 parent, std::string name) {
    auto found = co_await look_up(fs, parent, std::move(name));
    if (found) co_return Looked{std::move(*found)};
    if (fs->behaviour().negative_timeout > 0 && found.error().is_errno(ENOENT)) co_return Looked{std::nullopt};
    co_return std::move(found).error();
}

}  // namespace p9::fuse
