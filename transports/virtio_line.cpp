#include "transports/virtio_line.hpp"

#include "transports/stream.hpp"

#include "p9/messages.hpp"
#include "p9/task.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

namespace p9::transports {

namespace asio = boost::asio;

Beginning beginning_of(Bytes bytes) {
    // size[4] Tversion tag[2] msize[4] version[s], and every version's name begins with "9P".
    const auto at = [&](std::size_t i, auto&& fits) { return i >= bytes.size() || fits(bytes[i]); };
    const auto is = [](unsigned wanted) { return [wanted](u8 byte) { return byte == wanted; }; };
    const auto is_size = [](u8 byte) { return byte >= 15 && byte <= MOST_VERSION; };
    const bool fits = at(0, is_size) && at(1, is(0)) && at(2, is(0)) && at(3, is(0)) && at(4, is(100)) &&
                      at(5, is(0xff)) && at(6, is(0xff)) && at(11, [&](u8 byte) { return byte == bytes[0] - 13; }) &&
                      at(12, is(0)) && at(13, is('9')) && at(14, is('P'));
    if (!fits) return Beginning::other;
    return !bytes.empty() && bytes.size() >= bytes[0] ? Beginning::version : Beginning::perhaps;
}

Line::Line(OpenPort input, std::optional<PortDescriptor> output, bool comes_back, std::string title)
    : in(std::move(input)),
      out(std::move(output)),
      returns(comes_back),
      name(std::move(title)),
      watch(in.descriptor.get_executor()),
      freed(in.descriptor.get_executor(), asio::steady_timer::time_point::max()) {
    struct stat file{};
    sends_ = ::fstat(writer().native_handle(), &file) == 0 && S_ISSOCK(file.st_mode);
}

Line::~Line() { in.restore(); }

ssize_t Line::read_now(const Framer::Space& space) {
    const iovec pieces[2] = {{space[0].data(), space[0].size()}, {space[1].data(), space[1].size()}};
    ssize_t n = 0;
    do n = ::readv(in.descriptor.native_handle(), pieces, space[1].empty() ? 1 : 2);
    while (n < 0 && errno == EINTR);
    return n;
}

ssize_t Line::write_now(Bytes bytes) {
    const int fd = writer().native_handle();
    std::size_t done = 0;
    while (done < bytes.size()) {
        const Bytes rest = bytes.subspan(done);
        const ssize_t n = sends_ ? ::send(fd, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                 : ::write(fd, rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && done == 0) return n;
        if (n <= 0) break;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(done);
}

void Line::forget() {
    carry.clear();
    tail.clear();
}

namespace {

// Refusals of the requests that stand whole at the beginning of `bytes`, which QEMU hands on as a client wrote them.
void refuse_requests(Bytes bytes, ByteVector& refusals) {
    constexpr std::size_t most = 4096;
    while (bytes.size() >= HEADER_SIZE && refusals.size() < most) {
        const Header header = header_of(bytes);
        const bool request = header.type % 2 == 0 && header.type >= Tstatfs::type && header.type <= Twstat::type;
        if (!request || header.size < HEADER_SIZE || header.size > bytes.size()) break;
        (void)encode(refusals, header.tag, Rlerror{EPROTO}, Dialect::linux_);
        bytes = bytes.subspan(header.size);
    }
}

}  // namespace

awaitable<Result<bool>> readable(std::shared_ptr<Line> line) {
    auto waiting = line->in.descriptor.async_wait(PortDescriptor::wait_read, asio::as_tuple(asio::deferred));
    const auto [failed] = co_await std::move(waiting);
    if (failed) co_return Error(errc::cancelled, line->name + ": cancelled");
    co_return true;
}

awaitable<Result<bool>> await_version(std::shared_ptr<Line> line) {
    co_await asio::this_coro::throw_if_cancelled(false);
    ByteVector& carry = line->carry;
    ByteVector refusals;
    for (;;) {
        Beginning found = Beginning::other;
        std::size_t at = 0;
        while (at < carry.size() && (found = beginning_of(Bytes(carry).subspan(at))) == Beginning::other) ++at;
        refuse_requests(Bytes(carry).first(at), refusals);
        carry.erase(carry.begin(), carry.begin() + static_cast<std::ptrdiff_t>(at));
        if (found == Beginning::version) co_return true;

        const std::size_t before = carry.size();
        ByteVector more(before + Framer::OVERSHOOT);
        std::copy(carry.begin(), carry.end(), more.begin());
        const ssize_t n = line->read_now({std::span(more).subspan(before), {}});
        if (n > 0) {
            more.resize(before + static_cast<std::size_t>(n));
            carry = std::move(more);
            continue;
        }
        const int failed = errno;
        if (n == 0 && !line->returns) co_return false;
        if (n == 0) {
            line->forget();
            refusals.clear();
            auto waiting = wait_for_host(line->in.descriptor, line->watch, line->name);
            auto there = co_await std::move(waiting);
            if (!there) co_return there.error();
        } else if (failed == EAGAIN || failed == EWOULDBLOCK) {
            auto waiting = readable(line);
            auto limited = within(refusals.empty() ? Duration::zero() : Duration(STALLED), std::move(waiting), {});
            const auto arrived = co_await std::move(limited);
            if (arrived) continue;
            if (arrived.error().code != make_error_code(errc::timed_out)) co_return arrived.error();
            // Where there is no room for them nobody reads.
            (void)line->write_now(refusals);
            refusals.clear();
        } else if (failed == EIO && line->in.modes) {
            co_return false;  // the other end of a pseudo-terminal was closed
        } else {
            co_return Error(errc::connection_lost,
                            line->name + ": " + (failed == ENODEV ? "the port was unplugged" : errno_message(failed)));
        }
    }
}

}  // namespace p9::transports
