#include "fuse/operation_table.hpp"

#include "fuse/callbacks.hpp"
#include "fuse/quick_change.hpp"
#include "fuse/status.hpp"

#include "p9/trace.hpp"

#include <cerrno>

namespace p9::fuse {
namespace {

void on_lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
    FileSystem& fs = fs_of(req);
    serve(fs, req, after(fs, written_behind(fs, parent, name), calling(look_up_or_not, &fs, parent, name)));
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
    FileSystem& fs = fs_of(req);
    serve(fs, req, after(fs, written_behind(fs, number), calling(get_attributes, &fs, number, handle_of(info))));
}

void on_setattr(fuse_req_t req, fuse_ino_t number, struct stat* wanted, int mask, fuse_file_info* info) {
    const bool resizes = (mask & FUSE_SET_ATTR_SIZE) != 0;
    const SetAttributes change{to_change(*wanted, mask), handle_of(info)};
    FileSystem& fs = fs_of(req);
    const InodePtr written = written_behind(fs, number);
    if (!written && change_quickly(fs, req, number, change)) return;
    auto changing = after(fs, written, calling(set_attributes, &fs, number, change));
    if (resizes)  // somebody else may have written to the end in the meantime
        serve_once(fs, req, "truncate", std::move(changing));
    else
        serve_change(fs, req, std::move(changing));
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
    FileSystem& fs = fs_of(req);
    serve_once(fs, req, "unlink " + escaped(name),
               after(fs, written_behind(fs, parent, name), calling(remove, &fs, parent, name, false)));
}

void on_rmdir(fuse_req_t req, fuse_ino_t parent, const char* name) {
    serve_once(fs_of(req), req, "rmdir " + escaped(name), calling(remove, &fs_of(req), parent, name, true));
}

void on_rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t new_parent, const char* new_name,
               unsigned flags) {
    FileSystem& fs = fs_of(req);
    auto renaming = calling(rename, &fs, parent, name, new_parent, new_name, flags);
    auto replacing = after(fs, written_behind(fs, new_parent, new_name), std::move(renaming));
    serve_once(fs, req, "rename " + escaped(name), after(fs, written_behind(fs, parent, name), std::move(replacing)));
}

void on_symlink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
    serve_once(fs_of(req), req, "symlink " + escaped(name),
               calling(make_symlink, &fs_of(req), parent, name, target, gid_of(req)));
}

void on_readlink(fuse_req_t req, fuse_ino_t number) { serve(fs_of(req), req, calling(read_link, &fs_of(req), number)); }

void on_link(fuse_req_t req, fuse_ino_t number, fuse_ino_t new_parent, const char* new_name) {
    FileSystem& fs = fs_of(req);
    serve_once(fs, req, "link " + escaped(new_name),
               after(fs, written_behind(fs, number), calling(make_link, &fs, number, new_parent, new_name)));
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
    add_open_file_operations(table);
    return table;
}

}  // namespace p9::fuse
