#include "tools/p9proxy/keeper.hpp"

#include "p9/transports/address.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace p9::proxy {
namespace {

/// Where a peer is, without the port, which differs from connection to connection.
std::string host_of(const std::string& peer) {
    const auto address = parse_address(peer);
    if (!address) return peer;
    if (const auto* tcp = std::get_if<TcpAddress>(&*address)) return tcp->host;
    if (const auto* socket = std::get_if<WebSocketAddress>(&*address)) return socket->host;
    if (std::holds_alternative<FdAddress>(*address)) return "here";
    if (const auto* vsock = std::get_if<VsockAddress>(&*address)) return std::to_string(vsock->cid);
    return peer;
}

}  // namespace

void Keeper::keep(std::shared_ptr<Conversation> conversation) {
    const Tracing& tracing = context_.options.tracing;
    if (kept_.size() >= context_.options.limits.kept) give_up(kept_.begin(), "others wait that left later");
    tracing.event(conversation->speaker(), "the connection to the server is kept for it");
    const auto place = kept_.emplace(kept_.end(), executor_, std::move(conversation));
    place->timer.expires_after(context_.options.keep);
    place->timer.async_wait([this, place](const boost::system::error_code& cancelled) {
        if (!cancelled) give_up(place, "did not come back in time (--keep)");
    });
    place->conversation->on_lost = [this, place] {
        const auto& lost = place->conversation->lost();
        give_up(place, "the server is gone: " + (lost ? lost->message() : std::string()));
    };
}

std::shared_ptr<Conversation> Keeper::take(const std::string& peer) {
    const std::string host = host_of(peer);
    for (auto place = kept_.end(); place != kept_.begin();) {
        --place;
        if (host_of(place->conversation->speaker().peer) != host) continue;
        auto conversation = std::move(place->conversation);
        conversation->on_lost = nullptr;
        kept_.erase(place);
        return conversation;
    }
    return nullptr;
}

void Keeper::make_way() {
    if (!context_.options.one_connection || context_.options.share) return;
    while (!kept_.empty()) give_up(kept_.begin(), "another client begins, and the server takes one at a time");
}

void Keeper::give_up(Place place, const std::string& why) {
    const auto conversation = std::move(place->conversation);
    context_.options.tracing.problem(conversation->speaker(), why);
    kept_.erase(place);
    // on_lost may be what runs here: it goes when it has returned.
    boost::asio::post(executor_, [conversation] { conversation->on_lost = nullptr; });
    conversation->end(true);
}

void Keeper::give_up_all() {
    while (!kept_.empty()) {
        const auto conversation = std::move(kept_.front().conversation);
        kept_.pop_front();
        conversation->on_lost = nullptr;
        conversation->end(true);
    }
}

}  // namespace p9::proxy
