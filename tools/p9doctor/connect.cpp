// Dialling, and the version exchange in each dialect.
#include "tools/p9doctor/steps.hpp"

#include "p9/negotiate.hpp"
#include "p9/task.hpp"
#include "p9/transports/dial.hpp"
#include "tools/connection.hpp"

#include <cstdio>

namespace p9::doctor {
namespace {

bool has(const Error& error, errc code) { return error.code == make_error_code(code); }

std::string milliseconds(Duration duration) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3g ms", std::chrono::duration<double, std::milli>(duration).count());
    return text;
}

/// Where each connection disturbs: a port has one client at a time, and descriptors are given away once.
bool has_one_connection(const Address& address) {
    return std::holds_alternative<VirtioAddress>(address) || std::holds_alternative<FdAddress>(address);
}

std::string advice_to_connect(const Address& address, const Error& error) {
    const std::string words = error.message();
    if (const auto* web = std::get_if<WebSocketAddress>(&address)) {
        if (words.find("refused") != words.npos) return "start the server, or check the port: nothing listens there";
        if (words.find("certificate") != words.npos)
            return "--tls-ca FILE trusts the server's own certificate; --tls-insecure takes any, for a test";
        return "check the address: the path " + web->path + " must be the WebSocket's, and " +
               (web->tls ? "ws:// is without TLS" : "wss:// is with TLS");
    }
    if (std::holds_alternative<ExecAddress>(address))
        return words.find("not found") != words.npos
                   ? "check the spelling; after ssh, it is the other host that lacks the command"
                   : "run the command by itself to see what it says";
    if (has(error, errc::timed_out)) return "a firewall may drop what is sent, or the host is off";
    if (words.find("refused") != words.npos) return "start the server, or check the port: nothing listens there";
    if (const auto* port = std::get_if<VirtioAddress>(&address)) {
        if (words.find("there is no") == words.npos)
            return "does another program have the port? fuser -v PATH names it";
        if (port->name_or_path.find('/') != port->name_or_path.npos)
            return "start the virtual machine, with a chardev whose path= is this";
        return "in a guest, QEMU needs -device virtserialport,chardev=ID,name=" + escaped(port->name_or_path) +
               "; on the host, give the path of the chardev's socket";
    }
    if (std::holds_alternative<VsockAddress>(address))
        return "a guest needs QEMU's -device vhost-vsock-pci,guest-cid=CID; the host is CID 2";
    return "";
}

std::string advice_to_agree(const Address& address, const Error& error) {
    const bool silent = has(error, errc::timed_out) || error.message().find("no answer") != std::string::npos;
    if (std::holds_alternative<VirtioAddress>(address))
        return "does the guest's server run? Is the port busy? It has one client at a time; p9proxy --share serves "
               "several";
    if (std::holds_alternative<WebSocketAddress>(address))
        return "is the path that of a 9P server? Some servers ignore binary messages";
    if (silent && std::holds_alternative<UnixAddress>(address))
        return "port busy? If this is QEMU's chardev, another client has it: p9proxy --share serves several. "
               "If the guest does not answer, start its server. Else: is this a 9P server?";
    if (const auto* tcp = std::get_if<TcpAddress>(&address); silent && tcp != nullptr)
        return "is this a 9P server? Others may wait in silence, too: curl http://" + tcp->host + ':' +
               std::to_string(tcp->port) + "/ shows a web server. Else look into the server's own log";
    if (silent) return "is this a 9P server? Look into its own log; --trace shows what is sent";
    if (std::holds_alternative<ExecAddress>(address))
        return "the command must speak 9P on its standard input and output, and print nothing else";
    return "";
}

/// What one version exchange came to.
struct Exchange {
    Found found;
    bool agreed = false;
    bool answered = true;
};

Exchange agreed_on(const Agreement& agreement, u32 asked) {
    Exchange exchange;
    exchange.agreed = true;
    Found& found = exchange.found;
    found.text = std::string(version_string(agreement.dialect)) + ": msize " + std::to_string(agreement.msize) +
                 ", round trip " + milliseconds(agreement.round_trip);
    // A read of 64 KiB and its header: below that large files need many round trips.
    constexpr u32 small = (64 << 10) + 24;
    if (agreement.msize < small && agreement.msize < asked) {
        found.finding = Finding::note;
        found.text += "; " + std::to_string(asked) + " was asked for";
        found.advice = "small messages make large files slow: raise the server's msize if it has an option for it";
    }
    return exchange;
}

awaitable<Result<Agreement>> agree_on(const tools::CommonOptions& options, std::vector<Dialect> offered) {
    SessionOptions session;
    session.dialects = std::move(offered);
    session.msize = options.msize;
    constexpr Duration patience = std::chrono::seconds(2);
    session.version_timeout = patience;
    if (options.connect_timeout != Duration::zero()) {
        session.version_timeout = std::min(patience, options.connect_timeout);
        session.port_timeout = options.connect_timeout;
    }
    DialOptions dialling;
    dialling.tls = options.tls;
    auto reached = std::make_shared<bool>(false);
    Dialler dialler = tools::noting_dialler(options.address, std::move(dialling), reached);
    auto agreeing = agree(std::move(dialler), session);
    co_return co_await within(options.connect_timeout, std::move(agreeing), "no answer");
}

awaitable<Exchange> exchange_version(const tools::CommonOptions& options, std::vector<Dialect> offered) {
    auto agreeing = agree_on(options, offered);
    auto agreement = co_await std::move(agreeing);
    if (agreement) {
        agreement->transport->close();
        co_return agreed_on(*agreement, options.msize);
    }
    const Error& error = agreement.error();
    Exchange exchange;
    const std::string words = error.message();
    exchange.answered = words.find("no answer") == words.npos && !has(error, errc::connection_failed) &&
                        !has(error, errc::protocol_violation) && words.find("lost") == words.npos;
    exchange.found = {Finding::fail, std::string(version_string(offered.front())) + ": " + words,
                      advice_to_agree(options.address, error), tools::status_of(error)};
    co_return exchange;
}

/// A command can always be started. Whether it is there and stays, the first offer tells.
awaitable<Found> try_to_run(const tools::CommonOptions& options) {
    auto agreeing = agree_on(options, {options.dialects.front()});
    auto agreement = co_await std::move(agreeing);
    if (agreement) agreement->transport->close();
    if (agreement || !has(agreement.error(), errc::connection_failed))
        co_return Found{Finding::ok, "the command runs", "", 0};
    const Error& error = agreement.error();
    co_return Found{Finding::fail, error.message(), advice_to_connect(options.address, error), tools::status_of(error)};
}

}  // namespace

awaitable<Found> try_to_connect(const tools::CommonOptions& options) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (std::holds_alternative<FdAddress>(options.address))
        co_return Found{Finding::skip, "the descriptors are there for one conversation", "", 0};
    if (std::holds_alternative<ExecAddress>(options.address)) {
        auto running = try_to_run(options);
        co_return co_await std::move(running);
    }
    DialOptions dialling;
    dialling.tls = options.tls;
    const auto begin = Clock::now();
    auto work = dial(options.address, std::move(dialling));
    auto transport = co_await within(options.connect_timeout, std::move(work), "nothing answers");
    if (transport) {
        const auto took = Clock::now() - begin;
        (*transport)->close();
        co_return Found{Finding::ok, "connected in " + milliseconds(took), "", 0};
    }
    const Error& error = transport.error();
    co_return Found{Finding::fail, error.message(), advice_to_connect(options.address, error), tools::status_of(error)};
}

awaitable<Versions> try_versions(const tools::CommonOptions& options) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    Versions versions;
    std::vector<std::vector<Dialect>> offers;
    if (has_one_connection(options.address)) {
        offers.push_back(options.dialects);
    } else {
        for (const Dialect dialect : options.dialects) offers.push_back({dialect});
    }
    for (const auto& offered : offers) {
        auto exchanging = exchange_version(options, offered);
        Exchange exchange = co_await std::move(exchanging);
        const bool stop = !exchange.agreed && !exchange.answered && versions.spoken.empty();
        Found& found = exchange.found;
        if (!versions.found.empty() && versions.found.front().advice == found.advice) found.advice.clear();
        versions.found.push_back(std::move(found));
        if (exchange.agreed) versions.spoken.insert(versions.spoken.end(), offered.begin(), offered.end());
        // Who is silent, or says what is no 9P, is not asked in other words.
        if (stop) break;
    }
    if (versions.spoken.empty()) co_return versions;
    // A server need not speak every dialect.
    for (Found& found : versions.found) {
        if (found.finding != Finding::fail) continue;
        found.finding = Finding::note;
        found.advice.clear();
    }
    co_return versions;
}

}  // namespace p9::doctor
