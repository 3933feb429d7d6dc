// Fake servers that can be dialled in memory, and whose connections can be made to fail at any message.
#pragma once

#include "p9/session.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/script.hpp"

#include <memory>
#include <vector>

namespace p9::test {

/// Where a connection breaks, counted by requests.
struct Cut {
    enum class Where : u8 {
        before_request,  ///< the send fails
        before_reply,    ///< the server did what was asked, and its answer does not arrive
        after_reply,     ///< the answer arrives, and then the end of the connection
    };
    std::size_t request = 0;  ///< the first is 0
    Where where = Where::before_request;
};

/// All connections to one fake server.
class FakeNetwork {
public:
    explicit FakeNetwork(Loop& loop, Knobs knobs = {}) : state_(std::make_shared<State>(loop, std::move(knobs))) {}

    Dialler dialler();
    Tree& tree() { return state_->tree; }
    Knobs& knobs() { return state_->knobs; }  ///< of connections to come
    /// Requests of all connections count together.
    void cut(Cut where) { state_->cut = where; }
    std::size_t requests() const { return state_->requests; }
    std::size_t connections() const { return state_->connections.size(); }
    FakeServer& server(std::size_t i) { return state_->connections.at(i)->server; }
    FakeServer& server() { return state_->connections.back()->server; }
    Link& link() { return *state_->connections.back()->link; }

private:
    struct Connection;
    struct State {
        State(Loop& l, Knobs k) : loop(l), knobs(std::move(k)) {}
        void receive(Connection& connection, Bytes frame);
        Loop& loop;
        Tree tree;
        Knobs knobs;
        std::optional<Cut> cut;
        std::size_t requests = 0;
        std::vector<std::unique_ptr<Connection>> connections;
    };
    struct Connection {
        Connection(State& state, std::shared_ptr<Link> l);
        std::shared_ptr<Link> link;
        FakeServer server;
    };
    std::shared_ptr<State> state_;
};

}  // namespace p9::test
