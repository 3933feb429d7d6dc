#include "fuse/handles.hpp"

#include <algorithm>
#include <functional>

namespace p9::fuse {

void NameList::add(ListedName listed) {
    const std::size_t hash = std::hash<std::string>()(listed.name);
    const auto [from, to] = positions_.equal_range(hash);
    if (std::any_of(from, to, [&](const auto& each) { return names[each.second].name == listed.name; })) return;
    positions_.emplace(hash, static_cast<u32>(names.size()));
    weight += listed.weight();
    names.push_back(std::move(listed));
}

void NameList::finish() {
    complete = true;
    positions_ = {};
    names.shrink_to_fit();
}

}  // namespace p9::fuse
