#include "fuse/handles.hpp"

namespace p9::fuse {

namespace {

constexpr std::size_t WEIGHT_OF_POSITION = 48;  // bytes of a node of std::set

}  // namespace

void NameList::add(ListedName listed) {
    names.push_back(std::move(listed));
    if (positions_.insert(static_cast<u32>(names.size() - 1)).second)
        weight += names.back().weight() + WEIGHT_OF_POSITION;
    else
        names.pop_back();
}

void NameList::finish() {
    complete = true;
    weight -= positions_.size() * WEIGHT_OF_POSITION;
    positions_.clear();
    names.shrink_to_fit();
}

}  // namespace p9::fuse
