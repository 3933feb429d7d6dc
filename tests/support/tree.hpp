// A tree of files in memory for the fake server.
//
// Nodes are shared: an open fid keeps a removed file alive. One thread.
#pragma once

#include "p9/attributes.hpp"

#include <deque>
#include <map>
#include <memory>
#include <string>

namespace p9::test {

/// What a read or write of a file does.
enum class Behaviour : u8 {
    stored,     ///< bytes that stay as they were written
    synthetic,  ///< length 0 in the attributes, data all the same
    event,      ///< each read waits for the next event and returns it, whatever the offset
    ctl,        ///< each write is a command; a read returns the last one, with "did " before it
};

struct TreeNode;
using TreeNodePtr = std::shared_ptr<TreeNode>;

struct TreeEntry {
    std::string name;
    TreeNodePtr node;
};

struct TreeNode {
    u64 path = 0;
    u32 version = 1;
    u32 mode = 0;
    u32 uid = 1000;
    u32 gid = 1000;
    u64 rdev = 0;
    u64 nlink = 1;
    Time atime{1'600'000'000, 1};
    Time mtime{1'600'000'001, 2};
    Time ctime{1'600'000'002, 3};
    Behaviour behaviour = Behaviour::stored;
    std::string data;  ///< contents, or a symlink's target
    std::map<std::string, std::string> xattrs;
    std::vector<Lock> locks;
    std::deque<std::string> events;
    std::vector<std::string> commands;   ///< what was written to a ctl file
    std::map<u64, TreeEntry> entries;    ///< by cookie, in the order of a listing
    std::map<std::string, u64> cookies;  ///< of the names
    std::weak_ptr<TreeNode> parent;      ///< of a directory; nothing for the root

    bool is_directory() const { return (mode & P9_S_IFMT) == P9_S_IFDIR; }
    bool is_symlink() const { return (mode & P9_S_IFMT) == P9_S_IFLNK; }
    TreeNodePtr find(const std::string& name) const;
    u64 size() const;
};

class Tree {
public:
    Tree();
    ~Tree();
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    const TreeNodePtr& root() const { return root_; }
    /// The node at a path without symlinks; throws if there is none.
    TreeNodePtr at(const std::string& path) const;
    bool has(const std::string& path) const;

    /// A node with the given mode, in no directory yet.
    TreeNodePtr make(u32 mode);
    /// Enters `node` into `directory`.
    void enter(const TreeNodePtr& directory, const std::string& name, const TreeNodePtr& node);
    /// Takes the name out of `directory`.
    void leave(const TreeNodePtr& directory, const std::string& name);

    // By path, for tests that fill a tree.
    TreeNodePtr add_directory(const std::string& path);
    TreeNodePtr add_file(const std::string& path, std::string data, Behaviour behaviour = Behaviour::stored);
    TreeNodePtr add_symlink(const std::string& path, std::string target);

    /// A new file gets the qid path of the one that was removed last.
    bool reuse_qid_paths = false;

private:
    TreeNodePtr add(const std::string& path, u32 mode);
    u64 next_path_ = 1;
    u64 freed_path_ = 0;
    u64 next_cookie_ = 1;
    TreeNodePtr root_;
};

}  // namespace p9::test
