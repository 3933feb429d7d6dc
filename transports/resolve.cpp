#include "transports/hosts_file.hpp"
#include "transports/tcp.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <netdb.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

namespace p9::transports {

namespace asio = boost::asio;

std::optional<Endpoint> numeric(const TcpAddress& address) {
    boost::system::error_code failed;
    const auto ip = asio::ip::make_address(address.host, failed);
    if (failed) return std::nullopt;
    return Endpoint(ip, address.port);
}

#ifdef P9_STATIC

namespace {

std::string hosts_file() {
    constexpr std::size_t limit = 1 << 20;
    std::string text;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen("/etc/hosts", "re"), &std::fclose};
    if (!file) return text;
    char piece[4096];
    while (const std::size_t size = std::fread(piece, 1, sizeof piece, file.get())) {
        if (text.append(piece, size).size() > limit) break;
    }
    return text;
}

}  // namespace

awaitable<Result<Endpoints>> resolve(TcpAddress address) {
    if (const auto endpoint = numeric(address)) co_return Endpoints{*endpoint};
    Endpoints found;
    for (const auto& ip : addresses_in_hosts(hosts_file(), address.host)) found.emplace_back(ip, address.port);
    if (!found.empty()) co_return std::move(found);
    co_return Error(errc::connection_failed, to_string(Address(address)) +
                                                 ": this static program asks no name server: give the host's IP "
                                                 "address, or put it into /etc/hosts");
}

#else

namespace {

// Shared by the coroutine that waits and the thread that asks. The one place of the transports with two threads:
// getaddrinfo blocks for as long as DNS servers keep silent, and nothing can interrupt it. (Asio's own resolver
// would hold up both the cancellation and the end of the io_context until it returns.)
struct Lookup {
    std::string host;
    std::string port;

    std::mutex mutex;
    asio::steady_timer* waiter = nullptr;  // null once the coroutine is gone; guarded by mutex
    int failed = 0;                        // EAI_*; like `found`, the thread's until it has posted
    int system_error = 0;
    Endpoints found;
};

void ask(const std::shared_ptr<Lookup>& lookup) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    lookup->failed = getaddrinfo(lookup->host.c_str(), lookup->port.c_str(), &hints, &list);
    if (lookup->failed == EAI_SYSTEM) lookup->system_error = errno;
    for (const addrinfo* entry = lookup->failed ? nullptr : list; entry; entry = entry->ai_next) {
        Endpoint endpoint;
        if (entry->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        endpoint.resize(entry->ai_addrlen);
        lookup->found.push_back(endpoint);
    }
    if (list) freeaddrinfo(list);

    const std::lock_guard lock(lookup->mutex);
    if (!lookup->waiter) return;
    asio::post(lookup->waiter->get_executor(), [lookup] {
        const std::lock_guard posted(lookup->mutex);
        if (lookup->waiter) lookup->waiter->cancel();
    });
}

}  // namespace

awaitable<Result<Endpoints>> resolve(TcpAddress address) {
    if (const auto endpoint = numeric(address)) co_return Endpoints{*endpoint};

    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer answered(executor, asio::steady_timer::time_point::max());
    auto lookup = std::make_shared<Lookup>();
    lookup->host = address.host;
    lookup->port = std::to_string(address.port);
    lookup->waiter = &answered;
    // Declared after the timer: it forgets the timer before the timer ends, on every way out.
    struct Leave {
        std::shared_ptr<Lookup> lookup;
        ~Leave() {
            const std::lock_guard lock(lookup->mutex);
            lookup->waiter = nullptr;
        }
    } leave{lookup};
    std::thread(ask, lookup).detach();
    auto wait = answered.async_wait(asio::as_tuple(asio::deferred));
    co_await std::move(wait);

    const auto cancelled = co_await asio::this_coro::cancellation_state;
    const std::string name = to_string(Address(address));
    if (cancelled.cancelled() != asio::cancellation_type::none) co_return Error(errc::cancelled, name + ": cancelled");
    if (lookup->failed != 0) {
        const std::string why =
            lookup->failed == EAI_SYSTEM ? errno_message(lookup->system_error) : gai_strerror(lookup->failed);
        co_return Error(errc::connection_failed, name + ": " + why);
    }
    co_return std::move(lookup->found);
}

#endif

}  // namespace p9::transports
