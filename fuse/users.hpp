// Whose rights on the server a caller of the mount has (-o access=).
//
// The mount attaches once for itself. With access=user each caller has an attach of his own, made when he first needs
// one, and a FileSystem of his own, which shares everything with the mount's but leads to nodes of his attach only
// (Node::label). Users is owned by the mount's FileSystem. One thread.
#pragma once

#include "fuse/connection.hpp"

#include <boost/asio/steady_timer.hpp>

#include <unordered_map>

namespace p9::fuse {

class FileSystem;

enum class Access : u8 {
    client,  ///< everybody has the rights of the mount's attach
    user,    ///< each has those of his own
    single,  ///< one has those of the mount's attach, all others none
};

/// The label of the mount's own attach; a caller's is his uid.
inline constexpr u32 MOUNTS_OWN = NONUNAME;
/// Nobody's label: leads nowhere.
inline constexpr u32 NOBODYS = NONUNAME - 1;

/// One caller's attach.
class UserTree {
public:
    UserTree(Connection& connection, u32 uid);

    u32 label() const { return uid_; }
    /// The root of the tree as this user has it; attaches if need be. EACCES if the server does not let him.
    awaitable<Result<NodePtr>> root();
    bool attached() const { return root_ != nullptr; }
    /// Gives up the attach; the next that needs it makes another one.
    void let_go() { root_ = nullptr; }

private:
    Connection& connection_;
    u32 uid_;
    NodePtr root_;  // perhaps of an earlier session
    bool attaching_ = false;
    boost::asio::steady_timer changed_;  // cancelled when an attempt ends
};

class Users {
public:
    explicit Users(FileSystem& mounts_own);
    ~Users();

    /// The file system as the caller `uid` has it.
    FileSystem& of_caller(u32 uid);
    /// The one whose nodes have this label.
    FileSystem& of_label(u32 label);
    /// How many have an attach of their own.
    std::size_t attached() const;

private:
    struct User {
        std::unique_ptr<UserTree> tree;
        std::unique_ptr<FileSystem> view;
        u64 last_use = 0;
    };
    void limit_attaches();

    FileSystem& mounts_own_;
    std::unordered_map<u32, User> users_;
    u64 uses_ = 0;
};

}  // namespace p9::fuse
