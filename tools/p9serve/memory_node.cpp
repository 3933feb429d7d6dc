#include "tools/p9serve/memory_node.hpp"

#include <ctime>

namespace p9::serve {

Time now() {
    struct timespec at{};
    ::clock_gettime(CLOCK_REALTIME, &at);
    return {at.tv_sec, static_cast<u32>(at.tv_nsec)};
}

MemoryNodePtr MemoryNames::find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second->second.node;
}

void MemoryNames::add(std::string name, MemoryNodePtr node) {
    const auto at = by_number_.emplace_hint(by_number_.end(), ++last_number_, Name{std::move(name), std::move(node)});
    by_name_.emplace(at->second.name, at);
}

MemoryNodePtr MemoryNames::replace(std::string_view name, MemoryNodePtr node) {
    return std::exchange(by_name_.find(name)->second->second.node, std::move(node));
}

MemoryNodePtr MemoryNames::remove(std::string_view name) {
    const auto found = by_name_.find(name);
    const auto at = found->second;
    by_name_.erase(found);  // before the name that it refers to
    MemoryNodePtr node = std::move(at->second.node);
    by_number_.erase(at);
    return node;
}

void MemoryNames::move_nodes_to(std::vector<MemoryNodePtr>& nodes) {
    for (auto& [number, name] : by_number_) nodes.push_back(std::move(name.node));
    by_name_.clear();
    by_number_.clear();
}

MemoryNode::MemoryNode(MemoryContextPtr of_tree, u32 initial_mode, u32 owner, u32 group)
    : context(std::move(of_tree)),
      number(context->new_number()),
      mode(initial_mode),
      uid(owner),
      gid(group),
      nlink(type_of_mode(initial_mode) == FileType::directory ? 2 : 1),
      atime(now()),
      mtime(atime),
      ctime(atime),
      btime(atime),
      contents(context->budget) {}

MemoryNode::~MemoryNode() {
    // Directories can be nested a hundred thousand deep, and the stack cannot: the nodes below go one by one.
    std::vector<MemoryNodePtr> below;
    names.move_nodes_to(below);
    while (!below.empty()) {
        const MemoryNodePtr node = std::move(below.back());
        below.pop_back();
        if (node.use_count() == 1) node->names.move_nodes_to(below);
    }
    context->budget.give_back(taken_);
}

Qid MemoryNode::qid() const {
    const u8 bits = is_directory() ? QTDIR : type() == FileType::symlink ? QTSYMLINK : QTFILE;
    return {bits, version, number};
}

void MemoryNode::modified() {
    mtime = ctime = now();
    if (++version == 0) version = 1;
}

void MemoryNode::accessed() {
    const Time time = now();
    if (atime <= mtime || atime <= ctime || time.seconds - atime.seconds >= 24 * 60 * 60) atime = time;
}

bool MemoryNode::take(u64 more) {
    if (!context->budget.take(more)) return false;
    taken_ += more;
    return true;
}

void MemoryNode::give_back(u64 less) {
    context->budget.give_back(less);
    taken_ -= less;
}

}  // namespace p9::serve
