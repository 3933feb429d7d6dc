// Tmkdir, Tsymlink, Tmknod, Tlink, Trename, Trenameat, Tremove, Tunlinkat.
#include "tools/p9serve/requests.hpp"

namespace p9::serve {

awaitable<Result<Rmkdir>> Connection::on(Epoch& epoch, const Tmkdir& t) {
    const auto fid = find_directory(epoch, t.dfid);
    if (!fid) co_return fid.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    const FilePtr directory = (*fid)->place->file;
    auto making = directory->mkdir(t.name, t.mode & P9_S_PERMISSIONS, t.gid);
    const auto made = co_await std::move(making);
    if (!made) co_return made.error();
    co_return Rmkdir{(*made)->qid()};
}

awaitable<Result<Rsymlink>> Connection::on(Epoch& epoch, const Tsymlink& t) {
    const auto fid = find_directory(epoch, t.fid);
    if (!fid) co_return fid.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    const FilePtr directory = (*fid)->place->file;
    auto making = directory->symlink(t.name, t.symtgt, t.gid);
    const auto made = co_await std::move(making);
    if (!made) co_return made.error();
    co_return Rsymlink{(*made)->qid()};
}

awaitable<Result<Rmknod>> Connection::on(Epoch& epoch, const Tmknod& t) {
    const auto fid = find_directory(epoch, t.dfid);
    if (!fid) co_return fid.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    const FilePtr directory = (*fid)->place->file;
    auto making = directory->mknod(t.name, t.mode, t.major, t.minor, t.gid);
    const auto made = co_await std::move(making);
    if (!made) co_return made.error();
    co_return Rmknod{(*made)->qid()};
}

awaitable<Result<Rlink>> Connection::on(Epoch& epoch, const Tlink& t) {
    const auto fid = find_directory(epoch, t.dfid);
    if (!fid) co_return fid.error();
    const auto existing = epoch.find(t.fid);
    if (!existing) co_return existing.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    const FilePtr directory = (*fid)->place->file;
    FilePtr file = (*existing)->place->file;
    auto linking = directory->link(t.name, std::move(file));
    const auto done = co_await std::move(linking);
    if (!done) co_return done.error();
    co_return Rlink{};
}

// Moves a name, and what is known of it.
awaitable<Result<void>> Connection::move(Epoch& epoch, LocationPtr from, std::string name, LocationPtr to,
                                         std::string new_name) {
    if (const auto bad = bad_name(name)) co_return *bad;
    if (const auto bad = bad_name(new_name)) co_return *bad;
    auto moving = from->file->rename(name, to->file, new_name);
    const auto done = co_await std::move(moving);
    if (done) epoch.moved(*from->file, name, to, new_name);
    co_return done;
}

awaitable<Result<Rrename>> Connection::on(Epoch& epoch, const Trename& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    const auto directory = find_directory(epoch, t.dfid);
    if (!directory) co_return directory.error();
    const LocationPtr place = (*fid)->place;
    if (!place->parent) co_return Error::from_errno(EBUSY, "the root cannot be renamed");
    auto moving = move(epoch, place->parent, place->name, (*directory)->place, t.name);
    const auto done = co_await std::move(moving);
    if (!done) co_return done.error();
    co_return Rrename{};
}

awaitable<Result<Rrenameat>> Connection::on(Epoch& epoch, const Trenameat& t) {
    const auto from = find_directory(epoch, t.olddirfid);
    if (!from) co_return from.error();
    const auto to = find_directory(epoch, t.newdirfid);
    if (!to) co_return to.error();
    auto moving = move(epoch, (*from)->place, t.oldname, (*to)->place, t.newname);
    const auto done = co_await std::move(moving);
    if (!done) co_return done.error();
    co_return Rrenameat{};
}

// Removes what a fid stands for, if its name still stands for the same file.
awaitable<Result<void>> Connection::remove(const Location& place) {
    if (!place.parent) co_return Error::from_errno(EBUSY, "the root cannot be removed");
    const FilePtr directory = place.parent->file;
    const std::string name = place.name;
    const Qid qid = place.file->qid();
    auto looking = directory->walk(name);
    const auto there = co_await std::move(looking);
    if (!there) co_return there.error();
    if ((*there)->qid().path != qid.path)
        co_return Error::from_errno(ENOENT, "\"" + escaped(name) + "\" is another file now");
    auto removing = directory->unlink(name, (qid.type & QTDIR) != 0);
    co_return co_await std::move(removing);
}

awaitable<Result<Rremove>> Connection::on(Epoch& epoch, const Tremove& t) {
    const auto found = epoch.find(t.fid);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    epoch.fids.erase(t.fid);  // whatever comes of it (remove(5))
    auto removing = remove(*fid->place);
    const auto done = co_await std::move(removing);
    if (!done) co_return done.error();
    co_return Rremove{};
}

awaitable<Result<Runlinkat>> Connection::on(Epoch& epoch, const Tunlinkat& t) {
    const auto fid = find_directory(epoch, t.dirfid);
    if (!fid) co_return fid.error();
    if (const auto bad = bad_name(t.name)) co_return *bad;
    if ((t.flags & ~P9_AT_REMOVEDIR) != 0) co_return Error::from_errno(EINVAL, "Tunlinkat knows the flag 0x200 only");
    const FilePtr directory = (*fid)->place->file;
    auto removing = directory->unlink(t.name, (t.flags & P9_AT_REMOVEDIR) != 0);
    const auto done = co_await std::move(removing);
    if (!done) co_return done.error();
    co_return Runlinkat{};
}

}  // namespace p9::serve
