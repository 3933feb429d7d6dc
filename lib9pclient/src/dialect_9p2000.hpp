// 9P2000: stat and wstat, Tcreate for everything; and what 9P2000.u builds upon.
#pragma once

#include "dialect.hpp"

namespace p9 {

class Plan9Operations : public DialectOperations {
public:
    using DialectOperations::DialectOperations;

    awaitable<Result<Opened>> open(Fid fid, OpenFlags flags) override;
    awaitable<Result<Opened>> create(Fid directory, std::string name, OpenFlags flags, u32 mode, u32 gid) override;
    awaitable<Result<Attributes>> attributes(Fid fid, u64 mask) override;
    awaitable<Result<void>> change(Fid fid, AttributeChange change) override;
    awaitable<Result<StatFs>> statfs(Fid fid) override;
    awaitable<Result<std::string>> readlink(Fid fid) override;
    awaitable<Result<void>> fsync(Fid fid, bool datasync) override;
    awaitable<Result<void>> mkdir(const Node& directory, std::string name, u32 mode, u32 gid) override;
    awaitable<Result<void>> symlink(const Node& directory, std::string name, std::string target, u32 gid) override;
    awaitable<Result<void>> mknod(const Node& directory, std::string name, u32 mode, u32 major, u32 minor,
                                  u32 gid) override;
    awaitable<Result<void>> link(const Node& directory, std::string name, Fid existing) override;
    awaitable<Result<void>> rename(const Node& directory, std::string name, const Node& new_directory,
                                   std::string new_name) override;
    awaitable<Result<void>> unlink(const Node& directory, std::string name, bool is_directory) override;
    bool cookies_are_seekable() const override { return false; }
    std::unique_ptr<DataCall> start_readdir(Fid fid, u64 cookie, u32 count) override;
    Result<DirectoryBatch> entries(Bytes data, u64 cookie) override;

protected:
    static u8 open_mode(OpenFlags flags);
    /// The bits of Stat::mode that stand for permissions.
    virtual u32 permission_bits() const { return 0777; }
    /// Stat::mode's form of the permission bits of a mode.
    virtual u32 permissions(u32 mode) const { return mode & 0777; }
    virtual Attributes translate(const Stat& stat) const;
    /// Notes a change of owners in `stat`, or says why that cannot be.
    virtual std::optional<Error> set_owner(Stat& stat, const AttributeChange& change) const;

    awaitable<Result<void>> wstat(Fid fid, Stat stat);
    /// Tcreate over a spare fid, which is clunked.
    awaitable<Result<void>> create_special(const Node& directory, std::string name, u32 perm, std::string extension);
};

}  // namespace p9
