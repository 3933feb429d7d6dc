#include "tests/support/fake_network.hpp"

#include <boost/asio/post.hpp>

namespace p9::test {
namespace {

FakeServer::Sink sink_to(const std::shared_ptr<Link>& link, Loop& loop) {
    FakeServer::Sink sink;
    sink.send = [link](const ByteVector& frame) {
        if (link->closed_by_server || link->closed_by_client) return;
        link->to_client.emplace_back(frame.begin(), frame.end());
        link->receive_wake.cancel();
    };
    sink.hang_up = [link] { link->close_from_server(); };
    sink.later = [&loop](std::function<void()> work) { boost::asio::post(loop.context(), std::move(work)); };
    return sink;
}

}  // namespace

FakeNetwork::Connection::Connection(State& state, std::shared_ptr<Link> l)
    : link(std::move(l)), server(state.tree, state.knobs, sink_to(link, state.loop)) {}

void FakeNetwork::State::receive(Connection& connection, Bytes frame) {
    Link& link = *connection.link;
    if (link.closed_by_server || link.closed_by_client) return;
    const std::size_t index = requests++;
    if (!cut || cut->request != index) return connection.server.receive(frame);
    if (cut->where == Cut::Where::before_reply) connection.server.hold();
    if (cut->where != Cut::Where::before_request) connection.server.receive(frame);
    link.close_from_server();
}

Dialler FakeNetwork::dialler() {
    return [state = state_]() -> awaitable<Result<std::unique_ptr<Transport>>> {
        const auto kept = state;
        auto link = std::make_shared<Link>(kept->loop.executor());
        auto& connection = *kept->connections.emplace_back(std::make_unique<Connection>(*kept, link));
        kept->tree.reuse_qid_paths = kept->knobs.qid_path_reused;
        link->on_message = [raw = kept.get(), &connection](Bytes frame) { raw->receive(connection, frame); };
        std::unique_ptr<Transport> transport = std::make_unique<ScriptedTransport>(link, kept->loop.executor());
        co_return std::move(transport);
    };
}

}  // namespace p9::test
