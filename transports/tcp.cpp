#include "transports/tcp.hpp"

#include "transports/stream.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

namespace p9::transports {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Several attempts at once, the first that connects wins. Shared with the handlers of the attempts, which may run
// after the race is over.
struct Race {
    Race(const asio::any_io_executor& executor, std::size_t most) : changed(executor) { attempts.reserve(most); }

    struct Attempt {
        Socket socket;
        Endpoint to;
        error_code failed;
    };

    void finished(std::size_t index, error_code failed) {
        --running;
        attempts[index].failed = failed;
        if (!failed && !winner) winner = index;
        changed.cancel();
    }
    void close_losers() {
        for (std::size_t i = 0; i < attempts.size(); ++i) {
            error_code ignored;
            if (i != winner) attempts[i].socket.close(ignored);
        }
        over = true;
    }

    asio::steady_timer changed;
    std::vector<Attempt> attempts;  // never reallocated: connects refer to its sockets
    std::size_t running = 0;
    std::optional<std::size_t> winner;
    bool over = false;
};

void start(const std::shared_ptr<Race>& race, const Endpoint& to) {
    const std::size_t index = race->attempts.size();
    race->attempts.push_back({Socket(race->changed.get_executor()), to, {}});
    ++race->running;
    auto done = [race, index](error_code failed) {
        if (!race->over) race->finished(index, failed);
    };
    if (const auto failed = open_socket(race->attempts.back().socket, to.protocol().family()))
        return asio::post(race->changed.get_executor(), [done, failed] { done(failed); });
    race->attempts.back().socket.async_connect(to, std::move(done));
}

std::string reasons(const Race& race) {
    const auto name = [](const Race::Attempt& a) { return a.to.address().to_string(); };
    if (race.attempts.size() == 1) return describe(race.attempts[0].failed);
    std::string text;
    for (std::size_t i = 0; i < race.attempts.size(); ++i) {
        const auto& attempt = race.attempts[i];
        text += i == 0 ? "" : ", ";
        text += describe(attempt.failed) + " (" + name(attempt);
        while (i + 1 < race.attempts.size() && race.attempts[i + 1].failed == attempt.failed)
            text += ", " + name(race.attempts[++i]);
        text += ')';
    }
    return text;
}

}  // namespace

Endpoints interleaved(const Endpoints& resolved) {
    Endpoints first, other, mixed;
    for (const auto& endpoint : resolved)
        (endpoint.protocol() == resolved.front().protocol() ? first : other).push_back(endpoint);
    for (std::size_t i = 0; i < std::max(first.size(), other.size()); ++i) {
        if (i < first.size()) mixed.push_back(first[i]);
        if (i < other.size()) mixed.push_back(other[i]);
    }
    return mixed;
}

void tune(int socket, const DialOptions& options) {
    // A failure only means that a dead peer is noticed later.
    const auto set = [socket](int level, int option, int value) {
        setsockopt(socket, level, option, &value, sizeof value);
    };
    const int idle = static_cast<int>(options.keepalive_idle.count());
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, std::max(idle, 1));
    set(IPPROTO_TCP, TCP_KEEPINTVL, std::max(idle / 3, 1));
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout.count()));
}

awaitable<Result<std::unique_ptr<Transport>>> dial_tcp(TcpAddress address, DialOptions options) {
    auto resolved = co_await resolve(address);
    if (!resolved) co_return resolved.error();
    auto connecting = connect_first(interleaved(*resolved), to_string(Address(std::move(address))), std::move(options));
    co_return co_await std::move(connecting);
}

awaitable<Result<std::unique_ptr<Transport>>> connect_first(Endpoints endpoints, std::string name,
                                                            DialOptions options) {
    auto connecting = connect_socket(std::move(endpoints), name, std::move(options));
    auto socket = co_await std::move(connecting);
    if (!socket) co_return socket.error();
    co_return socket_transport(*std::move(socket), std::move(name));
}

awaitable<Result<Socket>> connect_socket(Endpoints endpoints, std::string name, DialOptions options) {
    const auto executor = co_await asio::this_coro::executor;
    auto race = std::make_shared<Race>(executor, endpoints.size());
    struct End {
        std::shared_ptr<Race> race;
        ~End() { race->close_losers(); }
    } end{race};
    std::size_t next = 0;
    bool cancelled = false;
    while (!race->winner && !cancelled && (next < endpoints.size() || race->running > 0)) {
        // The next address has its turn when one failed or when the last one's head start is over.
        if (next < endpoints.size()) start(race, endpoints[next++]);
        const auto finished = race->attempts.size() - race->running;
        if (next < endpoints.size())
            race->changed.expires_after(options.attempt_delay);
        else
            race->changed.expires_at(asio::steady_timer::time_point::max());
        while (!race->winner && race->running > 0 && race->attempts.size() - race->running == finished) {
            auto wait = race->changed.async_wait(asio::as_tuple(asio::deferred));
            const auto [woken] = co_await std::move(wait);
            cancelled = (co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none;
            if (!woken || cancelled) break;
        }
    }
    if (cancelled) co_return Error(errc::cancelled, name + ": cancelled");
    if (!race->winner) co_return Error(errc::connection_failed, name + ": " + reasons(*race));
    Socket socket = std::move(race->attempts[*race->winner].socket);
    tune(socket.native_handle(), options);
    co_return socket;
}

}  // namespace p9::transports
