// The nodes of a tree in memory, and the files that stand for them. For memory_*.cpp only.
//
// A directory owns what is in it, and whoever has a file open or walked to owns that; so a file that was removed lives
// until the last of them goes.
#pragma once

#include "tools/p9serve/memory.hpp"
#include "tools/p9serve/memory_contents.hpp"
#include "tools/p9serve/memory_locks.hpp"

#include <map>
#include <unordered_map>

namespace p9::serve {

using MemoryNodePtr = std::shared_ptr<MemoryNode>;

/// What all nodes of a tree share.
class MemoryContext {
public:
    explicit MemoryContext(MemoryOptions options) : budget(options.size_limit) {}
    /// A number that no node of this tree had before.
    u64 new_number() { return ++last_number_; }

    MemoryBudget budget;

private:
    u64 last_number_ = 0;
};

using MemoryContextPtr = std::shared_ptr<MemoryContext>;

/// The time of day.
Time now();

/// The names in a directory, found by name, and listed in the order in which they came.
class MemoryNames {
public:
    struct Name {
        std::string name;
        MemoryNodePtr node;
    };
    using ByNumber = std::map<u64, Name>;

    /// The node called `name`, or nothing.
    MemoryNodePtr find(std::string_view name) const;
    /// `name` is not there yet.
    void add(std::string name, MemoryNodePtr node);
    /// `name` is there; the node that it stood for.
    MemoryNodePtr replace(std::string_view name, MemoryNodePtr node);
    /// `name` is there; the node that it stood for.
    MemoryNodePtr remove(std::string_view name);
    bool empty() const { return by_number_.empty(); }
    /// Names with the numbers that they got as they came: the cookies of readdir, which others never disturb.
    const ByNumber& by_number() const { return by_number_; }
    /// All nodes; the names are gone.
    void move_nodes_to(std::vector<MemoryNodePtr>& nodes);

    /// What a name takes of the budget.
    static u64 cost(std::string_view name) { return 224 + name.size(); }

private:
    ByNumber by_number_;
    std::unordered_map<std::string_view, ByNumber::iterator> by_name_;  // keys are in by_number_
    u64 last_number_ = 0;
};

class MemoryNode {
public:
    /// What a node takes of the budget beside its contents; whoever makes one has taken that.
    static constexpr u64 COST = 768;

    MemoryNode(MemoryContextPtr of_tree, u32 initial_mode, u32 owner, u32 group);
    ~MemoryNode();
    MemoryNode(const MemoryNode&) = delete;
    MemoryNode& operator=(const MemoryNode&) = delete;

    FileType type() const { return type_of_mode(mode); }
    bool is_directory() const { return type() == FileType::directory; }
    Qid qid() const;
    /// The contents, or the names in a directory, have changed.
    void modified();
    /// What stat(2) tells has changed.
    void changed() { ctime = now(); }
    /// The contents were read: like relatime, atime is kept newer than mtime and not older than a day.
    void accessed();
    /// Takes `more` of the budget for what this node keeps; false if there is not so much.
    bool take(u64 more);
    void give_back(u64 less);

    const MemoryContextPtr context;
    const u64 number;
    u32 mode;
    u32 uid;
    u32 gid;
    u64 nlink = 1;
    u64 rdev = 0;
    u32 version = 1;
    Time atime, mtime, ctime, btime;

    MemoryNames names;                 // of a directory
    std::weak_ptr<MemoryNode> parent;  // of a directory; of the root and of what was removed, nothing
    std::string target;                // of a symlink
    MemoryContents contents;           // of a regular file
    std::map<std::string, std::string> xattrs;
    RecordLocks locks;

private:
    u64 taken_ = COST;
};

class MemoryFile final : public File {
public:
    /// New files belong to `user`.
    MemoryFile(MemoryNodePtr node, u32 user) : node_(std::move(node)), user_(user) {}

    Qid qid() const override { return node_->qid(); }
    awaitable<Result<Attributes>> attributes() override;
    awaitable<Result<OpenFilePtr>> open(OpenFlags flags) override;
    awaitable<Result<void>> change(AttributeChange change) override;
    awaitable<Result<std::string>> readlink() override;
    awaitable<Result<StatFs>> statfs() override;

    awaitable<Result<FilePtr>> walk(std::string name) override;
    awaitable<Result<Created>> create(std::string name, OpenFlags flags, u32 mode, u32 gid) override;
    awaitable<Result<FilePtr>> mkdir(std::string name, u32 mode, u32 gid) override;
    awaitable<Result<FilePtr>> symlink(std::string name, std::string target, u32 gid) override;
    awaitable<Result<FilePtr>> mknod(std::string name, u32 mode, u32 major, u32 minor, u32 gid) override;
    awaitable<Result<void>> link(std::string name, FilePtr existing) override;
    awaitable<Result<void>> rename(std::string name, FilePtr directory, std::string new_name) override;
    awaitable<Result<void>> unlink(std::string name, bool is_directory) override;

    awaitable<Result<std::string>> xattr(std::string name) override;
    awaitable<Result<std::string>> xattr_names() override;
    awaitable<Result<void>> set_xattr(std::string name, std::string value, u32 flags) override;
    awaitable<Result<void>> remove_xattr(std::string name) override;

private:
    FilePtr file(MemoryNodePtr node) const { return std::make_shared<MemoryFile>(std::move(node), user_); }
    /// ENOTDIR, or ENOENT for a directory that was removed.
    std::optional<Error> refuse_names() const;
    /// A new node `name`, with all of `mode`.
    Result<MemoryNodePtr> make(std::string name, u32 mode, u32 gid);
    /// Takes away `name`, which is there.
    void remove(const std::string& name);
    Result<void> rename_now(const std::string& name, const MemoryNodePtr& to, const std::string& new_name);

    MemoryNodePtr node_;
    u32 user_;
};

class MemoryOpen final : public OpenFile {
public:
    MemoryOpen(MemoryNodePtr node, OpenFlags flags) : node_(std::move(node)), flags_(flags) {}
    ~MemoryOpen() override;

    awaitable<Result<void>> read(u64 offset, ReadReply& reply) override;
    awaitable<Result<u32>> write(u64 offset, Bytes data) override;
    awaitable<Result<void>> readdir(u64 offset, Entries& entries) override;
    awaitable<Result<LockStatus>> lock(Lock lock) override;
    awaitable<Result<Lock>> conflicting_lock(Lock lock) override;

private:
    MemoryNodePtr node_;
    OpenFlags flags_;
};

}  // namespace p9::serve
