#include "fuse/operations.hpp"

#include <linux/limits.h>
#include <sys/xattr.h>

#include <cerrno>

namespace p9::fuse {
namespace {

/// Why an attribute of this name is not the server's business; 0 if it is.
int not_passed_on(std::string_view name, int if_capability) {
    // The kernel asks for it before each write, to take it away; and it means nothing in a mount with nosuid.
    if (name == "security.capability") return if_capability;
    // ls -l asks every file for ACLs and for SELinux's label, and the kernel would heed neither here. The server does.
    // Told so, ls does not ask again.
    if (name.starts_with("system.") || name == "security.selinux") return EOPNOTSUPP;
    return 0;
}

/// The names of a list that the mount has attributes for, each followed by NUL. What is no name is left out.
std::string passed_on(std::string_view list) {
    std::string names;
    while (!list.empty()) {
        const std::size_t end = list.find('\0');
        const std::string_view name = list.substr(0, end);
        list.remove_prefix(end == list.npos ? list.size() : end + 1);
        if (name.empty() || name.size() > XATTR_NAME_MAX || not_passed_on(name, ENODATA) != 0) continue;
        names.append(name).push_back('\0');
    }
    return names;
}

/// The size protocol of getxattr(2): a buffer of size 0 asks how large it must be.
Result<AttributeValue> fitting(std::string bytes, std::size_t size) {
    if (size != 0 && bytes.size() > size) return Error::from_errno(ERANGE);
    return AttributeValue{std::move(bytes), size == 0};
}

}  // namespace

int not_asked_for(std::string_view name) { return not_passed_on(name, ENODATA); }

awaitable<Result<AttributeValue>> get_xattr(FileSystem* fs, u64 number, std::string name, std::size_t size) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto place = co_await place_of(fs, *inode, {});
    if (!place) co_return std::move(place).error();
    auto value = co_await (*place)->xattr(std::move(name), XATTR_SIZE_MAX);
    if (!value) co_return std::move(value).error();
    co_return fitting(std::move(*value), size);
}

awaitable<Result<AttributeValue>> list_xattrs(FileSystem* fs, u64 number, std::size_t size) {
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto place = co_await place_of(fs, *inode, {});
    if (!place) co_return std::move(place).error();
    auto names = co_await (*place)->xattr_names(XATTR_SIZE_MAX);
    if (!names) co_return std::move(names).error();
    co_return fitting(passed_on(*names), size);
}

awaitable<Result<void>> set_xattr(FileSystem* fs, u64 number, std::string name, std::string value, u32 flags) {
    if (const int refused = not_passed_on(name, EOPNOTSUPP)) co_return Error::from_errno(refused);
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto place = co_await place_of(fs, *inode, {});
    if (!place) co_return std::move(place).error();
    if (value.empty() && (flags & XATTR_REPLACE) != 0) {
        // On the wire that is how an attribute is removed: look for it first, and set it without conditions.
        auto there = co_await (*place)->xattr(name, XATTR_SIZE_MAX);
        if (!there) co_return std::move(there).error();
        flags = 0;
    }
    co_return co_await (*place)->set_xattr(std::move(name), std::move(value), flags);
}

awaitable<Result<void>> remove_xattr(FileSystem* fs, u64 number, std::string name) {
    if (const int refused = not_passed_on(name, ENODATA)) co_return Error::from_errno(refused);
    auto inode = fs->inode(number);
    if (!inode) co_return std::move(inode).error();
    auto place = co_await place_of(fs, *inode, {});
    if (!place) co_return std::move(place).error();
    co_return co_await (*place)->remove_xattr(std::move(name));
}

}  // namespace p9::fuse
