// What is fetched of a directory before the kernel asks for it: the attributes of its names, some hundred at most.
//
// A program that looks at one name after the other (git, make) waits for each, and on a link with delay that is all it
// does. So when a directory's names are looked up one after the other, and the answers take long, the rest is asked for
// at once. So it is, however fast the answers are, for one who follows a listing that he has just read (find, rsync):
// older kernels (6.1) ask for attributes with the first page of a listing only. What has come is handed out
// while the kernel might have believed it, and if nothing was changed through the mount meanwhile. Owned by MountState;
// one thread.
#pragma once

#include "fuse/handles.hpp"

#include <unordered_map>

namespace p9::fuse {

class FileSystem;

/// What was found of one name, and how old it is.
struct NameAhead {
    NodePtr node;
    Attributes attributes;
    Duration age{};
};

class NamesAhead {
public:
    /// What is known of `name`, once.
    std::optional<NameAhead> take(const FileSystem& fs, u64 directory, const std::string& name);
    /// A name was looked up in `directory` and found, which took so long: begins to fetch others if that is worth it.
    void looked_up(FileSystem& fs, const InodePtr& directory, const std::string& name, Duration took);
    /// Fids that this takes on the server, or is about to.
    std::size_t fids() const;

private:
    struct Fetched {
        u64 changes = 0;         // FileSystem::changes before
        Clock::time_point when;  // that it was begun
        Clock::time_point used;
        bool under_way = false;
        u32 lookups = 0;  // that took long, since then
        std::unordered_map<std::string, NameAhead> names;
        // The listing that somebody follows, and how far he and this have come in it.
        std::weak_ptr<NameList> list;
        Clock::time_point followed;
        u32 in_order = 0;         // names that were looked up in its order
        std::size_t reached = 0;  // the first that has been neither looked up nor fetched
        std::size_t at_once = 0;  // names that were fetched last time
    };
    using FetchedPtr = std::shared_ptr<Fetched>;

    static void take_up(Fetched& fetched, const NameListPtr& list, const std::string& name);
    static bool follows(Fetched& fetched, const NameList& list, const std::string& name);
    static std::vector<std::string> next_names(Fetched& fetched, const NameList& list);
    static awaitable<std::vector<std::string>> all_names(FileSystem* fs, InodePtr directory);
    static awaitable<void> fetch_one(const Node& from, const std::string& name, Fetched& into);
    /// Of the list, or, without one, of the whole directory.
    static awaitable<void> fetch(FileSystem* fs, InodePtr directory, FetchedPtr into, NameListPtr list);
    void make_room();

    std::unordered_map<u64, FetchedPtr> directories_;
};

}  // namespace p9::fuse
