#include "tools/p9ls/ls.hpp"

#include <algorithm>

namespace p9::tools {

void sort_items(Items& items, const LsOptions& options) {
    const auto before = [&](const Item* a, const Item* b) {
        if (options.by_time && a->attributes.mtime != b->attributes.mtime)
            return a->attributes.mtime > b->attributes.mtime;
        if (options.by_size && a->attributes.size != b->attributes.size) return a->attributes.size > b->attributes.size;
        return a->name < b->name;
    };
    std::ranges::sort(items, before);
    if (options.reverse) std::ranges::reverse(items);
}

}  // namespace p9::tools
