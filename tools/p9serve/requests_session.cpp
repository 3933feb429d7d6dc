// Tauth, Tattach, Tclunk, Tstatfs.
#include "tools/p9serve/requests.hpp"

namespace p9::serve {

awaitable<Result<Rauth>> Connection::on(Epoch&, const Tauth&) {
    // ENOENT, because diod's tools go on without authentication after that error only.
    co_return Error::from_errno(ENOENT, "no authentication is needed");
}

awaitable<Result<Rattach>> Connection::on(Epoch& epoch, const Tattach& t) {
    if (t.afid != NOFID) co_return Error::from_errno(EBADF, "no authentication is needed: attach with afid NOFID");
    auto fid = epoch.reserve(t.fid);
    if (!fid) co_return fid.error();
    // A connection that was made for one user is his, whatever it says.
    User user{only_user_.empty() ? t.uname : only_user_, t.n_uname, epoch.dialect, !only_user_.empty()};
    auto attaching = context_.filesystem.attach(user, t.aname);
    auto root = co_await std::move(attaching);
    if (!root) {
        epoch.fids.erase(t.fid);
        co_return root.error();
    }
    const Qid qid = (*root)->qid();
    (*fid)->place = std::make_shared<Location>(*std::move(root), nullptr, std::string());
    (*fid)->user = std::move(user);
    co_return Rattach{qid};
}

awaitable<Result<Rclunk>> Connection::on(Epoch& epoch, const Tclunk& t) {
    const auto found = epoch.find(t.fid);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    epoch.fids.erase(t.fid);
    if (fid->xattr && fid->xattr->writing) {
        auto setting = finish_xattr(fid->place->file, *fid->xattr);
        auto set = co_await std::move(setting);
        if (!set) co_return set.error();
    }
    fid->open.reset();
    if (fid->remove_on_clunk) {
        auto removing = remove(*fid->place);
        auto removed = co_await std::move(removing);
        if (!removed) co_return removed.error();
    }
    co_return Rclunk{};
}

awaitable<Result<Rstatfs>> Connection::on(Epoch& epoch, const Tstatfs& t) {
    const auto fid = epoch.find(t.fid);
    if (!fid) co_return fid.error();
    const FilePtr file = (*fid)->place->file;
    auto asking = file->statfs();
    co_return co_await std::move(asking);
}

}  // namespace p9::serve
