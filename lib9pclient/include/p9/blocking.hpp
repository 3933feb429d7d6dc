// A blocking face of the client, for simple programs that want one call at a time.
//
// A BlockingClient owns an io_context and runs it inside each call. Not thread safe; use one for each thread. Errors
// come as Result values; `.value()` throws p9::Failure instead.
#pragma once

#include "p9/client.hpp"

#include <boost/asio/io_context.hpp>

namespace p9 {

class BlockingClient {
public:
    /// Dials with `dialler` and attaches; `timeout` covers both. Zero: no limit.
    static Result<BlockingClient> connect(Dialler dialler, SessionOptions session_options = {},
                                          AttachOptions attach_options = {},
                                          Duration timeout = std::chrono::seconds(10));
    ~BlockingClient();
    BlockingClient() = default;
    BlockingClient(BlockingClient&&) noexcept = default;
    BlockingClient& operator=(BlockingClient&&) = delete;  // it would destroy the io_context before what runs on it

    /// The asynchronous client behind this, for what has no blocking form; use it with `run`.
    Client& client() { return client_; }
    /// Runs a coroutine of this client's to its end and returns its result.
    template <class T>
    T run(awaitable<T> work);

    Result<std::string> read_file(std::string path, u64 limit = 64 << 20);
    Result<void> write_file(std::string path, std::string contents, u32 mode = 0666);
    Result<std::vector<DirectoryEntry>> list(std::string path);
    Result<Attributes> attributes(std::string path);
    Result<void> mkdir(std::string path, u32 mode = 0777);
    Result<void> rename(std::string path, std::string new_path);
    Result<void> remove(std::string path);

private:
    std::unique_ptr<boost::asio::io_context> io_;  // before client_: whatever client_ holds refers to it
    Client client_;
};

template <class T>
T BlockingClient::run(awaitable<T> work) {
    std::optional<T> result;
    std::exception_ptr failure;
    boost::asio::co_spawn(*io_, without_throwing(std::move(work)), [&](const std::exception_ptr& e, T value) {
        failure = e;
        result.emplace(std::move(value));
    });
    // The session's own loops keep the context busy for ever: stop once the answer is here.
    io_->restart();
    while (!result && io_->run_one() != 0) {
    }
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
}

}  // namespace p9
