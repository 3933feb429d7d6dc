#include "p9/client.hpp"

#include "client_walk.hpp"
#include "dialect.hpp"

#include <cerrno>

namespace p9 {

awaitable<Result<Client>> Client::attach(std::shared_ptr<Session> session, AttachOptions options) {
    auto root = co_await session->attach(std::move(options));
    if (!root) co_return root.error();
    co_return Client(std::move(*root));
}

awaitable<Result<Client>> Client::connect(Dialler dialler, SessionOptions session_options,
                                          AttachOptions attach_options) {
    auto opening = Session::open(std::move(dialler), std::move(session_options));
    auto session = co_await std::move(opening);
    if (!session) co_return session.error();
    auto attaching = attach(std::move(*session), std::move(attach_options));
    co_return co_await std::move(attaching);
}

awaitable<void> Client::close() {
    const auto session = root_.shared_session();
    root_ = Node();
    auto closing = session->close();
    co_await std::move(closing);
}

awaitable<Result<Node>> Client::walk(std::string path, Follow follow) const {
    auto work = walk_path(root_, split_path(path), follow);
    co_return co_await std::move(work);
}

awaitable<Result<Attributes>> Client::attributes(std::string path, Follow follow) const {
    auto node = co_await walk(std::move(path), follow);
    if (!node) co_return node.error();
    auto work = node->attributes();
    co_return co_await std::move(work);
}

awaitable<Result<void>> Client::change(std::string path, AttributeChange change, Follow follow) const {
    auto node = co_await walk(std::move(path), follow);
    if (!node) co_return node.error();
    auto work = node->change(change);
    co_return co_await std::move(work);
}

awaitable<Result<StatFs>> Client::statfs(std::string path) const {
    auto node = co_await walk(std::move(path));
    if (!node) co_return node.error();
    auto work = node->statfs();
    co_return co_await std::move(work);
}

awaitable<Result<std::string>> Client::readlink(std::string path) const {
    auto node = co_await walk(std::move(path), Follow::no);
    if (!node) co_return node.error();
    auto work = node->readlink();
    co_return co_await std::move(work);
}

awaitable<Result<File>> Client::open(std::string path, OpenFlags flags) const {
    auto node = co_await walk(std::move(path));
    if (!node) co_return node.error();
    auto work = File::open(std::move(*node), flags);
    co_return co_await std::move(work);
}

awaitable<Result<Directory>> Client::open_directory(std::string path) const {
    auto node = co_await walk(std::move(path));
    if (!node) co_return node.error();
    auto work = Directory::open(std::move(*node));
    co_return co_await std::move(work);
}

awaitable<Result<DirectoryBatch>> Client::list(std::string path) const {
    auto directory = co_await open_directory(std::move(path));
    if (!directory) co_return directory.error();
    auto work = directory->read_all();
    co_return co_await std::move(work);
}

awaitable<Result<std::string>> Client::read_file(std::string path, u64 limit) const {
    auto file = co_await open(std::move(path), P9_O_RDONLY);
    if (!file) co_return file.error();
    auto asking = file->node().attributes(GETATTR_SIZE);
    const auto attributes = co_await std::move(asking);
    ReadPlan plan;
    plan.expected_end = attributes ? std::min(attributes->size, limit) : 0;
    ReadStream stream(*file, plan);
    std::string contents;
    while (true) {
        auto data = co_await stream.next();
        if (!data) co_return data.error();
        if (data->bytes.empty()) co_return contents;
        if (contents.size() + data->bytes.size() > limit)
            co_return Error::from_errno(EFBIG, "the file has more than " + std::to_string(limit) + " bytes");
        contents.append(reinterpret_cast<const char*>(data->bytes.data()), data->bytes.size());
    }
}

awaitable<Result<void>> Client::write_file(std::string path, std::string contents, u32 mode) const {
    auto creating = create(std::move(path), P9_O_WRONLY | P9_O_TRUNC, mode);
    auto file = co_await std::move(creating);
    if (!file) co_return file.error();
    auto writing = file->write_all(0, Bytes(reinterpret_cast<const u8*>(contents.data()), contents.size()));
    auto written = co_await std::move(writing);
    if (!written) co_return written.error();
    auto closing = file->node().close();
    co_return co_await std::move(closing);
}

}  // namespace p9
