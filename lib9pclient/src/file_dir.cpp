#include "dialect.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

namespace p9 {

struct Directory::State {
    Node node;
    u32 count;                        // bytes of one request
    std::unique_ptr<DataCall> ahead;  // the read at `ahead_at`, under way
    u64 ahead_at = 0;
    u64 reached = 0;   // how far has been read; before 9P2000.L the only cookie beside 0 that the server takes
    u64 landmark = 0;  // a cookie that was passed, a later one now and then (Brent's way to find a loop)
    u64 batches = 0;   // since the reading began at some cookie
    u64 listed = 0;    // names of all of them

    DialectOperations& operations() { return node.session().operations(); }
    /// Why `batch`, read at `at`, is not to be believed: a server can go round in its cookies, or on for ever.
    std::optional<Error> endless(const DirectoryBatch& batch, u64 at) {
        if (at == 0 || at != reached) {
            batches = listed = 0;
            landmark = at;
        }
        if (batch.end) return std::nullopt;
        if (batch.next == landmark || batch.next == 0)
            return Error(errc::protocol_violation, "Rreaddir at offset " + std::to_string(at) +
                                                       " leads back to offset " + std::to_string(batch.next) +
                                                       ", where the reading has been");
        if (std::has_single_bit(++batches)) landmark = batch.next;
        // An answer may hold nothing but "." or "..".
        listed += std::max<std::size_t>(batch.entries.size() + batch.refused.size(), 1);
        if (listed > MAX_DIRECTORY)
            return Error::from_errno(EFBIG,
                                     "the directory has more than " + std::to_string(MAX_DIRECTORY) + " entries");
        return std::nullopt;
    }
    void start(u64 at) {
        ahead = operations().start_readdir(node.fid(), at, count);
        ahead_at = at;
    }
};

Directory::Directory() = default;
Directory::~Directory() = default;
Directory::Directory(Directory&&) noexcept = default;
Directory& Directory::operator=(Directory&&) noexcept = default;
const Node& Directory::node() const { return state_->node; }

awaitable<Result<Directory>> Directory::open(Node node) {
    auto work = File::open(std::move(node), P9_O_RDONLY | P9_O_DIRECTORY);
    auto file = co_await std::move(work);
    if (!file) co_return file.error();
    if ((file->node().qid().type & QTDIR) == 0) {
        // Before 9P2000.L a plain file opens just as well, and its bytes are no entries. Not every qid tells.
        auto asking = file->node().attributes(GETATTR_MODE);
        const auto attributes = co_await std::move(asking);
        if (attributes && !attributes->is_directory()) co_return Error::from_errno(ENOTDIR);
    }
    Directory directory;
    // read(5): entries are never split, so a small iounit must not be cut further.
    const u32 count = file->max_io();
    directory.state_ = std::make_unique<State>(State{std::move(file->node()), count, {}, 0, 0});
    directory.state_->start(0);
    co_return directory;
}

awaitable<Result<DirectoryBatch>> Directory::read(u64 at) {
    State& s = *state_;
    if (!s.operations().cookies_are_seekable() && at != 0 && at != s.reached)
        co_return Error::from_errno(EINVAL, "a directory can only be read on from where the last read ended");
    if (s.ahead == nullptr || s.ahead_at != at) s.start(at);
    const auto call = std::move(s.ahead);
    auto data = co_await call->data();
    if (!data) co_return data.error();
    auto batch = s.operations().entries(data->bytes, at);
    std::optional<Error> wrong;
    if (!batch)
        wrong = batch.error();
    else
        wrong = s.endless(*batch, at);
    if (wrong) {
        if (wrong->code == make_error_code(errc::protocol_violation)) s.node.session().abort(*wrong);
        co_return *wrong;
    }
    s.reached = batch->next;
    if (!batch->end) s.start(batch->next);
    co_return std::move(*batch);
}

awaitable<Result<DirectoryBatch>> Directory::read_all(std::size_t limit) {
    DirectoryBatch all;
    while (!all.end) {
        auto batch = co_await read(all.next);
        if (!batch) co_return batch.error();
        std::ranges::move(batch->entries, std::back_inserter(all.entries));
        std::ranges::move(batch->refused, std::back_inserter(all.refused));
        all.next = batch->next;
        all.end = batch->end;
        if (all.entries.size() + all.refused.size() > limit)
            co_return Error::from_errno(EFBIG, "the directory has more than " + std::to_string(limit) + " entries");
    }
    co_return all;
}

}  // namespace p9
