// A client: one attached tree, with operations by path.
//
// A Client shares its session: several clients (several trees, several users) may stand on one connection. Paths are
// '/'-separated and start at the attached root; "." and ".." in them are resolved here, never sent, and ".." of the
// root is the root. Symlinks are followed here where a server shows them (9P2000.u and .L), inside the tree: an
// absolute target starts at the attached root. A Client must outlive the coroutines that its members return.
#pragma once

#include "p9/file.hpp"

namespace p9 {

/// Whether a symlink at the end of a path stands for what it points to.
enum class Follow : u8 { no, yes };

class Client {
public:
    Client() = default;
    /// Attaches to a tree over `session`.
    static awaitable<Result<Client>> attach(std::shared_ptr<Session> session, AttachOptions options);
    /// Dials, opens a session and attaches.
    static awaitable<Result<Client>> connect(Dialler dialler, SessionOptions session_options,
                                             AttachOptions attach_options);

    /// Gives up the root and closes the session in order. For the last client of a session.
    awaitable<void> close();

    explicit operator bool() const { return static_cast<bool>(root_); }
    Session& session() const { return root_.session(); }
    const Node& root() const { return root_; }

    /// The node at `path`. ELOOP after 40 symlinks.
    awaitable<Result<Node>> walk(std::string path, Follow follow = Follow::yes) const;
    awaitable<Result<Attributes>> attributes(std::string path, Follow follow = Follow::yes) const;
    awaitable<Result<void>> change(std::string path, AttributeChange change, Follow follow = Follow::yes) const;
    awaitable<Result<StatFs>> statfs(std::string path) const;

    awaitable<Result<File>> open(std::string path, OpenFlags flags) const;
    /// Opens `path` for writing, made with `mode` if it is not there; flags as open(2)'s, P9_O_CREAT implied.
    awaitable<Result<File>> create(std::string path, OpenFlags flags, u32 mode) const;
    /// The whole contents; EFBIG above `limit` bytes.
    awaitable<Result<std::string>> read_file(std::string path, u64 limit = 64 << 20) const;
    /// Replaces the contents, creating the file with `mode` if need be.
    awaitable<Result<void>> write_file(std::string path, std::string contents, u32 mode = 0666) const;

    awaitable<Result<Directory>> open_directory(std::string path) const;
    awaitable<Result<DirectoryBatch>> list(std::string path) const;

    awaitable<Result<void>> mkdir(std::string path, u32 mode) const;
    awaitable<Result<void>> symlink(std::string path, std::string target) const;
    awaitable<Result<void>> mknod(std::string path, u32 mode, u32 major, u32 minor) const;
    awaitable<Result<void>> link(std::string existing, std::string path) const;
    awaitable<Result<void>> rename(std::string path, std::string new_path) const;
    /// Removes a file or an empty directory.
    awaitable<Result<void>> remove(std::string path) const;
    awaitable<Result<std::string>> readlink(std::string path) const;

private:
    explicit Client(Node root) : root_(std::move(root)) {}
    struct Parent;
    awaitable<Result<Parent>> parent_of(std::string path) const;
    Node root_;
};

/// The names of a path, "." and ".." resolved without looking at the tree.
std::vector<std::string> split_path(std::string_view path);

}  // namespace p9
