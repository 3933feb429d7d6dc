// What operations return, and how each of these is sent to the kernel.
//
// A `reply` consumes its request. Where sending fails (the caller was killed and the kernel has dropped the request)
// it takes back what the answer would have handed over: lookup references and open handles. One thread.
#pragma once

#include "fuse/convert.hpp"
#include "fuse/filesystem.hpp"
#include "fuse/fuse.hpp"

namespace p9::fuse {

/// A counted reference to an inode that is about to be handed to the kernel; given back unless it was.
class Reference {
public:
    Reference(FileSystem& filesystem, InodePtr inode) : filesystem_(&filesystem), inode_(std::move(inode)) {}
    Reference(Reference&& other) noexcept : filesystem_(other.filesystem_), inode_(std::move(other.inode_)) {}
    Reference& operator=(Reference&& other) noexcept {
        std::swap(filesystem_, other.filesystem_);
        std::swap(inode_, other.inode_);
        return *this;
    }
    ~Reference() {
        if (inode_) filesystem_->inodes.forget(inode_->number, 1);
    }

    const InodePtr& inode() const { return inode_; }
    void handed_over() { inode_ = nullptr; }

private:
    FileSystem* filesystem_;
    InodePtr inode_;
};

/// The answer to LOOKUP and to what makes a name.
struct Entry {
    Reference reference;
    struct stat attributes;
    Duration age{};        ///< of the attributes: the kernel may believe them for so much less
    bool passing = false;  ///< they are not from the server: the kernel is to ask before it tells them to anybody
};

/// The answer to LOOKUP where the kernel may remember too that there is nothing.
struct Looked {
    std::optional<Entry> entry;
};

struct AttributesReply {
    struct stat attributes;
    bool passing = false;  ///< not from the server: the kernel is to ask before it tells them to anybody
};

struct OpenedFile {
    std::shared_ptr<OpenFile> file;
};

struct OpenedDirectory {
    std::shared_ptr<OpenDirectory> directory;
};

struct CreatedFile {
    Entry entry;
    std::shared_ptr<OpenFile> file;
};

/// The bytes of a read, in the memory that they arrived in.
struct ReadData {
    std::vector<Payload> pieces;
};

struct Written {
    std::size_t count;
};

/// The bytes of a READDIR or READDIRPLUS answer, with the references that it hands over.
struct Listing {
    std::vector<char> bytes;
    std::vector<Reference> references;
};

struct Target {
    std::string path;
};

/// The value of an extended attribute, or the list of their names.
struct AttributeValue {
    std::string bytes;
    bool length_only;
};

/// The lock that is in the way, if its type is not `unlock`.
struct LockFound {
    LockRange range;
    u32 pid = 0;
};

fuse_entry_param to_entry_param(const Behaviour& behaviour, u64 number, const struct stat& attributes);

void reply(fuse_req_t req, FileSystem& filesystem, Entry entry);
void reply(fuse_req_t req, FileSystem& filesystem, Looked looked);
void reply(fuse_req_t req, FileSystem& filesystem, AttributesReply attributes);
void reply(fuse_req_t req, FileSystem& filesystem, const OpenedFile& opened);
void reply(fuse_req_t req, FileSystem& filesystem, const OpenedDirectory& opened);
void reply(fuse_req_t req, FileSystem& filesystem, CreatedFile created);
void reply(fuse_req_t req, FileSystem& filesystem, const ReadData& data);
void reply(fuse_req_t req, FileSystem& filesystem, Written written);
void reply(fuse_req_t req, FileSystem& filesystem, Listing listing);
void reply(fuse_req_t req, FileSystem& filesystem, const Target& target);
void reply(fuse_req_t req, FileSystem& filesystem, const AttributeValue& value);
void reply(fuse_req_t req, FileSystem& filesystem, const LockFound& found);
void reply(fuse_req_t req, FileSystem& filesystem, struct statvfs figures);

}  // namespace p9::fuse
