#include "fuse/inode_table.hpp"

#include "p9/trace.hpp"

#include <malloc.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace p9::fuse {
namespace {

// So many inodes have memory that is worth giving back.
constexpr std::size_t MANY = 1024;

}  // namespace

std::size_t InodeTable::PlaceHash::operator()(const Place& place) const {
    const std::size_t seed = std::hash<std::string_view>()(place.name);
    return seed ^ (std::hash<const void*>()(place.parent) * 0x9e3779b97f4a7c15u);
}

std::size_t InodeTable::PlaceHash::operator()(const Inode* inode) const {
    return operator()(Place{inode->parent.get(), inode->name});
}

bool InodeTable::PlaceEqual::operator()(const Place& a, const Inode* b) const {
    return a.parent == b->parent.get() && a.name == b->name;
}

InodeTable::InodeTable(NodePtr root) {
    auto inode = std::make_shared<Inode>();
    inode->number = 1;
    inode->lookups = 1;
    inode->qid = root->qid();
    inode->type = FileType::directory;
    inode->node = std::move(root);
    by_number_.emplace(1, std::move(inode));
}

InodeTable::~InodeTable() {
    // Each parent while the table still holds it: the last child would end a chain of parents by recursion, and a
    // server's tree may be deeper than the stack.
    by_place_.clear();
    for (auto& [number, inode] : by_number_) inode->parent = nullptr;
}

void InodeTable::new_root(NodePtr root) {
    const InodePtr inode = find(1);
    inode->qid = root->qid();
    inode->node = std::move(root);
}

void InodeTable::set_node(Inode& inode, NodePtr node) {
    // Neither the root nor an inode that is out of the table has a place in the list.
    const bool listed = !inode.is_root() && !inode.forgotten;
    if (listed && inode.node) unlink_node(inode);
    inode.node = std::move(node);
    if (listed && inode.node) link_node(inode);
}

void InodeTable::link_node(Inode& inode) {
    inode.older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = &inode;
    newest_ = &inode;
    ++nodes_;
}

void InodeTable::unlink_node(Inode& inode) {
    (inode.older != nullptr ? inode.older->newer : oldest_) = inode.newer;
    (inode.newer != nullptr ? inode.newer->older : newest_) = inode.older;
    inode.older = inode.newer = nullptr;
    --nodes_;
}

void InodeTable::touch(Inode& inode) {
    if (!inode.node || inode.is_root() || inode.forgotten || newest_ == &inode) return;
    unlink_node(inode);
    link_node(inode);
}

void InodeTable::limit_nodes(std::size_t limit) {
    while (nodes_ > limit) set_node(*oldest_, nullptr);
}

InodePtr InodeTable::find(u64 number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : found->second;
}

InodePtr InodeTable::child(const Inode& parent, std::string_view name) const {
    const auto found = by_place_.find(Place{&parent, name});
    return found == by_place_.end() ? nullptr : find((*found)->number);
}

InodePtr InodeTable::remember(const InodePtr& parent, std::string name, const Qid& qid, NodePtr node,
                              const Attributes& attributes) {
    InodePtr inode = child(*parent, name);
    if (inode && (inode->type != attributes.type() || inode->qid.path != qid.path)) {
        detach(inode);
        inode = nullptr;
    }
    if (!inode) {
        inode = std::make_shared<Inode>();
        inode->number = next_number_++;
        inode->type = attributes.type();
        by_number_.emplace(inode->number, inode);
        // A directory that was removed in the meantime takes no children: its own path leads nowhere.
        if (!parent->detached()) attach(inode, parent, std::move(name));
    }
    inode->qid = qid;
    if (node) set_node(*inode, std::move(node));
    inode->size = attributes.size;
    ++inode->lookups;
    return inode;
}

void InodeTable::forget(u64 number, u64 count) {
    InodePtr inode = find(number);
    if (!inode || inode->is_root()) return;
    inode->lookups -= std::min(count, inode->lookups);
    drop_if_unused(std::move(inode));
}

void InodeTable::drop_if_unused(InodePtr inode) {
    // A parent without references of its own stays for its children's paths, and goes with the last of them.
    while (inode && !inode->is_root() && inode->lookups == 0 && inode->children == 0) {
        const InodePtr parent = inode->parent;
        set_node(*inode, nullptr);
        forget_links(*inode);
        inode->forgotten = true;
        by_number_.erase(inode->number);
        ++forgotten_;
        if (parent) {
            by_place_.erase(inode.get());
            inode->parent = nullptr;
            --parent->children;
        }
        inode = parent;
    }
    if (forgotten_ >= MANY && by_number_.size() <= forgotten_) give_memory_back();
}

// What was freed lies between what is in use, and the allocator keeps such pages until it is told otherwise.
void InodeTable::give_memory_back() {
    forgotten_ = 0;
    by_number_.rehash(0);
    by_place_.rehash(0);
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

void InodeTable::note_links(Inode& inode) {
    if (inode.linked || inode.forgotten) return;
    linked_.emplace(inode.qid.path, &inode);
    inode.linked = true;
}

void InodeTable::forget_links(Inode& inode) {
    if (!std::exchange(inode.linked, false)) return;
    const auto [begin, end] = linked_.equal_range(inode.qid.path);
    const auto own = std::find_if(begin, end, [&](const auto& each) { return each.second == &inode; });
    if (own != end) linked_.erase(own);
}

void InodeTable::attach(const InodePtr& inode, const InodePtr& parent, std::string name) {
    inode->parent = parent;
    inode->name = std::move(name);
    ++parent->children;
    by_place_.insert(inode.get());
}

void InodeTable::detach(const InodePtr& inode) {
    if (!inode->parent) return;
    by_place_.erase(inode.get());
    const InodePtr parent = std::move(inode->parent);
    inode->parent = nullptr;
    --parent->children;
    drop_if_unused(parent);
}

void InodeTable::removed(const Inode& parent, std::string_view name) {
    if (const InodePtr inode = child(parent, name)) detach(inode);
}

void InodeTable::moved(const Inode& parent, std::string_view name, const InodePtr& new_parent, std::string new_name) {
    const InodePtr inode = child(parent, name);
    const InodePtr target = child(*new_parent, new_name);
    ++moves_;
    // rename(2) of two links of one file leaves both names alone; here they are two inodes, and a lookup sorts it out.
    if (target && target != inode) detach(target);
    if (!inode || target == inode) return;
    // Some servers keep a path for a fid, which a rename does not correct.
    if (inode->type == FileType::directory) forget_nodes_below(*inode);
    set_node(*inode, nullptr);
    detach(inode);
    attach(inode, new_parent, std::move(new_name));
}

void InodeTable::forget_nodes_below(const Inode& directory) {
    for (const auto& [number, inode] : by_number_) {
        for (const Inode* above = inode->parent.get(); above != nullptr; above = above->parent.get()) {
            if (above != &directory) continue;
            set_node(*inode, nullptr);
            break;
        }
    }
}

std::string place_for_people(const Inode& inode) {
    std::string path;
    for (const Inode* at = &inode; at->parent; at = at->parent.get()) path.insert(0, at->name).insert(0, "/");
    return inode.detached() ? "a removed file" : escaped(path);
}

}  // namespace p9::fuse
