#include "tools/borrowed_node.hpp"
#include "tools/both.hpp"
#include "tools/p9cp/source.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

bool is_special(FileType type) {
    return type != FileType::file && type != FileType::directory && type != FileType::symlink;
}

/// The type, if the attributes tell it.
std::optional<FileType> told_type(const Attributes& attributes) {
    if ((attributes.valid & GETATTR_MODE) == 0) return std::nullopt;
    return attributes.type();
}

class RemoteSource final : public Source {
public:
    awaitable<Result<SourceBatch>> list() override {
        SourceBatch batch;
        auto reading = directory_.read(at_);
        auto read = co_await std::move(reading);
        if (!read) co_return read.error();
        for (auto& entry : read->entries) batch.entries.push_back({std::move(entry.name), entry.type});
        batch.refused = std::move(read->refused);
        batch.end = read->end;
        at_ = read->next;
        if (batch.end) directory_ = Directory();  // its fid is of use to others
        co_return batch;
    }

    awaitable<Result<SourcePtr>> enter(SourceEntry entry) override;

    void begin(u64 offset, std::size_t) override {
        ReadPlan plan;
        plan.offset = offset;
        plan.expected_end = (attributes.valid & GETATTR_SIZE) != 0 && type == FileType::file ? attributes.size : 0;
        stream_.emplace(file_, plan);
    }
    awaitable<Result<Payload>> read() override {
        auto reading = stream_->next();
        auto payload = co_await std::move(reading);
        co_return payload;
    }

    /// Opens what `node` is, which is `found`; `spare` is another fid for a directory.
    static awaitable<Result<SourcePtr>> open_as(Node node, FileType found, bool special);

private:
    static awaitable<Result<SourcePtr>> open_file(Node node);
    static awaitable<Result<SourcePtr>> open_directory(Node node);

    Node base_;            // of a directory, unopened: for walks
    Directory directory_;  // the same, open
    u64 at_ = 0;
    File file_;
    std::optional<ReadStream> stream_;
};

awaitable<Result<SourcePtr>> RemoteSource::open_file(Node node) {
    const BorrowedNode borrowed(node);
    auto opening = File::open(std::move(node), P9_O_RDONLY);
    auto asking = borrowed->attributes(GETATTR_BASIC);
    auto [file, attributes] = co_await both(std::move(opening), std::move(asking));
    if (!file) co_return file.error();
    if (!attributes && attributes.error().is_errc()) co_return attributes.error();
    auto source = std::make_shared<RemoteSource>();
    source->file_ = *std::move(file);
    if (attributes) source->attributes = *std::move(attributes);
    co_return source;
}

awaitable<Result<SourcePtr>> RemoteSource::open_directory(Node node) {
    std::vector<std::string> nothing;
    auto cloning = node.walk(std::move(nothing));
    auto asking = node.attributes(GETATTR_BASIC);
    auto [clone, attributes] = co_await both(std::move(cloning), std::move(asking));
    if (!clone) co_return clone.error();
    if (!attributes && attributes.error().is_errc()) co_return attributes.error();
    auto opening = Directory::open(*std::move(clone));
    auto directory = co_await std::move(opening);
    if (!directory) co_return directory.error();
    auto source = std::make_shared<RemoteSource>();
    source->type = FileType::directory;
    source->base_ = std::move(node);
    source->directory_ = *std::move(directory);
    if (attributes) source->attributes = *std::move(attributes);
    co_return source;
}

awaitable<Result<SourcePtr>> RemoteSource::open_as(Node node, FileType found, bool special) {
    if (found == FileType::directory) {
        auto opening = open_directory(std::move(node));
        co_return co_await std::move(opening);
    }
    if (found == FileType::symlink) {
        auto source = std::make_shared<RemoteSource>();
        source->type = FileType::symlink;
        auto reading = node.readlink();
        auto target = co_await std::move(reading);
        if (!target) co_return target.error();
        source->target = *std::move(target);
        co_return source;
    }
    if (is_special(found) && !special) {
        auto source = std::make_shared<RemoteSource>();
        source->type = found;
        co_return source;
    }
    auto opening = open_file(std::move(node));
    auto source = co_await std::move(opening);
    if (source && is_special(found)) (*source)->type = found;
    co_return source;
}

awaitable<Result<SourcePtr>> RemoteSource::enter(SourceEntry entry) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (entry.type && is_special(*entry.type)) {
        auto source = std::make_shared<RemoteSource>();
        source->type = *entry.type;
        co_return source;
    }
    auto walking = base_.walk(entry.name);
    auto node = co_await std::move(walking);
    if (!node) co_return node.error();
    std::optional<FileType> found = entry.type;
    if (!found || *found == FileType::file) {
        // A listing may be wrong about that, or be out of date; a FIFO must not be opened by mistake.
        const u8 bits = node->qid().type;
        if ((bits & (QTDIR | QTSYMLINK)) != 0) found = type_of_qid(bits);
    }
    if (!found) {
        auto asking = node->attributes(GETATTR_BASIC);
        auto told = co_await std::move(asking);
        if (!told) co_return told.error();
        found = told_type(*told).value_or(FileType::file);
    }
    auto opening = open_as(*std::move(node), *found, false);
    auto source = co_await std::move(opening);
    if (!source || *found != FileType::file) co_return source;
    const auto really = told_type((*source)->attributes);
    if (!really || *really == FileType::file) co_return source;
    // Opened as a file, and is none.
    SourceEntry again{std::move(entry.name), really};
    auto entering = enter(std::move(again));
    co_return co_await std::move(entering);
}

}  // namespace

awaitable<Result<SourcePtr>> open_remote(const Client& client, std::string path, Follow follow, bool special) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (path.empty()) co_return Error::from_errno(ENOENT, "an empty path names no file");
    const bool wants_directory = path.ends_with('/');
    auto walking = client.walk(std::move(path), wants_directory ? Follow::yes : follow);
    auto node = co_await std::move(walking);
    if (!node) co_return node.error();
    FileType found = type_of_qid(node->qid().type);
    if (found == FileType::file) {
        auto asking = node->attributes(GETATTR_BASIC);
        auto attributes = co_await std::move(asking);
        if (!attributes && attributes.error().is_errc()) co_return attributes.error();
        if (attributes) found = told_type(*attributes).value_or(found);
    }
    if (wants_directory && found != FileType::directory) co_return Error::from_errno(ENOTDIR);
    auto opening = RemoteSource::open_as(*std::move(node), found, special);
    co_return co_await std::move(opening);
}

}  // namespace p9::tools
