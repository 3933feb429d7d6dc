#include "fuse/operations.hpp"
#include "tools/both.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

// Offsets are positions in a list, below the list's number: 0 is before ".", 1 before "..", 2 before the first name.
constexpr u64 DOTS = 2;
constexpr unsigned POSITION_BITS = 32;
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

awaitable<Result<Attributes>> told_of(NodePtr place) { co_return co_await place->attributes(); }

/// Makes the directory one of this session, if it belongs to an earlier one. The server's offsets need not hold any
/// more: it is read from its beginning, and what was listed before is not listed again.
awaitable<Result<void>> make_current(FileSystem* fs, OpenDirectory& directory) {
    if (directory.directory && fs->is_alive(directory.directory->node())) co_return boost::system::in_place_value;
    auto opened = co_await open_on_server(fs, directory.inode);
    if (!opened) co_return std::move(opened).error();
    directory.directory = std::make_shared<Directory>(std::move(*opened));
    directory.cookie = 0;
    directory.changes = fs->changes;
    co_return boost::system::in_place_value;
}

/// Reads until `names` has an entry at `index`, or everything.
awaitable<Result<void>> read_up_to(FileSystem* fs, OpenDirectory& directory, std::size_t index) {
    const NameListPtr list = directory.list;
    while (list->names.size() <= index && !list->complete) {
        if (list->weight > MAX_LISTING_BYTES)
            co_return Error::from_errno(
                EFBIG, "the listing is larger than " + std::to_string(MAX_LISTING_BYTES >> 20) + " MiB");
        auto ready = co_await make_current(fs, directory);
        if (!ready) co_return std::move(ready).error();
        auto batch = co_await directory.directory->read(directory.cookie);
        if (!batch) co_return std::move(batch).error();
        for (auto& entry : batch->entries) {
            auto attributes = entry.attributes ? std::make_unique<Attributes>(std::move(*entry.attributes)) : nullptr;
            list->add({std::move(entry.name), entry.type, false, static_cast<u32>(list->batches.size()), entry.qid.path,
                       std::move(attributes)});
        }
        if (!batch->entries.empty()) list->batches.push_back({directory.changes, Clock::now()});
        // The next is under way already.
        directory.changes = fs->changes;
        directory.cookie = batch->next;
        if (batch->end) list->finish();
        // An answer that overtakes its Tflush counts, and is kept: before 9P2000.L nobody can read it again. The next
        // read would not know of the interrupt.
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) co_return Error(errc::cancelled);
    }
    co_return Result<void>();
}

/// What a bulk lookup found of one name.
struct Found {
    NodePtr node;
    Attributes attributes;
};

/// True for attributes that came with the listing and may still be handed out: nothing was changed through this mount
/// since the server was asked, and nobody else's changes are missed for longer than the kernel may believe them.
bool are_fresh(const FileSystem& fs, const NameList& list, const ListedName& listed) {
    const ListedBatch& batch = list.batches[listed.batch];
    const std::chrono::duration<double> age = Clock::now() - batch.when;
    return listed.attributes && batch.changes == fs.changes && age.count() <= fs.behaviour().attribute_timeout;
}

awaitable<void> find_one(FileSystem* fs, NodePtr place, const OpenDirectory* directory, std::size_t index,
                         std::optional<Found>* result) {
    const NameList* const list = directory->list.get();
    const ListedName* const listed = &list->names[index];
    // Of a file that is being written the kernel knows the length, and the server perhaps not yet.
    const InodePtr known = fs->inodes.child(*directory->inode, listed->name);
    if (known && known->writes_behind != 0) co_return;
    auto node = co_await place->walk(listed->name);
    if (!node) co_return;  // gone in the meantime, or not for us: the name is listed all the same
    auto shared = std::make_shared<Node>(std::move(*node));
    if (are_fresh(*fs, *list, *listed)) {
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
        for (u64 i = offset - DOTS; i < directory_.list->names.size(); ++i, ++count) {
            used += entry_size(directory_.list->names[i].name.c_str());
            if (used > limit_) break;
        }
        return count;
    }
    /// "." and "..", of which the kernel takes the type only.
    bool add_dots(u64 offset) {
        fuse_entry_param param{};
        param.attr.st_mode = P9_S_IFDIR;
        param.attr.st_ino = number_of(*directory_.inode);
        if (offset == 0 && !add(".", param, 1)) return false;
        if (const InodePtr& parent = directory_.inode->parent) param.attr.st_ino = number_of(*parent);
        return offset >= DOTS || add("..", param, 2);
    }
    bool add_name(u64 offset, std::optional<Found> found) {
        ListedName& listed = directory_.list->names[offset - DOTS];
        fuse_entry_param param{};
        param.attr.st_mode = listed.type ? mode_bits(*listed.type) : 0;
        param.attr.st_ino = listed.type ? shown_number(listed.path, *listed.type, UNKNOWN_NUMBER) : u64{UNKNOWN_NUMBER};
        if (found) {
            const Qid qid = found->node->qid();
            auto entry = to_entry(fs_, directory_.inode, listed.name, qid, std::move(found->node), found->attributes);
            if (entry) {
                param = to_entry_param(fs_.behaviour(), entry->reference.inode()->number, entry->attributes);
                listing.references.push_back(std::move(entry->reference));
                listed.known = true;
            }
        }
        return add(listed.name.c_str(), param, offset + 1);
    }

    Listing listing;

private:
    static u64 number_of(const Inode& inode) { return shown_number(inode.qid.path, inode.type, inode.number); }
    // What libfuse itself lists where no inode number is known.
    static constexpr u64 UNKNOWN_NUMBER = 0xffffffff;

    std::size_t entry_size(const char* name) const {
        const struct stat nothing{};
        return plus_ ? fuse_add_direntry_plus(nullptr, nullptr, 0, name, nullptr, 0)
                     : fuse_add_direntry(nullptr, nullptr, 0, name, &nothing, 0);
    }
    bool add(const char* name, const fuse_entry_param& param, u64 position) {
        const u64 next = u64{directory_.list->number} << POSITION_BITS | position;
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
    auto found = fs->inode(number);
    if (!found) co_return std::move(found).error();
    auto directory = std::make_shared<OpenDirectory>(std::move(*found), fs->kept_lists.begin(), fs->label());
    Inode& inode = *directory->inode;
    const Behaviour& behaviour = fs->behaviour();
    const bool loose = behaviour.cache == CacheMode::loose;
    // Attributes came with the listing: once they are too old the kernel had better list again than ask for each.
    const std::chrono::duration<double> believed(std::min(behaviour.attribute_timeout, behaviour.entry_timeout));
    NameListPtr kept = fs->kept_lists.find(number);
    if (kept && (!inode.pages_valid || Clock::now() - kept->begun >= believed)) kept = nullptr;
    std::optional<Result<Directory>> opened;
    directory->settled = loose;
    if (!loose && behaviour.cache != CacheMode::none) {
        // Before the listing is read, or a change between the two would go unseen.
        auto place = co_await place_of(fs, directory->inode, std::nullopt);
        if (!place) co_return std::move(place).error();
        auto asking = told_of(*place);
        Result<Attributes> attributes = Error(errc::cancelled);
        if (kept) {
            attributes = co_await std::move(asking);
        } else {
            auto opening = open_on_server(fs, directory->inode);
            auto done = co_await tools::both(std::move(asking), std::move(opening));
            attributes = std::move(done.first);
            opened.emplace(std::move(done.second));
        }
        if (attributes && attributes->is_directory()) {
            const Stamp before = inode.seen;
            fs->saw(inode, *attributes);
            if (inode.seen != before) fs->expire_attributes(inode);
            directory->settled = fs->is_settled(inode);
        }
        if (!inode.pages_valid) kept = nullptr;
    }
    if (kept) {
        directory->keep = true;
        directory->list = std::move(kept);
        co_return OpenedDirectory{std::move(directory)};
    }
    if (!opened) {
        auto opening = open_on_server(fs, directory->inode);
        opened.emplace(co_await std::move(opening));
    }
    if (!*opened) co_return std::move(*opened).error();
    directory->directory = std::make_shared<Directory>(std::move(**opened));
    directory->changes = fs->changes;
    fs->limit_nodes();  // each directory that is open leaves room for a node less
    co_return OpenedDirectory{std::move(directory)};
}

awaitable<Result<Listing>> read_directory(FileSystem* fs, u64 handle, std::size_t size, u64 offset, bool plus) {
    const auto directory = fs->directories.find(handle);
    if (!directory) co_return Error::from_errno(EBADF);
    if (directory->busy) co_return Error::from_errno(EBUSY, "the directory is being read already");
    fs = &fs->of_opener(*directory);  // whoever reads it: an open directory is like an open file
    const Busy busy(*directory);
    // rewinddir(3): whoever begins again sees the directory as it is now.
    if (offset == 0) {
        directory->list = fs->kept_lists.begin();
        directory->cookie = 0;
    }
    if (const u64 number = offset >> POSITION_BITS; number != directory->list->number) {
        // The kernel began with another's listing, which it has dropped since.
        const NameListPtr kept = fs->kept_lists.find(directory->inode->number);
        if (kept && kept->number == number) directory->list = kept;
    }
    offset &= (u64{1} << POSITION_BITS) - 1;
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
            return find_one(fs, *place, directory.get(), offset - DOTS + i, &found[i]);
        };
        co_await for_each_concurrently(found.size(), NAMES_AT_ONCE, std::move(each));
    }
    HitRate& told_with_names = fs->counters.listings;
    for (std::size_t i = 0; plus && i < found.size(); ++i)
        ++(directory->list->names[offset - DOTS + i].attributes ? told_with_names.hits : told_with_names.misses);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (!filler.add_name(offset + i, std::move(found[i]))) break;
    const NameListPtr& list = directory->list;
    const bool at_end = list->complete && found.empty() && offset - DOTS >= list->names.size();
    // What one user may list is not for another to see.
    const bool for_all = fs->behaviour().cache != CacheMode::none && fs->behaviour().access == Access::client;
    if (at_end && for_all) {
        for (auto& each : list->names) each.attributes = nullptr;  // too old by the next time
        fs->kept_lists.keep(directory->inode->number, list);
    }
    co_return std::move(filler.listing);
}

awaitable<Result<void>> sync_directory(FileSystem* fs, u64 number, bool datasync) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    // A directory that was removed has nothing to make durable, and servers that look at paths find it no more.
    if ((*inode)->detached()) co_return boost::system::in_place_value;
    auto clone = co_await fs->clone(std::move(*inode));
    if (!clone) co_return std::move(clone).error();
    auto opened = co_await File::open(std::move(*clone), P9_O_RDONLY | P9_O_DIRECTORY);
    if (!opened) co_return std::move(opened).error();
    co_return co_await opened->fsync(datasync);
}

}  // namespace p9::fuse
