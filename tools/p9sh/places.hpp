// Places in the server's tree by their paths: parents, kinds, and trees below.
//
// Free functions of a Call, whose messages hear what fails. Paths are as the user gave them; relative ones begin at the
// shell's directory.
#pragma once

#include "tools/p9sh/command.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace p9::tools {

/// The last name of a path; "/" for the root.
std::string last_name(const std::string& path);
/// `directory` and `name` with one slash between them.
std::string path_in(const std::string& directory, const std::string& name);

/// What is at `path`; symlinks are not followed.
awaitable<Result<FileType>> type_at(Call& call, std::string path);
/// True if `path` is a directory, or a symlink to one.
awaitable<bool> is_directory(Call& call, std::string path);
/// Removes `path`: a directory, or anything else. The root is EBUSY.
awaitable<Result<void>> unlink_at(Call& call, std::string path, bool directory);

/// A file and what is below it.
struct Branch {
    std::string path;  ///< as it is shown
    std::string name;
    FileType type = FileType::file;
    std::optional<Attributes> attributes;           ///< where the listing told them
    std::vector<std::unique_ptr<Branch>> children;  ///< in the order of their names
    std::size_t depth = 0;
};

/// What a tree may hold before it is refused: a server can have one without end.
inline constexpr std::size_t MOST_BRANCHES = 1'000'000;

/// The tree at `path`, down to `depth` levels, fetched many directories at a time. Symlinks are not followed. What
/// cannot be listed is reported, and has no children. Nothing if there is nothing at `path`, or too much.
awaitable<std::unique_ptr<Branch>> scan_tree(Call& call, std::string path, std::size_t depth);

/// Calls `one` for the operands from `first` on, with -R also for all that is below them but for symlinks; many at a
/// time. `one` reports its errors itself.
awaitable<void> for_each_place(Call& call, std::size_t first, awaitable<void> (*one)(Call& call, std::string path));

/// All of a tree, parents before their children.
std::vector<Branch*> flattened(Branch& root);

}  // namespace p9::tools
