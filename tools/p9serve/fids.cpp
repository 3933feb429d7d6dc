#include "tools/p9serve/fids.hpp"

#include <cerrno>

namespace p9::serve {

// One after the other: a client can walk deeper than the stack is.
Location::~Location() {
    auto next = std::move(parent);
    while (next && next.use_count() == 1) {
        auto above = std::move(next->parent);
        next = std::move(above);
    }
}

namespace {

bool leads_through(const Location* place, const Location* above) {
    for (; place != nullptr; place = place->parent.get())
        if (place == above) return true;
    return false;
}

}  // namespace

Result<FidPtr> Epoch::find(Fid fid) const {
    const auto found = fids.find(fid);
    if (found == fids.end() || !found->second->place)
        return Error::from_errno(EBADF, "unknown fid " + std::to_string(number(fid)));
    return found->second;
}

Result<FidPtr> Epoch::reserve(Fid fid) {
    if (fid == NOFID) return Error::from_errno(EBADF, "NOFID cannot be made a fid");
    if (fids.size() >= max_fids)
        return Error::from_errno(EMFILE, "too many fids: at most " + std::to_string(max_fids) + " a connection");
    const auto [at, made] = fids.try_emplace(fid);
    if (!made) return Error::from_errno(EBADF, "fid " + std::to_string(number(fid)) + " is in use");
    at->second = std::make_shared<FidState>();
    return at->second;
}

void Epoch::moved(const File& directory, const std::string& name, const LocationPtr& new_directory,
                  const std::string& new_name) {
    const u64 path = directory.qid().path;
    for (const auto& [fid, state] : fids) {
        Location* const place = state->place.get();
        if (place == nullptr || !place->parent || place->name != name) continue;
        if (place->parent->file->qid().path != path) continue;
        // What others moved is not known here, so the new directory may seem to be below the place itself. A ring of
        // places would never go, nor the descriptors in it; so that place stays as it was, and its name leads nowhere.
        if (leads_through(new_directory.get(), place)) continue;
        place->parent = new_directory;
        place->name = new_name;
    }
}

}  // namespace p9::serve
