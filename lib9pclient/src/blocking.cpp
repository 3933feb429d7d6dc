#include "p9/blocking.hpp"

#include <boost/asio/detached.hpp>

namespace p9 {

Result<BlockingClient> BlockingClient::connect(Dialler dialler, SessionOptions session_options,
                                               AttachOptions attach_options, Duration timeout) {
    BlockingClient blocking;
    blocking.io_ = std::make_unique<boost::asio::io_context>(1);
    auto connecting = Client::connect(std::move(dialler), std::move(session_options), std::move(attach_options));
    auto client = blocking.run(within(timeout, std::move(connecting), "no connection in time"));
    if (!client) return client.error();
    blocking.client_ = std::move(*client);
    return blocking;
}

BlockingClient::~BlockingClient() {
    if (!client_) return;
    // Also lets the session's loops end while the context that they run on is still there.
    boost::asio::co_spawn(*io_, without_throwing(client_.close()), boost::asio::detached);
    io_->restart();
    io_->run();
}

Result<std::string> BlockingClient::read_file(std::string path, u64 limit) {
    return run(client_.read_file(std::move(path), limit));
}
Result<void> BlockingClient::write_file(std::string path, std::string contents, u32 mode) {
    return run(client_.write_file(std::move(path), std::move(contents), mode));
}
Result<std::vector<DirectoryEntry>> BlockingClient::list(std::string path) {
    auto batch = run(client_.list(std::move(path)));
    if (!batch) return batch.error();
    return std::move(batch->entries);
}
Result<Attributes> BlockingClient::attributes(std::string path) { return run(client_.attributes(std::move(path))); }
Result<void> BlockingClient::mkdir(std::string path, u32 mode) { return run(client_.mkdir(std::move(path), mode)); }
Result<void> BlockingClient::rename(std::string path, std::string new_path) {
    return run(client_.rename(std::move(path), std::move(new_path)));
}
Result<void> BlockingClient::remove(std::string path) { return run(client_.remove(std::move(path))); }

}  // namespace p9
