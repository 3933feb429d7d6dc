// Txattrwalk, Txattrcreate, and the end of the latter at Tclunk.
#include "tools/p9serve/requests.hpp"

namespace p9::serve {
namespace {

constexpr u64 LARGEST_XATTR = 64 << 10;  // Linux's XATTR_SIZE_MAX
constexpr std::size_t MOST_AT_A_TIME = 1000;
constexpr u32 REPLACE = 2;  // Linux's XATTR_REPLACE

Error too_many() { return Error::from_errno(EMFILE, "too many extended attributes are being read or written"); }

}  // namespace

awaitable<Result<Rxattrwalk>> Connection::on(Epoch& epoch, const Txattrwalk& t) {
    const auto from = epoch.find(t.fid);
    if (!from) co_return from.error();
    const FidPtr& origin = *from;
    // Into a value of its own first: newfid may be fid.
    const FilePtr file = origin->place->file;
    auto asking = t.name.empty() ? file->xattr_names() : file->xattr(t.name);
    auto value = co_await std::move(asking);
    if (!value) co_return value.error();
    if (*epoch.xattrs >= MOST_AT_A_TIME) co_return too_many();
    const u64 size = value->size();
    auto transfer = std::make_unique<XattrTransfer>(epoch.xattrs);
    transfer->value = *std::move(value);
    if (t.newfid == t.fid) {
        if (origin->is_open()) co_return Error::from_errno(EBADF, "the fid is open");
        origin->xattr = std::move(transfer);
    } else {
        auto made = epoch.reserve(t.newfid);
        if (!made) co_return made.error();
        (*made)->place = origin->place;
        (*made)->user = origin->user;
        (*made)->xattr = std::move(transfer);
    }
    co_return Rxattrwalk{size};
}

awaitable<Result<Rxattrcreate>> Connection::on(Epoch& epoch, const Txattrcreate& t) {
    const auto found = epoch.find(t.fid);
    if (!found) co_return found.error();
    const FidPtr& fid = *found;
    if (fid->is_open()) co_return Error::from_errno(EBADF, "the fid is open");
    if (t.name.empty() || t.name.size() > 255)
        co_return Error::from_errno(ERANGE, "the attribute's name is too short or long");
    if (t.attr_size > LARGEST_XATTR) co_return Error::from_errno(E2BIG, "an attribute has at most 65536 bytes");
    if (*epoch.xattrs >= MOST_AT_A_TIME) co_return too_many();
    auto transfer = std::make_unique<XattrTransfer>(epoch.xattrs);
    transfer->writing = true;
    transfer->name = t.name;
    transfer->size = t.attr_size;
    transfer->flags = t.flags;
    fid->xattr = std::move(transfer);
    co_return Rxattrcreate{};
}

// Sets the value that was written. Without a value XATTR_REPLACE means removal: Linux's client says it so.
awaitable<Result<void>> Connection::finish_xattr(FilePtr file, const XattrTransfer& xattr) {
    if (xattr.value.size() != xattr.size)
        co_return Error::from_errno(EINVAL, "the value is shorter than was announced");
    auto setting = xattr.size == 0 && xattr.flags == REPLACE ? file->remove_xattr(xattr.name)
                                                             : file->set_xattr(xattr.name, xattr.value, xattr.flags);
    co_return co_await std::move(setting);
}

}  // namespace p9::serve
