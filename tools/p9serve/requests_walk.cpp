// Twalk.
#include "tools/p9serve/requests.hpp"

namespace p9::serve {

awaitable<Result<Rwalk>> Connection::on(Epoch& epoch, const Twalk& t) {
    const auto from = epoch.find(t.fid);
    if (!from) co_return from.error();
    const FidPtr& origin = *from;
    // walk(5) wants no walk from an open fid, but diodls does it; only the fid itself cannot be moved then.
    const bool in_place = t.newfid == t.fid;
    if (in_place && origin->is_open())
        co_return Error::from_errno(EBADF, "fid " + std::to_string(number(t.fid)) + " is open");
    FidPtr target;
    if (!in_place) {
        auto reserved = epoch.reserve(t.newfid);
        if (!reserved) co_return reserved.error();
        target = *std::move(reserved);
    }

    Rwalk reply;
    LocationPtr place = origin->place;
    std::optional<Error> stopped;
    for (const std::string& name : t.wname) {
        if (name == "..") {
            // ".." of the root is the root; it never leaves what was attached.
            if (place->parent) place = place->parent;
        } else if (const auto bad = bad_name(name)) {
            stopped = *bad;
        } else {
            auto walking = place->file->walk(name);
            auto next = co_await std::move(walking);
            if (next)
                place = std::make_shared<Location>(*std::move(next), place, name);
            else
                stopped = next.error();
        }
        if (stopped) break;
        reply.wqid.push_back(place->file->qid());
    }

    if (stopped) {
        // walk(5): an error only if nothing was walked; else the names that were, and no fid.
        if (!in_place) epoch.fids.erase(t.newfid);
        if (reply.wqid.empty()) co_return *std::move(stopped);
        co_return reply;
    }
    if (in_place) {
        if (origin->is_open()) co_return Error::from_errno(EBADF, "the fid was opened meanwhile");
        origin->place = std::move(place);
    } else {
        target->user = origin->user;
        target->place = std::move(place);
    }
    co_return reply;
}

}  // namespace p9::serve
