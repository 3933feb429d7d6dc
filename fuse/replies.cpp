#include "fuse/replies.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <climits>

namespace p9::fuse {
namespace {

fuse_file_info to_file_info(const OpenFile& file, u64 handle) {
    fuse_file_info info{};
    info.fh = handle;
    info.direct_io = file.direct ? 1 : 0;
    info.keep_cache = file.keep ? 1 : 0;
    return info;
}

/// How long the kernel may believe attributes. Each link to a file is an inode of its own to the kernel, which so
/// cannot know that one has changed the others.
double attribute_timeout(const Behaviour& behaviour, const struct stat& attributes) {
    const bool linked = attributes.st_nlink > 1 && !S_ISDIR(attributes.st_mode);
    return linked ? 0 : behaviour.attribute_timeout;
}

}  // namespace

fuse_entry_param to_entry_param(const Behaviour& behaviour, u64 number, const struct stat& attributes) {
    fuse_entry_param param{};
    param.ino = number;
    param.attr = attributes;
    param.attr_timeout = attribute_timeout(behaviour, attributes);
    param.entry_timeout = behaviour.entry_timeout;
    return param;
}

void reply(fuse_req_t req, FileSystem& filesystem, Entry entry) {
    auto param = to_entry_param(filesystem.behaviour(), entry.reference.inode()->number, entry.attributes);
    const double age = std::chrono::duration<double>(entry.age).count();
    param.attr_timeout = std::max(0.0, param.attr_timeout - age);
    param.entry_timeout = std::max(0.0, param.entry_timeout - age);
    if (fuse_reply_entry(req, &param) == 0) entry.reference.handed_over();
}

void reply(fuse_req_t req, FileSystem& filesystem, Looked looked) {
    if (looked.entry) return reply(req, filesystem, std::move(*looked.entry));
    fuse_entry_param nothing{};
    nothing.entry_timeout = filesystem.behaviour().negative_timeout;
    fuse_reply_entry(req, &nothing);
}

void reply(fuse_req_t req, FileSystem& filesystem, AttributesReply attributes) {
    const double timeout = attribute_timeout(filesystem.behaviour(), attributes.attributes);
    fuse_reply_attr(req, &attributes.attributes, attributes.passing ? 0 : timeout);
}

void reply(fuse_req_t req, FileSystem& filesystem, const OpenedFile& opened) {
    const u64 handle = filesystem.files.add(opened.file);
    const auto info = to_file_info(*opened.file, handle);
    const bool opened_here = fuse_reply_open(req, &info) == 0;
    // Without `keep` the kernel has dropped its pages by the time that it asks for others.
    opened.file->inode->pages_valid = opened_here && opened.file->settled;
    if (!opened_here) filesystem.files.remove(handle);
}

void reply(fuse_req_t req, FileSystem& filesystem, const OpenedDirectory& opened) {
    fuse_file_info info{};
    OpenDirectory& directory = *opened.directory;
    info.fh = filesystem.directories.add(opened.directory);
    info.cache_readdir = directory.keep || directory.settled ? 1 : 0;
    info.keep_cache = directory.keep ? 1 : 0;
    const bool opened_here = fuse_reply_open(req, &info) == 0;
    directory.inode->pages_valid = opened_here && directory.settled;
    if (!opened_here) filesystem.directories.remove(info.fh);
}

void reply(fuse_req_t req, FileSystem& filesystem, CreatedFile created) {
    const u64 handle = filesystem.files.add(created.file);
    const auto info = to_file_info(*created.file, handle);
    auto param =
        to_entry_param(filesystem.behaviour(), created.entry.reference.inode()->number, created.entry.attributes);
    if (created.entry.passing) param.attr_timeout = 0;
    if (fuse_reply_create(req, &param, &info) == 0) {
        created.entry.reference.handed_over();
        created.file->inode->pages_valid = created.file->settled;
    } else {
        filesystem.files.remove(handle);
    }
}

void reply(fuse_req_t req, FileSystem&, const ReadData& data) {
    // writev(2) takes IOV_MAX pieces, one of which is libfuse's header.
    if (data.pieces.size() < IOV_MAX) {
        std::vector<iovec> pieces;
        pieces.reserve(data.pieces.size());
        for (const auto& piece : data.pieces)
            pieces.push_back({const_cast<u8*>(piece.bytes.data()), piece.bytes.size()});
        fuse_reply_iov(req, pieces.data(), static_cast<int>(pieces.size()));
        return;
    }
    std::vector<char> joined;
    for (const auto& piece : data.pieces) joined.insert(joined.end(), piece.bytes.begin(), piece.bytes.end());
    fuse_reply_buf(req, joined.data(), joined.size());
}

void reply(fuse_req_t req, FileSystem&, Written written) { fuse_reply_write(req, written.count); }

void reply(fuse_req_t req, FileSystem&, Listing listing) {
    if (fuse_reply_buf(req, listing.bytes.data(), listing.bytes.size()) != 0) return;
    for (auto& reference : listing.references) reference.handed_over();
}

void reply(fuse_req_t req, FileSystem&, const Target& target) { fuse_reply_readlink(req, target.path.c_str()); }

void reply(fuse_req_t req, FileSystem&, const AttributeValue& value) {
    if (value.length_only)
        fuse_reply_xattr(req, value.bytes.size());
    else
        fuse_reply_buf(req, value.bytes.data(), value.bytes.size());
}

void reply(fuse_req_t req, FileSystem&, const LockFound& found) {
    const struct flock lock = to_flock(found.range, found.pid);
    fuse_reply_lock(req, &lock);
}

void reply(fuse_req_t req, FileSystem&, struct statvfs figures) { fuse_reply_statfs(req, &figures); }

}  // namespace p9::fuse
