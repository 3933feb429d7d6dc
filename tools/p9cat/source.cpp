#include "tools/borrowed_node.hpp"
#include "tools/both.hpp"
#include "tools/glob.hpp"
#include "tools/p9cat/cat.hpp"

namespace p9::tools {

u64 OpenSource::expected_end() const {
    const bool told = (attributes.valid & GETATTR_SIZE) != 0;
    return told && attributes.type() == FileType::file ? attributes.size : 0;
}

awaitable<Result<OpenSource>> open_source(const Client& client, std::string path, std::string_view directory) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (path.empty()) co_return Error::from_errno(ENOENT, "an empty path names no file");
    auto walked = co_await client.walk(path_from(directory, path));
    if (!walked) co_return walked.error();
    const BorrowedNode borrowed(*walked);
    auto opening = File::open(std::move(*walked), P9_O_RDONLY);
    // The size decides how much is asked for ahead; asking for it beside the open costs no time.
    auto asking = borrowed->attributes(GETATTR_BASIC);
    auto [file, attributes] = co_await both(std::move(opening), std::move(asking));
    if (!file) co_return file.error();
    OpenSource source;
    source.path = std::move(path);
    source.file = std::move(*file);
    if (attributes) {
        source.attributes = std::move(*attributes);
    } else if (ends_everything(attributes.error())) {
        co_return attributes.error();
    }
    // A directory opens like a file in every dialect, and 9P2000 would even read as binary stats.
    const bool typed = (source.attributes.valid & GETATTR_MODE) != 0;
    const bool is_directory = typed ? source.attributes.is_directory() : (source.file.node().qid().type & QTDIR) != 0;
    if (is_directory) co_return Error::from_errno(EISDIR);
    if (source.path.ends_with('/')) co_return Error::from_errno(ENOTDIR);
    co_return source;
}

}  // namespace p9::tools
