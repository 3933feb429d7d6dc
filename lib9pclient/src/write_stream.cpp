#include "dialect.hpp"

#include <cerrno>
#include <deque>

namespace p9 {

struct WriteStream::State {
    struct Piece {
        u64 offset;
        std::shared_ptr<const Payload> whole;  // that the bytes are part of
        Bytes bytes;
        Call<Twrite> call;
        Piece(const File& file, u64 at, std::shared_ptr<const Payload> owner, Bytes part)
            : offset(at),
              whole(std::move(owner)),
              bytes(part),
              call(file.node().session(), Twrite{file.node().fid(), at, Payload(part)}) {}
    };

    const File& file;
    u64 next;
    std::size_t in_flight = 0;  // bytes
    std::deque<Piece> pieces;   // in order of offset

    /// Waits for the answer to the first piece.
    awaitable<Result<void>> settle_first() {
        auto reply = co_await pieces.front().call.reply();
        if (!reply) co_return reply.error();
        Piece& first = pieces.front();
        const u64 at = first.offset + reply->count;
        const Bytes rest = first.bytes.subspan(reply->count);
        const auto whole = std::move(first.whole);
        pieces.pop_front();
        in_flight -= reply->count;
        if (rest.empty()) co_return boost::system::in_place_value;
        if (reply->count == 0) co_return Error::from_errno(EIO, "the server took none of the bytes of a write");
        pieces.emplace_front(file, at, whole, rest);
        co_return boost::system::in_place_value;
    }
};

WriteStream::WriteStream(const File& file, u64 offset) : state_(new State{file, offset, 0, {}}) {}
WriteStream::~WriteStream() = default;
WriteStream::WriteStream(WriteStream&&) noexcept = default;

awaitable<Result<void>> WriteStream::write(Payload data) {
    State& s = *state_;
    const auto whole = std::make_shared<const Payload>(std::move(data));
    for (Bytes rest = whole->bytes; !rest.empty();) {
        const Bytes part = rest.first(std::min<std::size_t>(rest.size(), s.file.max_io()));
        while (!s.pieces.empty() && (s.in_flight + part.size() > WINDOW || s.pieces.size() >= MAX_IN_FLIGHT)) {
            auto settled = co_await s.settle_first();
            if (!settled) co_return settled;
        }
        s.pieces.emplace_back(s.file, s.next, whole, part);
        s.next += part.size();
        s.in_flight += part.size();
        rest = rest.subspan(part.size());
    }
    // What has been answered meanwhile need not be held any longer, and an error need not wait.
    while (!s.pieces.empty() && s.pieces.front().call.done()) {
        auto settled = co_await s.settle_first();
        if (!settled) co_return settled;
    }
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> WriteStream::finish() {
    State& s = *state_;
    while (!s.pieces.empty()) {
        auto settled = co_await s.settle_first();
        if (!settled) co_return settled;
    }
    co_return boost::system::in_place_value;
}

}  // namespace p9
