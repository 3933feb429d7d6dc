// What the server knows of one conversation: its dialect and msize, and what each of the client's fids stands for.
//
// An Epoch begins with Tversion and is replaced by the next one (version(5)): requests that are still under way hold
// the old one, and what they do to it concerns nobody any more. One thread.
#pragma once

#include "tools/p9serve/filesystem.hpp"

#include <optional>
#include <unordered_map>

namespace p9::serve {

/// Where a file is: shared by all fids that reached it by the same walk, so that a rename moves them all.
struct Location {
    Location(FilePtr here, std::shared_ptr<Location> above, std::string known_as)
        : file(std::move(here)), parent(std::move(above)), name(std::move(known_as)) {}
    ~Location();
    Location(const Location&) = delete;
    Location& operator=(const Location&) = delete;

    FilePtr file;
    std::shared_ptr<Location> parent;  // null for the root of an attach
    std::string name;
};
using LocationPtr = std::shared_ptr<Location>;

/// The value of an extended attribute on its way (Txattrwalk, Txattrcreate). Up to 64 KiB each, so they are counted.
struct XattrTransfer {
    explicit XattrTransfer(std::shared_ptr<std::size_t> count) : count_(std::move(count)) { ++*count_; }
    ~XattrTransfer() { --*count_; }
    XattrTransfer(const XattrTransfer&) = delete;
    XattrTransfer& operator=(const XattrTransfer&) = delete;

    bool writing = false;
    std::string name;
    std::string value;
    u64 size = 0;  // how many bytes are to be written
    u32 flags = 0;

private:
    std::shared_ptr<std::size_t> count_;  // of all in this conversation
};

/// What one fid stands for.
struct FidState {
    LocationPtr place;  // null while a walk or attach that makes the fid is under way
    User user;
    std::shared_ptr<OpenFile> open;  // shared with the requests that use it: a clunk may overtake them
    OpenFlags flags = 0;             // of the open
    bool opening = false;            // an open is under way: no second one
    bool remove_on_clunk = false;    // ORCLOSE
    u64 stat_offset = 0;             // where reading a directory of the older dialects goes on,
    u64 stat_cookie = 0;             // and the cookie that stands for it
    std::unique_ptr<XattrTransfer> xattr;

    bool is_open() const { return open != nullptr || opening || xattr != nullptr; }
};
using FidPtr = std::shared_ptr<FidState>;

struct Epoch {
    Dialect dialect = Dialect::base;
    u32 msize = 0;  // 0: no version has been agreed on
    std::size_t max_fids = 0;
    std::unordered_map<Fid, FidPtr> fids;
    std::shared_ptr<std::size_t> xattrs = std::make_shared<std::size_t>(0);  // XattrTransfers that there are

    /// The largest count of a read or write.
    u32 max_io() const { return msize - IOHDRSZ; }
    /// The fid, or EBADF.
    Result<FidPtr> find(Fid fid) const;
    /// Takes a number for a fid that is being made; its `place` is null. EBADF if it is in use, EMFILE if there are too
    /// many.
    Result<FidPtr> reserve(Fid fid);
    /// A file is known under another name now.
    void moved(const File& directory, const std::string& name, const LocationPtr& new_directory,
               const std::string& new_name);
};

}  // namespace p9::serve
