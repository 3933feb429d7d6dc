// Topen, Tlopen, Tcreate, Tlcreate.
#include "tools/p9serve/legacy.hpp"
#include "tools/p9serve/requests.hpp"

namespace p9::serve {
namespace {

u32 iounit_of(const Epoch& epoch, const OpenFile& open) {
    return open.iounit() == 0 ? epoch.max_io() : std::min(open.iounit(), epoch.max_io());
}

// While it lives, no second open of the fid begins. Ends with an exception too.
class OpeningNow {
public:
    explicit OpeningNow(FidState& fid) : fid_(fid) { fid_.opening = true; }
    ~OpeningNow() { fid_.opening = false; }
    OpeningNow(const OpeningNow&) = delete;
    OpeningNow& operator=(const OpeningNow&) = delete;

private:
    FidState& fid_;
};

// What concerns the file itself: creating is another message's affair.
OpenFlags own_flags(OpenFlags flags) { return flags & ~OpenFlags{P9_O_CREAT | P9_O_EXCL | P9_O_NOCTTY | P9_O_CLOEXEC}; }

// Tcreate's extension of a device in 9P2000.u: "b 8 1".
bool parse_device(const std::string& text, u32& mode, u32& major, u32& minor) {
    char kind = 0;
    if (std::sscanf(text.c_str(), "%c %u %u", &kind, &major, &minor) != 3 || (kind != 'b' && kind != 'c')) return false;
    mode |= kind == 'b' ? P9_S_IFBLK : P9_S_IFCHR;
    return true;
}

}  // namespace

// Opens what `fid` stands for.
awaitable<Result<Ropen>> Connection::open(Epoch& epoch, FidState& fid, OpenFlags flags) {
    if (fid.is_open()) co_return Error::from_errno(EBADF, "the fid is open already");
    const FilePtr file = fid.place->file;
    if (file->is_directory() && ((flags & P9_O_ACCMODE) != P9_O_RDONLY || (flags & P9_O_TRUNC) != 0))
        co_return Error::from_errno(EISDIR);
    if (!file->is_directory() && (flags & P9_O_DIRECTORY) != 0) co_return Error::from_errno(ENOTDIR);
    const OpeningNow now(fid);
    auto opening = file->open(own_flags(flags));
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    fid.open = *std::move(opened);
    fid.flags = flags;
    co_return Ropen{file->qid(), iounit_of(epoch, *fid.open)};
}

awaitable<Result<Ropen>> Connection::on(Epoch& epoch, const Topen& t) {
    const auto found = epoch.find(t.fid);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    auto opening = open(epoch, *fid, flags_of_mode(t.mode));
    auto opened = co_await std::move(opening);
    if (opened) fid->remove_on_clunk = (t.mode & ORCLOSE) != 0;
    co_return opened;
}

awaitable<Result<Rlopen>> Connection::on(Epoch& epoch, const Tlopen& t) {
    const auto found = epoch.find(t.fid);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    auto opening = open(epoch, *fid, t.flags);
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    co_return Rlopen{opened->qid, opened->iounit};
}

awaitable<Result<Rlcreate>> Connection::on(Epoch& epoch, const Tlcreate& t) {
    const auto found = find_directory(epoch, t.fid);
    if (!found) co_return found.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    const FidPtr& fid = *found;
    if (fid->is_open()) co_return Error::from_errno(EBADF, "the fid is open already");
    const LocationPtr directory = fid->place;
    const OpeningNow now(*fid);
    auto creating = directory->file->create(t.name, own_flags(t.flags), t.mode & P9_S_PERMISSIONS, t.gid);
    auto created = co_await std::move(creating);
    if (created) {
        const Qid qid = created->file->qid();
        fid->place = std::make_shared<Location>(std::move(created->file), directory, t.name);
        fid->open = std::move(created->open);
        fid->flags = t.flags;
        co_return Rlcreate{qid, iounit_of(epoch, *fid->open)};
    }
    if (!created.error().is_errno(EEXIST) || (t.flags & P9_O_EXCL) != 0) co_return created.error();
    // As open(2) has it without O_EXCL: what is there is opened.
    auto walking = directory->file->walk(t.name);
    auto existing = co_await std::move(walking);
    if (!existing) co_return existing.error();
    FidState there;
    there.place = std::make_shared<Location>(*std::move(existing), directory, t.name);
    auto opening = open(epoch, there, t.flags);
    auto opened = co_await std::move(opening);
    if (!opened) co_return opened.error();
    fid->place = std::move(there.place);
    fid->open = std::move(there.open);
    fid->flags = t.flags;
    co_return Rlcreate{opened->qid, opened->iounit};
}

// Makes what `perm` says, but for regular files: a directory, or what 9P2000.u's extension describes.
awaitable<Result<FilePtr>> Connection::make_special(Epoch& epoch, File& directory, const Tcreate& t) {
    const u32 mode = permissions_of(t.perm, epoch.dialect);
    if ((t.perm & DMDIR) != 0) {
        auto making = directory.mkdir(t.name, mode, NONUNAME);
        co_return co_await std::move(making);
    }
    if ((t.perm & DMSYMLINK) != 0) {
        auto making = directory.symlink(t.name, t.extension, NONUNAME);
        co_return co_await std::move(making);
    }
    if ((t.perm & DMLINK) != 0) {
        const auto existing = epoch.find(Fid{static_cast<u32>(std::strtoul(t.extension.c_str(), nullptr, 10))});
        if (!existing) co_return existing.error();
        FilePtr file = (*existing)->place->file;
        auto linking = directory.link(t.name, file);
        auto linked = co_await std::move(linking);
        if (!linked) co_return linked.error();
        co_return file;
    }
    u32 kind = mode, major = 0, minor = 0;
    if ((t.perm & DMDEVICE) != 0) {
        if (!parse_device(t.extension, kind, major, minor))
            co_return Error::from_errno(EINVAL,
                                        R"(a device wants "b MAJOR MINOR" or "c MAJOR MINOR" as its extension)");
    } else {
        kind |= (t.perm & DMNAMEDPIPE) != 0 ? P9_S_IFIFO : P9_S_IFSOCK;
    }
    auto making = directory.mknod(t.name, kind, major, minor, NONUNAME);
    co_return co_await std::move(making);
}

awaitable<Result<Rcreate>> Connection::on(Epoch& epoch, const Tcreate& t) {
    const auto found = find_directory(epoch, t.fid);
    if (!found) co_return found.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    const FidPtr& fid = *found;
    if (fid->is_open()) co_return Error::from_errno(EBADF, "the fid is open already");
    const LocationPtr directory = fid->place;
    const OpenFlags flags = flags_of_mode(t.mode);
    const bool special = (t.perm & (DMDIR | (epoch.dialect == Dialect::unix_ ? SPECIAL : 0))) != 0;
    Rcreate reply;
    std::optional<OpeningNow> now(std::in_place, *fid);
    if (special) {
        auto making = make_special(epoch, *directory->file, t);
        auto made = co_await std::move(making);
        now.reset();
        if (!made) co_return made.error();
        reply.qid = (*made)->qid();
        reply.iounit = epoch.max_io();
        fid->place = std::make_shared<Location>(*std::move(made), directory, t.name);
        if ((t.perm & DMDIR) != 0) {
            auto opening = open(epoch, *fid, P9_O_RDONLY);
            auto opened = co_await std::move(opening);
            if (!opened) co_return opened.error();
        }
    } else {
        auto creating = directory->file->create(t.name, flags, permissions_of(t.perm, epoch.dialect), NONUNAME);
        auto created = co_await std::move(creating);
        if (!created) co_return created.error();
        reply.qid = created->file->qid();
        reply.iounit = iounit_of(epoch, *created->open);
        fid->place = std::make_shared<Location>(std::move(created->file), directory, t.name);
        fid->open = std::move(created->open);
        fid->flags = flags;
    }
    fid->remove_on_clunk = (t.mode & ORCLOSE) != 0;
    co_return reply;
}

}  // namespace p9::serve
