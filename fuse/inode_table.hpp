// The inodes that the kernel remembers, each with its place in the tree and its node on the server.
//
// Numbers are ours and never used twice: a server's qid.path may lie, collide or be reused. An inode's truth is its
// place (parent and name); its node is a cache of that, which may be absent. The table holds an inode for as long as
// the kernel counts references to it or it has children there; a coroutine that works on one holds its own
// InodePtr. One thread.
#pragma once

#include "fuse/cache.hpp"

#include "p9/file.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace p9::fuse {

struct OpenFile;
struct Inode;
using InodePtr = std::shared_ptr<Inode>;
/// Shared, so that a newer node may take its place while a request is still using the older one. Made without const, so
/// that the last owner may take it apart.
using NodePtr = std::shared_ptr<const Node>;

struct Inode {
    u64 number = 0;
    InodePtr parent;                 ///< null for the root, and once detached
    std::string name;                ///< in `parent`
    NodePtr node;                    ///< null if it was needed, given up or made doubtful: walk to the place again
    Qid qid;                         ///< as last seen
    u32 children = 0;                ///< inodes in the table whose parent this is
    FileType type = FileType::file;  ///< never changes: a name whose type flips is another inode
    bool pages_valid = false;   ///< all that the kernel's page cache holds is of `seen`, or was written here (loose)
    bool linked = false;        ///< has other names, or had: in the table's list of these
    bool untellable = false;    ///< its attributes do not tell when it changes: never cached
    bool written = false;       ///< after `seen`, which was settled: so the next stamp must be another
    bool set_id = false;        ///< a file with set-ID bits, as last seen: they go when it is written to
    bool looked_again = false;  ///< the kernel was sent back for the length by the last open that appends
    bool size_untold = false;   ///< `size` was seen to be another, and the kernel has not been told any since
    bool forgotten = false;     ///< out of the table: some request still works on it
    u16 writes_behind = 0;      ///< that are under way (WriteBehind): 256 and one more at most
    u64 size = 0;               ///< bytes, as last seen or written
    u64 unsynced_since = 0;     ///< the session's generation of the first write that no fsync followed; or 0
    Stamp seen;                 ///< as the server told last
    u64 lookups = 0;            ///< references that the kernel counts
    std::unique_ptr<Attributes> last_seen;  ///< as it lost its name while open: some servers then tell no more
    OpenFile* open_files = nullptr;         ///< the newest; each knows the one before it, and takes itself out
    Inode* older = nullptr;                 ///< in the table's list of inodes with nodes
    Inode* newer = nullptr;

    bool is_root() const { return number == 1; }
    /// The name was removed, or now belongs to another file: nothing can be reached through it.
    bool detached() const { return !is_root() && parent == nullptr; }
};

/// Its path in the mount, for people.
std::string place_for_people(const Inode& inode);

class InodeTable {
public:
    /// `root` is the attached tree's; it has number 1 (FUSE_ROOT_ID) and is never forgotten.
    explicit InodeTable(NodePtr root);
    ~InodeTable();
    InodeTable(const InodeTable&) = delete;
    InodeTable& operator=(const InodeTable&) = delete;

    /// The inode of a number; null if the kernel should have forgotten it.
    InodePtr find(u64 number) const;
    /// What is known under that name; null if nothing is.
    InodePtr child(const Inode& parent, std::string_view name) const;
    /// The inode for what a lookup found: the one known under that name, if it is still the same file, or a new
    /// one. Counts one reference, which `forget` gives back.
    /// `node` may be null: then a known inode keeps the one that it has.
    InodePtr remember(const InodePtr& parent, std::string name, const Qid& qid, NodePtr node,
                      const Attributes& attributes);
    void forget(u64 number, u64 count);

    /// The inode's node from now on; null takes it away. The root keeps its own.
    void set_node(Inode& inode, NodePtr node);
    /// The inode's node has been used.
    void touch(Inode& inode);
    /// Takes nodes away, the least recently used first, until at most `limit` inodes have one.
    void limit_nodes(std::size_t limit);
    /// How many inodes have nodes, the root aside.
    std::size_t nodes() const { return nodes_; }
    /// Calls `visit` with every inode; it must not change the table.
    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& each : by_number_) visit(*each.second);
    }

    /// The inode's file has more names than one, each of which may be an inode of its own.
    void note_links(Inode& inode);
    /// Calls `visit` with the inodes of the same file's other names, as far as the server's numbers tell.
    template <class Visit>
    void for_each_other_name(const Inode& inode, Visit visit) const {
        if (!inode.linked) return;
        const auto [begin, end] = linked_.equal_range(inode.qid.path);
        for (auto at = begin; at != end; ++at)
            if (at->second != &inode) visit(*at->second);
    }

    /// The root in a new session.
    void new_root(NodePtr root);
    /// The name was removed on the server.
    void removed(const Inode& parent, std::string_view name);
    /// The name was moved on the server, onto what had `new_name`.
    void moved(const Inode& parent, std::string_view name, const InodePtr& new_parent, std::string new_name);
    /// The inode is no longer what its name leads to.
    void detach(const InodePtr& inode);

    /// How many renames there were, for whoever has to know whether a path still holds.
    u64 moves() const { return moves_; }
    std::size_t size() const { return by_number_.size(); }

private:
    struct Place {
        const Inode* parent;
        std::string_view name;
    };
    // The place is hashed out of the inode itself, so that no name is kept twice.
    struct PlaceHash {
        using is_transparent = void;
        std::size_t operator()(const Place& place) const;
        std::size_t operator()(const Inode* inode) const;
    };
    struct PlaceEqual {
        using is_transparent = void;
        bool operator()(const Inode* a, const Inode* b) const { return a == b; }
        bool operator()(const Place& a, const Inode* b) const;
        bool operator()(const Inode* a, const Place& b) const { return operator()(b, a); }
    };

    void attach(const InodePtr& inode, const InodePtr& parent, std::string name);
    void drop_if_unused(InodePtr inode);
    void give_memory_back();
    void forget_nodes_below(const Inode& directory);
    void forget_links(Inode& inode);
    void link_node(Inode& inode);
    void unlink_node(Inode& inode);

    std::unordered_map<u64, InodePtr> by_number_;
    std::unordered_set<Inode*, PlaceHash, PlaceEqual> by_place_;  // of those that are not detached, without the root
    std::unordered_multimap<u64, Inode*> linked_;                 // by qid.path
    u64 next_number_ = 2;
    std::size_t forgotten_ = 0;  // inodes since memory was given back
    u64 moves_ = 0;
    // The inodes that have nodes, but for the root, in the order of their last use.
    Inode* oldest_ = nullptr;
    Inode* newest_ = nullptr;
    std::size_t nodes_ = 0;
};

}  // namespace p9::fuse
