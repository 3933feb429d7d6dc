#include "tools/p9serve/filesystem.hpp"

#include "p9/client.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::serve {
namespace {

Error refused(int number) { return Error::from_errno(number); }

}  // namespace

std::size_t ReadReply::reserve(std::size_t& most) {
    most = std::min<std::size_t>(most, room());
    if (message_.empty() && spare_ != nullptr && spare_->capacity() >= HEADER + most) {
        message_.swap(*spare_);
        message_.clear();
    }
    const std::size_t before = message_.empty() ? HEADER : message_.size();
    message_.resize(before + most);
    return before;
}

std::size_t ReadReply::put(Bytes bytes) {
    std::size_t size = bytes.size();
    const std::size_t before = reserve(size);
    if (size != 0) std::memcpy(message_.data() + before, bytes.data(), size);
    return size;
}

std::size_t ReadReply::put(std::string_view text) {
    return put(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}

void ReadReply::put_range(std::string_view contents, u64 offset) {
    if (offset < contents.size()) put(contents.substr(offset));
}

ByteVector ReadReply::finish(Tag tag, u8 type) && {
    if (message_.empty()) message_ = ByteVector(HEADER);  // not resize: g++ 12 sees an overflow in it at -O3
    wire::Writer writer{Dialect::linux_, message_.data()};
    writer("size", static_cast<u32>(message_.size()));
    writer("type", type);
    writer("tag", tag);
    writer("count", static_cast<u32>(message_.size() - HEADER));
    return std::move(message_);
}

awaitable<Result<void>> OpenFile::read(u64, ReadReply&) { co_return refused(EBADF); }
awaitable<Result<u32>> OpenFile::write(u64, Bytes) { co_return refused(EBADF); }
awaitable<Result<void>> OpenFile::readdir(u64, Entries&) { co_return refused(ENOTDIR); }
awaitable<Result<void>> OpenFile::fsync(bool) { co_return boost::system::in_place_value; }
awaitable<Result<LockStatus>> OpenFile::lock(Lock) { co_return refused(EOPNOTSUPP); }
awaitable<Result<Lock>> OpenFile::conflicting_lock(Lock) { co_return refused(EOPNOTSUPP); }

Error File::not_possible() const { return refused(is_directory() ? EPERM : ENOTDIR); }

awaitable<Result<OpenFilePtr>> File::open(OpenFlags) { co_return refused(EACCES); }
awaitable<Result<void>> File::change(AttributeChange) { co_return refused(EPERM); }
awaitable<Result<std::string>> File::readlink() { co_return refused(EINVAL); }
awaitable<Result<StatFs>> File::statfs() {
    StatFs figures;
    figures.fs_type = 0x01021997;  // V9FS_MAGIC
    figures.bsize = 4096;
    figures.namelen = 255;
    co_return figures;
}
awaitable<Result<FilePtr>> File::walk(std::string) { co_return refused(is_directory() ? ENOENT : ENOTDIR); }
awaitable<Result<Created>> File::create(std::string, OpenFlags, u32, u32) { co_return not_possible(); }
awaitable<Result<FilePtr>> File::mkdir(std::string, u32, u32) { co_return not_possible(); }
awaitable<Result<FilePtr>> File::symlink(std::string, std::string, u32) { co_return not_possible(); }
awaitable<Result<FilePtr>> File::mknod(std::string, u32, u32, u32, u32) { co_return not_possible(); }
awaitable<Result<void>> File::link(std::string, FilePtr) { co_return not_possible(); }
awaitable<Result<void>> File::rename(std::string, FilePtr, std::string) { co_return not_possible(); }
awaitable<Result<void>> File::unlink(std::string, bool) { co_return not_possible(); }
awaitable<Result<std::string>> File::xattr(std::string) { co_return refused(EOPNOTSUPP); }
awaitable<Result<std::string>> File::xattr_names() { co_return refused(EOPNOTSUPP); }
awaitable<Result<void>> File::set_xattr(std::string, std::string, u32) { co_return refused(EOPNOTSUPP); }
awaitable<Result<void>> File::remove_xattr(std::string) { co_return refused(EOPNOTSUPP); }

awaitable<Result<FilePtr>> walk_path(FilePtr root, std::string path) {
    for (std::string& name : split_path(path)) {
        if (!valid_name(name)) co_return refused(ENOENT);
        auto walking = root->walk(std::move(name));
        auto next = co_await std::move(walking);
        if (!next) co_return next.error();
        root = *std::move(next);
    }
    co_return root;
}

Attributes synthetic_attributes(u32 mode, Time at) {
    Attributes attributes;
    attributes.mode = mode;
    attributes.uid = 0;
    attributes.gid = 0;
    attributes.atime = attributes.mtime = attributes.ctime = at;
    attributes.blksize = 4096;
    return attributes;
}

}  // namespace p9::serve
