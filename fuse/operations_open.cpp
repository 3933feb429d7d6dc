#include "fuse/callbacks.hpp"
#include "fuse/operation_table.hpp"
#include "fuse/quick_change.hpp"
#include "fuse/quick_create.hpp"
#include "fuse/quick_read.hpp"

#include "p9/trace.hpp"

#include <sys/file.h>

#include <cerrno>

namespace p9::fuse {
namespace {

void on_open(fuse_req_t req, fuse_ino_t number, fuse_file_info* info) {
    FileSystem& fs = fs_of(req);
    auto opening =
        after(fs, written_behind(fs, number), calling(open_file, &fs, number, info->flags, keeps_set_id(req)));
    if ((info->flags & O_TRUNC) != 0)
        serve_change(fs, req, std::move(opening));
    else
        serve(fs, req, std::move(opening));
}

void on_create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* info) {
    FileSystem& fs = fs_of(req);
    const u32 permissions = mode & P9_S_PERMISSIONS;
    const InodePtr written = written_behind(fs, parent, name);
    if (!written && create_quickly(fs, req, parent, name, info->flags, permissions, gid_of(req))) return;
    serve_once(fs, req, "create " + escaped(name),
               after(fs, written, calling(create_file, &fs, parent, name, info->flags, permissions, gid_of(req))));
}

void on_read(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset, fuse_file_info* info) {
    FileSystem* const fs = &fs_of(req);
    const InodePtr written = written_behind(*fs, number);
    if (!written && read_quickly(*fs, req, info->fh, static_cast<u64>(offset), size)) return;
    // A read that waits for an event may wait for ever.
    const auto open = fs->files.find(info->fh);
    const bool waits = open && open->is_synthetic();
    auto reading = calling(read_file, fs, info->fh, static_cast<u64>(offset), size, std::shared_ptr<Payload>());
    serve(*fs, req, after(*fs, written, std::move(reading)),
          waits ? Interruptible::at_once : Interruptible::after_a_moment);
}

void on_write(fuse_req_t req, fuse_ino_t, const char* data, size_t size, off_t offset, fuse_file_info* info) {
    FileSystem* const fs = &fs_of(req);
    fs->privilege_question = {};  // it was this write's
    const auto open = fs->files.find(info->fh);
    if (!open) return void(fuse_reply_err(req, EBADF));
    if (open->late_errno != 0 && info->writepage == 0)
        return void(fuse_reply_err(req, std::exchange(open->late_errno, 0)));
    WriteManner how;
    how.page = info->writepage != 0;
    how.keeps_set_id = keeps_set_id(req);
    how.behind = !how.page && WriteBehind::takes(*fs, *open, static_cast<u64>(offset), info->flags);
    if (!how.page) open->writes_end = static_cast<u64>(offset) + size;
    auto held = fs->write_buffers.keep(data, size);
    auto request = write_quickly(*fs, req, open, static_cast<u64>(offset), held, how);
    if (!request) {
        const InodePtr written = how.behind || open->inode->writes_behind == 0 ? nullptr : open->inode;
        auto writing = [fs, open, offset, kept_data = std::move(held), how] {
            return write_file(fs, open, static_cast<u64>(offset), kept_data.bytes, how);
        };
        if (open->may_repeat_write(how.page))
            request = serve_change(*fs, req, after(*fs, written, std::move(writing)));
        else
            request = serve_once(*fs, req, "write", after(*fs, written, std::move(writing)));
    }
    if (how.behind) fs->write_behind.add(request, open, static_cast<u64>(offset), size);
}

// close(2): a process's locks on a file all go with any of its descriptors (fcntl(2)).
void on_flush(fuse_req_t req, fuse_ino_t number, fuse_file_info* info) {
    FileSystem& fs = fs_of(req);
    const LockKey key{number, info->lock_owner, false};
    const auto open = fs.files.find(info->fh);
    const bool written = !open || open->inode->writes_behind == 0;
    if (written && fs.locks.find(key) == nullptr)
        fuse_reply_err(req, open ? open->late_errno : 0);
    else
        serve(fs, req, calling(flush_file, &fs, open, key));
}

LockRequest lock_request(fuse_req_t req, const fuse_file_info& info, const struct flock& lock) {
    return {to_range(lock), info.lock_owner, static_cast<u32>(fuse_req_ctx(req)->pid)};
}

// Who gets a lock next, here or anywhere, is to find what was written under it.
void serve_lock(fuse_req_t req, fuse_ino_t number, const fuse_file_info& info, const LockRequest& request) {
    FileSystem& fs = fs_of(req);
    serve(fs, req, after(fs, written_behind(fs, number), calling(set_lock, &fs, info.fh, request)),
          Interruptible::at_once);
}

void on_getlk(fuse_req_t req, fuse_ino_t, fuse_file_info* info, struct flock* lock) {
    serve(fs_of(req), req, calling(get_lock, &fs_of(req), info->fh, lock_request(req, *info, *lock)));
}

void on_setlk(fuse_req_t req, fuse_ino_t number, fuse_file_info* info, struct flock* lock, int sleep) {
    LockRequest request = lock_request(req, *info, *lock);
    request.wait = sleep != 0;
    serve_lock(req, number, *info, request);
}

void on_flock(fuse_req_t req, fuse_ino_t number, fuse_file_info* info, int operation) {
    const int kind = operation & ~LOCK_NB;
    const LockType type = kind == LOCK_SH ? LockType::read : kind == LOCK_EX ? LockType::write : LockType::unlock;
    LockRequest request{{type, 0, 0}, info->lock_owner};
    request.wait = (operation & LOCK_NB) == 0;
    request.flock = true;
    serve_lock(req, number, *info, request);
}

void on_fsync(fuse_req_t req, fuse_ino_t number, int datasync, fuse_file_info* info) {
    FileSystem& fs = fs_of(req);
    serve(fs, req, after(fs, written_behind(fs, number), calling(sync_file, &fs, info->fh, datasync != 0)));
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

void add_open_file_operations(fuse_lowlevel_ops& table) {
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
}

}  // namespace p9::fuse
