// Files that stay open from one command of a batch to the next.
//
// A ctl file that is written again and again is walked to and opened once. A file that was not used for a second is
// forgotten, because its path may lead to another one by now.
#pragma once

#include "tools/p9ctl/sip_tree.hpp"

#include <algorithm>
#include <list>

namespace p9::tools {

class OpenFiles {
public:
    /// The file that was opened for writing at `where`, or nullptr. Valid until the next call.
    const File* find(const Where& where) {
        const auto now = Clock::now();
        std::erase_if(files_, [now](const Kept& kept) { return now - kept.used > longest_idle; });
        for (auto at = files_.begin(); at != files_.end(); ++at) {
            if (at->where != where) continue;
            at->used = now;
            files_.splice(files_.begin(), files_, at);
            return &files_.front().file;
        }
        return nullptr;
    }
    const File* keep(const Where& where, File file) {
        if (files_.size() >= most) files_.pop_back();
        files_.push_front({where, std::move(file), Clock::now()});
        return &files_.front().file;
    }
    void forget(const Where& where) {
        std::erase_if(files_, [&where](const Kept& kept) { return kept.where == where; });
    }
    void clear() { files_.clear(); }

private:
    struct Kept {
        Where where;
        File file;
        Clock::time_point used;
    };
    static constexpr std::size_t most = 16;
    static constexpr Duration longest_idle = std::chrono::seconds(1);
    std::list<Kept> files_;  // the one that was used last comes first
};

}  // namespace p9::tools
