// What is open: files and directories, by the numbers that the kernel holds for them.
//
// The kernel opens and releases; a request that is under way holds its own pointer. One thread.
#pragma once

#include "fuse/inode_table.hpp"

#include <set>
#include <string>
#include <utility>

namespace p9::fuse {

/// Shared, so that another may take its place while a request is still using it.
using FilePtr = std::shared_ptr<const File>;

/// An open file of the mount, known to its inode for as long as it lives.
struct OpenFile : std::enable_shared_from_this<OpenFile> {
    InodePtr inode;
    FilePtr file;        ///< of the session that it was last used in; FileSystem::file makes another
    FilePtr at_offsets;  ///< null until needed: the same file for writing without O_APPEND, which `flags` have
    OpenFlags flags = 0;
    OpenFile* older = nullptr;  ///< of the same inode, if there are several
    u64 moves = 0;              ///< InodeTable::moves when it was opened: some servers lose a fid's file by a rename
    bool direct = false;        ///< past the kernel's page cache, one request on the server for each of the caller's
    bool reads_short = false;   ///< the server answers reads in pieces smaller than one message has room for
    bool keep = false;          ///< what the kernel has cached of it is still good
    bool settled = false;       ///< what the kernel caches from now on can be told from what comes later
    bool expected = false;      ///< what stands in `told` was told of another file, made in the same manner
    static constexpr u64 NOWHERE = UINT64_MAX;
    u64 writes_end = NOWHERE;  ///< where the last write of the kernel's ended, if all is well
    u32 writes_behind = 0;     ///< that are under way: WriteBehind
    int late_errno = 0;        ///< of a write whose caller was told that it is done, until write(2) or fsync(2) tells
    std::unique_ptr<Attributes> told;  ///< of a file that this made: what the server told, or was told since

    OpenFile(InodePtr of, File opened, OpenFlags how)
        : inode(std::move(of)), file(std::make_shared<File>(std::move(opened))), flags(how) {
        older = std::exchange(inode->open_files, this);
    }
    ~OpenFile() {
        OpenFile** at = &inode->open_files;
        while (*at != this) at = &(*at)->older;
        *at = older;
    }
    bool appends() const { return (flags & P9_O_APPEND) != 0; }
    /// Control and event files say that they are empty, and nobody makes or removes them.
    bool is_synthetic() const { return direct && inode->size == 0 && !inode->detached() && !told; }
    /// True if writing the same bytes twice is as good as once: not at the end, and not to a ctl file. A
    /// `page` of the kernel's cache has its offset even if the file was opened to append.
    bool may_repeat_write(bool page) const { return page || (!appends() && !is_synthetic()); }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
};

/// What OpenFile::at_offsets leads to, counted while it is open: the server has a fid for it that `files` does not
/// show.
struct SecondFile {
    SecondFile(File opened, std::size_t& counter) : file(std::move(opened)), count(counter) { ++count; }
    ~SecondFile() { --count; }
    SecondFile(const SecondFile&) = delete;
    SecondFile& operator=(const SecondFile&) = delete;

    File file;
    std::size_t& count;
};

/// An entry as it waits to be handed out.
struct ListedName {
    std::string name;
    std::optional<FileType> type;
    bool known = false;                      ///< the kernel was told its attributes with it
    u32 batch = 0;                           ///< which of the list's batches it came with
    u64 path = 0;                            ///< its qid's
    std::unique_ptr<Attributes> attributes;  ///< where the listing brought them

    /// Bytes of memory, about.
    std::size_t weight() const {
        const std::size_t bytes = sizeof *this + name.size();
        if (attributes == nullptr) return bytes;
        const Attributes& told = *attributes;
        return bytes + sizeof told + told.user.size() + told.group.size() + told.modifier.size() + told.target.size();
    }
};

/// More than any directory's listing takes that people can work with; a hostile server's never ends.
inline constexpr std::size_t MAX_LISTING_BYTES = 512 << 20;

/// What the server answered at once.
struct ListedBatch {
    u64 changes = 0;         ///< FileSystem::changes when it was asked for: later ones are not in the attributes
    Clock::time_point when;  ///< that it came
};

/// What a directory held when it was read from its beginning. Shared by all who read it by the same listing of the
/// kernel's.
class NameList {
public:
    explicit NameList(u32 serial) : number(serial) {}
    NameList(const NameList&) = delete;
    NameList& operator=(const NameList&) = delete;
    /// What the server lists next. A name that is there already stays as it is: servers may repeat names, and after
    /// a lost connection a listing begins anew.
    void add(ListedName listed);
    /// Nothing is added any more.
    void finish();

    const u32 number;  ///< in the offsets that the kernel is told: it keeps one listing for all who read a directory,
                       ///< and an offset must not be found in a later one, where it is another name's
    std::vector<ListedName> names;
    std::vector<ListedBatch> batches;
    std::size_t weight = 0;  ///< of all names, in bytes
    bool complete = false;
    Clock::time_point begun = Clock::now();

private:
    struct ByName {
        const std::vector<ListedName>* names;
        bool operator()(u32 a, u32 b) const { return (*names)[a].name < (*names)[b].name; }
    };
    // Positions in `names`, until the list is complete. In order, not by hashes: a server could choose names for those.
    std::set<u32, ByName> positions_{ByName{&names}};
};
using NameListPtr = std::shared_ptr<NameList>;

/// An open directory. Everything that was read since the last rewind stays in `list`, because the kernel's offsets
/// are positions in it: they cannot collide with those of "." and "..", and whoever seeks back finds what was there.
struct OpenDirectory {
    InodePtr inode;
    std::shared_ptr<Directory> directory;  ///< of the session that it was last read in; null until it is needed
    NameListPtr list;
    u32 opener = 0;        ///< whose rights it is listed with: FileSystem::label
    u64 cookie = 0;        ///< the server's, where the next batch begins
    u64 changes = 0;       ///< FileSystem::changes when that batch was asked for
    bool busy = false;     ///< a request is filling or reading `list`; the kernel sends one at a time
    bool keep = false;     ///< the kernel's own copy of the listing is still good
    bool settled = false;  ///< what the kernel lists from now on can be told from what comes later

    OpenDirectory(InodePtr of, NameListPtr names, u32 label)
        : inode(std::move(of)), list(std::move(names)), opener(label) {}
};

/// The listings that the kernel may have copies of, by inode. They are needed where it drops a part of one and asks for
/// the rest.
class KeptLists {
public:
    /// An empty one.
    NameListPtr begin() {
        last_number_ = last_number_ % INT32_MAX + 1;
        return std::make_shared<NameList>(last_number_);
    }
    NameListPtr find(u64 number) const {
        const auto found = lists_.find(number);
        return found == lists_.end() ? nullptr : found->second;
    }
    void keep(u64 number, NameListPtr list) {
        names_ += list->names.size();
        // Without its list a directory is read again: so all may go, and nobody needs to know which were used last.
        if (names_ > MOST_NAMES) clear();
        lists_.insert_or_assign(number, std::move(list));
    }
    void clear() {
        lists_.clear();
        names_ = 0;
    }

private:
    static constexpr std::size_t MOST_NAMES = 100'000;
    std::unordered_map<u64, NameListPtr> lists_;
    std::size_t names_ = 0;  // that were kept since the last clear
    u32 last_number_ = 0;
};

template <class T>
class HandleTable {
public:
    u64 add(std::shared_ptr<T> object) {
        by_number_.emplace(next_number_, std::move(object));
        return next_number_++;
    }
    std::shared_ptr<T> find(u64 number) const {
        const auto found = by_number_.find(number);
        return found == by_number_.end() ? nullptr : found->second;
    }
    void remove(u64 number) { by_number_.erase(number); }
    std::size_t size() const { return by_number_.size(); }

private:
    std::unordered_map<u64, std::shared_ptr<T>> by_number_;
    u64 next_number_ = 1;
};

}  // namespace p9::fuse
