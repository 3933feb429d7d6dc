// Any requests to p9serve's engine with a tree in memory: it answers each at most once, with what belongs to the
// request, and nothing is left when the connection has ended.
//
// The input: a dialect, then messages, each a length and that many bytes from its type on. A version exchange, an
// attach of fid 0 and a few files go before them.
#include "tools/p9serve/connection.hpp"
#include "tools/p9serve/memory.hpp"

#include "fuzz/require.hpp"
#include "unit/messages_filled.hpp"

#include <boost/asio/io_context.hpp>

#include <deque>
#include <map>

using namespace p9;

namespace {

/// Gives the engine the input's frames, and looks at what it answers.
class Script final : public Transport {
public:
    Script(boost::asio::any_io_executor executor, std::vector<ByteVector> frames, Dialect dialect)
        : executor_(std::move(executor)), frames_(std::move(frames)), dialect_(dialect) {}

    boost::asio::any_io_executor executor() override { return executor_; }
    awaitable<Result<Frame>> receive() override {
        if (closed_ || next_ == frames_.size()) co_return Error(errc::connection_lost);
        current_ = Buffer::copy_of(frames_[next_++]);  // the last one is gone, so that misuse shows
        const Header header = header_of(current_);
        if (header.type == Tversion::type) conversations_.emplace_back();
        conversations_.back()[header.tag].push_back(header.type);
        co_return Frame(Bytes(current_));
    }
    awaitable<Result<void>> send(Bytes messages) override {
        while (!messages.empty()) {
            const Header header = header_of(messages);
            fuzz::require(header.size >= HEADER_SIZE && header.size <= messages.size(), "replies are whole");
            fuzz::require(header.size <= std::max(msize_, 512u), "a reply is no larger than msize");
            check(messages.first(header.size), header);
            messages = messages.subspan(header.size);
        }
        co_return boost::system::in_place_value;
    }
    bool ready() const override { return next_ % 3 != 0 && next_ < frames_.size(); }
    void max_message(u32) override {}
    void close() override { closed_ = true; }
    std::string peer() const override { return "fuzz"; }

private:
    void check(Bytes frame, const Header& header) {
        // What was answered before Tversion was seen may still leave before Rversion, and never after it.
        if (header.type == Rversion::type && conversations_.size() > 1) conversations_.pop_front();
        const auto asked = conversations_.front().find(header.tag);
        fuzz::require(asked != conversations_.front().end() && !asked->second.empty(), "a reply has a request");
        const bool error = header.type == Rerror::type || header.type == Rlerror::type;
        const u8 type = asked->second.front();
        fuzz::require(error || header.type == type + 1, "a reply fits its request");
        asked->second.erase(asked->second.begin());
        if (header.type == Rversion::type) {
            const auto version = decode<Rversion>(body_of(frame), dialect_);
            fuzz::require(version.has_value(), "Rversion decodes");
            const auto agreed = dialect_of(version->version);
            dialect_ = agreed.value_or(Dialect::base);  // in which the engine refuses what comes without a version
            if (agreed) msize_ = version->msize;
            return;
        }
        bool decoded = false;
        with_message(Messages{}, header.type, [&]<class M>() {
            decoded = decode<M>(body_of(frame), error ? error_dialect(header.type) : dialect_).has_value();
        });
        fuzz::require(decoded, "a reply decodes");
    }
    Dialect error_dialect(u8 type) const { return type == Rlerror::type ? Dialect::linux_ : dialect_; }

    boost::asio::any_io_executor executor_;
    std::vector<ByteVector> frames_;
    std::size_t next_ = 0;
    Buffer current_;
    Dialect dialect_;
    u32 msize_ = 8192;
    bool closed_ = false;
    using Requests = std::map<Tag, std::vector<u8>>;  // their types
    std::deque<Requests> conversations_{1};           // those whose end the client has not seen
};

template <class T>
void add(std::vector<ByteVector>& frames, Tag tag, const T& request, Dialect dialect) {
    if (!encode(frames.emplace_back(), tag, request, dialect)) frames.pop_back();
}

std::vector<ByteVector> frames_of(Bytes input, Dialect dialect) {
    std::vector<ByteVector> frames;
    add(frames, NOTAG, Tversion{8192, std::string(version_string(dialect))}, dialect);
    add(frames, Tag{0}, Tattach{Fid{0}, NOFID, "fuzz", "", 0}, dialect);
    for (const u32 fid : {1u, 2u}) {
        add(frames, Tag{0}, Twalk{Fid{0}, Fid{fid}, {}}, dialect);
        if (dialect == Dialect::linux_)
            add(frames, Tag{0}, Tlcreate{Fid{fid}, "file" + std::to_string(fid), P9_O_RDWR, 0644, 0}, dialect);
        else
            add(frames, Tag{0}, Tcreate{Fid{fid}, "dir" + std::to_string(fid), DMDIR | 0755, OREAD, ""}, dialect);
    }
    while (input.size() > 3) {
        const std::size_t size = std::min<std::size_t>(std::max<std::size_t>(input[0], 3), input.size() - 1);
        if (size < 3) break;
        ByteVector& frame = frames.emplace_back();
        const auto whole = static_cast<u32>(size + 4);
        for (int i = 0; i < 4; ++i) frame.push_back(static_cast<u8>(whole >> (8 * i)));
        frame.insert(frame.end(), input.begin() + 1, input.begin() + 1 + static_cast<std::ptrdiff_t>(size));
        input = input.subspan(1 + size);
    }
    return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    if (size == 0) return 0;
    const auto dialect = static_cast<Dialect>(data[0] % 3);
    boost::asio::io_context io(1);
    serve::MemoryTree tree({1 << 20});
    serve::ServerOptions options;
    options.handshake_timeout = {};
    options.max_fids = 100;
    serve::ServerContext context{tree, options, {}};
    auto script =
        std::make_unique<Script>(io.get_executor(), frames_of(Bytes(data, size).subspan(1), dialect), dialect);
    auto connection = std::make_shared<serve::Connection>(context, std::move(script), std::string());
    bool ended = false;
    spawn(io.get_executor(), [](std::shared_ptr<serve::Connection> c, bool& done) -> awaitable<void> {
        auto serving = c->serve();
        co_await std::move(serving);
        done = true;
    }(connection, ended));
    io.poll();
    fuzz::require(ended, "the connection ends when its client does");
    const std::weak_ptr<serve::Connection> left = connection;
    connection.reset();
    fuzz::require(left.expired(), "nothing keeps a connection that has ended");
    return 0;
}
