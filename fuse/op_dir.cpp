#include "fuse/operations.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

// Offsets count what was handed out: 0 is before ".", 1 before "..", 2 before the first name.
constexpr u64 DOTS = 2;
// Walks and getattrs of one answer that are in flight together.
constexpr std::size_t NAMES_AT_ONCE = 128;

/// Marks a directory as busy for a request's time.
class Busy {
public:
    explicit Busy(OpenDirectory& directory) : directory_(directory) { directory_.busy = true; }
    ~Busy() { directory_.busy = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

private:
    OpenDirectory& directory_;
};

awaitable<Result<Directory>> open_on_server(FileSystem* fs, InodePtr inode) {
    auto clone = co_await fs->clone(std::move(inode));
    if (!clone) co_return std::move(clone).error();
    co_return co_await Directory::open(std::move(*clone));
}

/// Makes the directory one of this session, if it belongs to an earlier one. The server's offsets need not hold any
/// more: it is read from its beginning, without what was listed before.
awaitable<Result<void>> make_current(FileSystem* fs, OpenDirectory& directory) {
    if (fs->is_current(directory.directory->node())) co_return boost::system::in_place_value;
    auto opened = co_await open_on_server(fs, directory.inode);
    if (!opened) co_return std::move(opened).error();
    directory.directory = std::make_shared<Directory>(std::move(*opened));
    directory.cookie = 0;
    directory.listed.clear();
    for (const auto& each : directory.names) directory.listed.insert(each.name);
    co_return boost::system::in_place_value;
}

/// Reads until `names` has an entry at `index`, or everything.
awaitable<Result<void>> read_up_to(FileSystem* fs, OpenDirectory& directory, std::size_t index) {
    while (directory.names.size() <= index && !directory.complete) {
        auto ready = co_await make_current(fs, directory);
        if (!ready) co_return std::move(ready).error();
        auto batch = co_await directory.directory->read(directory.cookie);
        if (!batch) co_return std::move(batch).error();
        for (auto& entry : batch->entries) {
            if (directory.listed.contains(entry.name)) continue;
            auto attributes = entry.attributes ? std::make_unique<Attributes>(std::move(*entry.attributes)) : nullptr;
            directory.names.push_back({std::move(entry.name), entry.type, std::move(attributes)});
        }
        directory.cookie = batch->next;
        directory.complete = batch->end;
    }
    co_return Result<void>();
}

/// What a bulk lookup found of one name.
struct Found {
    NodePtr node;
    Attributes attributes;
};

awaitable<void> find_one(NodePtr directory, const ListedName* listed, std::optional<Found>* result) {
    auto node = co_await directory->walk(listed->name);
    if (!node) co_return;  // gone in the meantime, or not for us: the name is listed all the same
    auto shared = std::make_shared<const Node>(std::move(*node));
    if (listed->attributes) {
        result->emplace(Found{std::move(shared), *listed->attributes});
        co_return;
    }
    auto attributes = co_await shared->attributes();
    if (attributes) result->emplace(Found{std::move(shared), std::move(*attributes)});
}

/// Fills one answer.
class Filler {
public:
    Filler(FileSystem& fs, const OpenDirectory& directory, std::size_t size, bool plus)
        : fs_(fs), directory_(directory), limit_(size), plus_(plus) {}

    /// How many names from `offset` on fit into the rest.
    std::size_t count_from(u64 offset) const {
        std::size_t used = listing.bytes.size();
        std::size_t count = 0;
        for (u64 i = offset - DOTS; i < directory_.names.size(); ++i, ++count) {
            used += entry_size(directory_.names[i].name.c_str());
            if (used > limit_) break;
        }
        return count;
    }
    /// "." and "..", of which the kernel takes the type only.
    bool add_dots(u64 offset) {
        fuse_entry_param param{};
        param.attr.st_mode = P9_S_IFDIR;
        param.attr.st_ino = directory_.inode->number;
        if (offset == 0 && !add(".", param, 1)) return false;
        if (const InodePtr& parent = directory_.inode->parent) param.attr.st_ino = parent->number;
        return offset >= DOTS || add("..", param, 2);
    }
    bool add_name(u64 offset, std::optional<Found> found) {
        const ListedName& listed = directory_.names[offset - DOTS];
        fuse_entry_param param{};
        param.attr.st_mode = listed.type ? mode_bits(*listed.type) : 0;
        const InodePtr known = fs_.inodes.child(*directory_.inode, listed.name);
        param.attr.st_ino = known ? known->number : UNKNOWN_NUMBER;
        if (found) {
            auto entry = to_entry(fs_, directory_.inode, listed.name, std::move(found->node), found->attributes);
            if (entry) {
                param = to_entry_param(fs_.behaviour(), entry->reference.inode()->number, entry->attributes);
                listing.references.push_back(std::move(entry->reference));
            }
        }
        return add(listed.name.c_str(), param, offset + 1);
    }

    Listing listing;

private:
    // What libfuse itself lists where no inode number is known.
    static constexpr u64 UNKNOWN_NUMBER = 0xffffffff;

    std::size_t entry_size(const char* name) const {
        const struct stat nothing{};
        return plus_ ? fuse_add_direntry_plus(nullptr, nullptr, 0, name, nullptr, 0)
                     : fuse_add_direntry(nullptr, nullptr, 0, name, &nothing, 0);
    }
    bool add(const char* name, const fuse_entry_param& param, u64 next) {
        const std::size_t used = listing.bytes.size();
        const std::size_t more = entry_size(name);
        if (used + more > limit_) return false;
        listing.bytes.resize(used + more);
        char* to = listing.bytes.data() + used;
        if (plus_)
            fuse_add_direntry_plus(nullptr, to, more, name, &param, static_cast<off_t>(next));
        else
            fuse_add_direntry(nullptr, to, more, name, &param.attr, static_cast<off_t>(next));
        return true;
    }

    FileSystem& fs_;
    const OpenDirectory& directory_;
    std::size_t limit_;
    bool plus_;
};

}  // namespace

awaitable<Result<OpenedDirectory>> open_directory(FileSystem* fs, u64 number) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto opened = co_await open_on_server(fs, *inode);
    if (!opened) co_return std::move(opened).error();
    co_return OpenedDirectory{std::make_shared<OpenDirectory>(std::move(*inode), std::move(*opened))};
}

awaitable<Result<Listing>> read_directory(FileSystem* fs, u64 handle, std::size_t size, u64 offset, bool plus) {
    const auto directory = fs->directories.find(handle);
    if (!directory) co_return Error::from_errno(EBADF);
    if (directory->busy) co_return Error::from_errno(EBUSY, "the directory is being read already");
    const Busy busy(*directory);
    // rewinddir(3): whoever begins again sees the directory as it is now.
    if (offset == 0) {
        directory->names.clear();
        directory->listed.clear();
        directory->cookie = 0;
        directory->complete = false;
    }
    Filler filler(*fs, *directory, size, plus);
    if (offset < DOTS && !filler.add_dots(offset)) co_return std::move(filler.listing);
    offset = std::max(offset, DOTS);
    auto ready = co_await read_up_to(fs, *directory, offset - DOTS);
    if (!ready) co_return std::move(ready).error();
    std::vector<std::optional<Found>> found(filler.count_from(offset));
    if (plus && !found.empty()) {
        auto place = co_await fs->node(directory->inode);
        if (!place) co_return std::move(place).error();
        std::function<awaitable<void>(std::size_t)> each = [&](std::size_t i) {
            return find_one(*place, &directory->names[offset - DOTS + i], &found[i]);
        };
        co_await for_each_concurrently(found.size(), NAMES_AT_ONCE, std::move(each));
    }
    for (std::size_t i = 0; i < found.size(); ++i)
        if (!filler.add_name(offset + i, std::move(found[i]))) break;
    co_return std::move(filler.listing);
}

awaitable<Result<void>> sync_directory(FileSystem* fs, u64 number, bool datasync) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto clone = co_await fs->clone(std::move(*inode));
    if (!clone) co_return std::move(clone).error();
    auto opened = co_await File::open(std::move(*clone), P9_O_RDONLY | P9_O_DIRECTORY);
    if (!opened) co_return std::move(opened).error();
    co_return co_await opened->fsync(datasync);
}

}  // namespace p9::fuse
