#include "fuse/operation_table.hpp"

#include "fuse/operations.hpp"
#include "fuse/quick_change.hpp"
#include "fuse/quick_create.hpp"
#include "fuse/quick_read.hpp"
#include "fuse/request.hpp"
#include "fuse/status.hpp"

#include "p9/trace.hpp"

#include <sys/file.h>

#include <cerrno>

namespace p9::fuse {
namespace {

FileSystem& fs_of(fuse_req_t req) {
    return static_cast<FileSystem*>(fuse_req_userdata(req))->of_caller(fuse_req_ctx(req)->uid);
}
u32 gid_of(fuse_req_t req) { return fs_of(req).behaviour().owners.group_of_new(fuse_req_ctx(req)->gid); }
/// CAP_FSETID, as far as FUSE tells.
bool keeps_set_id(fuse_req_t req) { return fuse_req_ctx(req)->uid == 0; }
std::optional<u64> handle_of(const fuse_file_info* info) {
    return info != nullptr ? std::optional<u64>(info->fh) : std::nullopt;
}

void on_lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
    serve(fs_of(req), req, calling(look_up_or_not, &fs_of(req), parent, name));
}

void on_forget(fuse_req_t req, fuse_ino_t number, uint64_t count) {
    fs_of(req).inodes.forget(number, count);
    fuse_reply_none(req);
}

void on_forget_multi(fuse_req_t req, size_t count, fuse_forget_data* forgets) {
    for (const auto& each : std::span(forgets, count)) fs_of(req).inodes.forget(each.ino, each.nlookup);
    fuse_reply_none(req);
}

void on_getattr(fuse_req_t req, fuse_ino_t number, fuse_file_info* info) {
    if (number == FUSE_ROOT_ID) return serve_root_attributes(fs_of(req), req);
    if (answer_from_made(fs_of(req), req, number)) return;
    serve(fs_of(req), req, calling(get_attributes, &fs_of(req), number, handle_of(info)));
}

void on_setattr(fuse_req_t req, fuse_ino_t number, struct stat* wanted, int mask, fuse_file_info* info) {
    const bool resizes = (mask & FUSE_SET_ATTR_SIZE) != 0;
    const SetAttributes change{to_change(*wanted, mask), handle_of(info)};
    if (change_quickly(fs_of(req), req, number, change)) return;
    auto changing = calling(set_attributes, &fs_of(req), number, change);
    if (resizes)  // somebody else may have written to the end in the meantime
        serve_once(fs_of(req), req, "truncate", std::move(changing));
    else
        serve_change(fs_of(req), req, std::move(changing));
}

void on_statfs(fuse_req_t req, fuse_ino_t number) {
    if (number == FUSE_ROOT_ID) return serve_root_figures(fs_of(req), req);
    serve(fs_of(req), req, calling(statfs, &fs_of(req), number));
}

void on_opendir(fuse_req_t req, fuse_ino_t number, fuse_file_info*) {
    if (number == FUSE_ROOT_ID) return serve_root_opening(fs_of(req), req);
    serve(fs_of(req), req, calling(open_directory, &fs_of(req), number));
}

void on_readdir(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) {
    serve(fs_of(req), req, calling(read_directory, &fs_of(req), info->fh, size, static_cast<u64>(offset), false));
}

void on_readdirplus(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) {
    serve(fs_of(req), req, calling(read_directory, &fs_of(req), info->fh, size, static_cast<u64>(offset), true));
}

void on_releasedir(fuse_req_t req, fuse_ino_t, fuse_file_info* info) {
    fs_of(req).directories.remove(info->fh);
    fuse_reply_err(req, 0);
}

void on_fsyncdir(fuse_req_t req, fuse_ino_t number, int datasync, fuse_file_info*) {
    serve(fs_of(req), req, calling(sync_directory, &fs_of(req), number, datasync != 0));
}

void on_mkdir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
    serve_once(fs_of(req), req, "mkdir " + escaped(name),
               calling(make_directory, &fs_of(req), parent, name, mode & P9_S_PERMISSIONS, gid_of(req)));
}

void on_unlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
    serve_once(fs_of(req), req, "unlink " + escaped(name), calling(remove, &fs_of(req), parent, name, false));
}

void on_rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
    serve_once(fs_of(req), req, "rmdir " + escaped(name), calling(remove, &fs_of(req), parent, name, true));
}

void on_rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
               unsigned flags) {
    serve_once(fs_of(req), req, "rename " + escaped(name),
               calling(rename, &fs_of(req), parent, name, new_parent, new_name, flags));
}

void on_symlink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
    serve_once(fs_of(req), req, "symlink " + escaped(name),
               calling(make_symlink, &fs_of(req), parent, name, target, gid_of(req)));
}

void on_readlink(fuse_req_t req, fuse_ino_t number) { serve(fs_of(req), req, calling(read_link, &fs_of(req), number)); }

void on_link(fuse_req_t req, fuse_ino_t number, fuse_ino_t new_parent, const char* new_name) {
    serve_once(fs_of(req), req, "link " + escaped(new_name),
               calling(make_link, &fs_of(req), number, new_parent, new_name));
}

void on_mknod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, dev_t rdev) {
    serve_once(fs_of(req), req, "mknod " + escaped(name),
               calling(make_node, &fs_of(req), parent, name, mode, rdev, gid_of(req)));
}

// Only 9P2000.L has extended attributes. Where there are none the kernel learns it from the first answer and does not
// ask again; but it has to go on asking for the mount's own attributes.
bool refused_for_good(fuse_req_t req, int error = ENOSYS) {
    FileSystem& fs = fs_of(req);
    const bool refused = fs.session().dialect() != Dialect::linux_ || !fs.behaviour().extended_attributes;
    if (refused) fuse_reply_err(req, error);
    return refused;
}

void on_getxattr(fuse_req_t req, fuse_ino_t number, const char* name, size_t size) {
    if (number == FUSE_ROOT_ID && (name == STATUS_ATTRIBUTE || name == STATUS_JSON_ATTRIBUTE)) {
        FileSystem& fs = fs_of(req);
        std::string status = status_of_mount(fs, name == STATUS_JSON_ATTRIBUTE);
        if (size != 0 && status.size() > size)
            fuse_reply_err(req, ERANGE);
        else
            reply(req, fs, AttributeValue{std::move(status), size == 0});
        return;
    }
    if (refused_for_good(req, EOPNOTSUPP)) return;
    // ls -l asks so of every mountpoint that it lists: without a connection too it must not wait.
    if (const int refused = not_asked_for(name)) {
        if (std::string_view(name) == "security.capability")
            fs_of(req).privilege_question = {number, fuse_req_ctx(req)->pid};
        fuse_reply_err(req, refused);
        return;
    }
    serve(fs_of(req), req, calling(get_xattr, &fs_of(req), number, name, size));
}

void on_listxattr(fuse_req_t req, fuse_ino_t number, size_t size) {
    if (!refused_for_good(req)) serve(fs_of(req), req, calling(list_xattrs, &fs_of(req), number, size));
}

void on_setxattr(fuse_req_t req, fuse_ino_t number, const char* name, const char* value, size_t size, int flags) {
    if (refused_for_good(req)) return;
    serve_once(fs_of(req), req, "setxattr " + escaped(name),
               calling(set_xattr, &fs_of(req), number, name, std::string(value, size), static_cast<u32>(flags)));
}

void on_removexattr(fuse_req_t req, fuse_ino_t number, const char* name) {
    if (!refused_for_good(req))
        serve_once(fs_of(req), req, "removexattr " + escaped(name), calling(remove_xattr, &fs_of(req), number, name));
}

void on_open(fuse_req_t req, fuse_ino_t number, fuse_file_info* info) {
    auto opening = calling(open_file, &fs_of(req), number, info->flags, keeps_set_id(req));
    if ((info->flags & O_TRUNC) != 0)
        serve_change(fs_of(req), req, std::move(opening));
    else
        serve(fs_of(req), req, std::move(opening));
}

void on_create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
    const u32 permissions = mode & P9_S_PERMISSIONS;
    if (create_quickly(fs_of(req), req, parent, name, info->flags, permissions, gid_of(req))) return;
    serve_once(fs_of(req), req, "create " + escaped(name),
               calling(create_file, &fs_of(req), parent, name, info->flags, permissions, gid_of(req)));
}

void on_read(fuse_req_t req, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) {
    FileSystem* const fs = &fs_of(req);
    if (read_quickly(*fs, req, info->fh, static_cast<u64>(offset), size)) return;
    // A read that waits for an event may wait for ever.
    const auto open = fs->files.find(info->fh);
    const bool waits = open && open->is_synthetic();
    serve(*fs, req, calling(read_file, fs, info->fh, static_cast<u64>(offset), size, std::shared_ptr<Payload>()),
          waits ? Interruptible::at_once : Interruptible::after_a_moment);
}

void on_write(fuse_req_t req, fuse_ino_t, const char* data, size_t size, off_t offset, fuse_file_info* info) {
    FileSystem* const fs = &fs_of(req);
    const bool page = info->writepage != 0;
    auto held = fs->write_buffers.keep(data, size);
    if (write_quickly(*fs, req, info->fh, static_cast<u64>(offset), held, page)) return;
    auto writing = [fs, handle = info->fh, offset, kept_data = std::move(held), page, keeps = keeps_set_id(req)] {
        return write_file(fs, handle, static_cast<u64>(offset), kept_data.bytes, page, keeps);
    };
    const auto open = fs->files.find(info->fh);
    if (open && open->may_repeat_write(page))
        serve_change(*fs, req, std::move(writing));
    else
        serve_once(*fs, req, "write", std::move(writing));
}

// Writes reach the server before write(2) returns: at close(2) only a process's locks are left, all of which go with
// any of its descriptors (fcntl(2)).
void on_flush(fuse_req_t req, fuse_ino_t number, fuse_file_info* info) {
    const LockKey key{number, info->lock_owner, false};
    if (fs_of(req).locks.find(key) == nullptr)
        fuse_reply_err(req, 0);
    else
        serve(fs_of(req), req, calling(release_locks, &fs_of(req), key));
}

LockRequest lock_request(fuse_req_t req, const fuse_file_info& info, const struct flock& lock) {
    return {to_range(lock), info.lock_owner, static_cast<u32>(fuse_req_ctx(req)->pid)};
}

void on_getlk(fuse_req_t req, fuse_ino_t, fuse_file_info* info, struct flock* lock) {
    serve(fs_of(req), req, calling(get_lock, &fs_of(req), info->fh, lock_request(req, *info, *lock)));
}

void on_setlk(fuse_req_t req, fuse_ino_t, fuse_file_info* info, struct flock* lock, int sleep) {
    LockRequest request = lock_request(req, *info, *lock);
    request.wait = sleep != 0;
    serve(fs_of(req), req, calling(set_lock, &fs_of(req), info->fh, request), Interruptible::at_once);
}

void on_flock(fuse_req_t req, fuse_ino_t, fuse_file_info* info, int operation) {
    const int kind = operation & ~LOCK_NB;
    const LockType type = kind == LOCK_SH ? LockType::read : kind == LOCK_EX ? LockType::write : LockType::unlock;
    LockRequest request{{type, 0, 0}, info->lock_owner};
    request.wait = (operation & LOCK_NB) == 0;
    request.flock = true;
    serve(fs_of(req), req, calling(set_lock, &fs_of(req), info->fh, request), Interruptible::at_once);
}

void on_fsync(fuse_req_t req, fuse_ino_t, int datasync, fuse_file_info* info) {
    serve(fs_of(req), req, calling(sync_file, &fs_of(req), info->fh, datasync != 0));
}

// The fid is clunked without waiting: close(2) does not wait for this answer either. But what a synthetic file does
// when it is closed, it does at once.
void on_release(fuse_req_t req, fuse_ino_t number, fuse_file_info* info) {
    FileSystem& fs = fs_of(req);
    if (const auto open = fs.files.find(info->fh); open && !open->is_synthetic() && fs.is_alive(open->file->node()))
        fs.released.add(fs.executor(), open->file);
    fs.files.remove(info->fh);
    const LockKey key{number, info->lock_owner, true};
    if (info->flock_release != 0 && fs_of(req).locks.find(key) != nullptr)
        serve(fs_of(req), req, calling(release_locks, &fs_of(req), key));
    else
        fuse_reply_err(req, 0);
}

}  // namespace

fuse_lowlevel_ops operation_table() {
    fuse_lowlevel_ops table{};
    table.lookup = on_lookup;
    table.forget = on_forget;
    table.forget_multi = on_forget_multi;
    table.getattr = on_getattr;
    table.setattr = on_setattr;
    table.statfs = on_statfs;
    table.opendir = on_opendir;
    table.readdir = on_readdir;
    table.readdirplus = on_readdirplus;
    table.releasedir = on_releasedir;
    table.fsyncdir = on_fsyncdir;
    table.mkdir = on_mkdir;
    table.unlink = on_unlink;
    table.rmdir = on_rmdir;
    table.rename = on_rename;
    table.symlink = on_symlink;
    table.readlink = on_readlink;
    table.link = on_link;
    table.mknod = on_mknod;
    table.getxattr = on_getxattr;
    table.listxattr = on_listxattr;
    table.setxattr = on_setxattr;
    table.removexattr = on_removexattr;
    table.open = on_open;
    table.create = on_create;
    table.read = on_read;
    table.write = on_write;
    table.flush = on_flush;
    table.fsync = on_fsync;
    table.getlk = on_getlk;
    table.setlk = on_setlk;
    table.flock = on_flock;
    table.release = on_release;
    return table;
}

}  // namespace p9::fuse
