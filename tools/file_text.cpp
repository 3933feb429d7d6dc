#include "tools/file_text.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

constexpr std::size_t most_text = 64 << 20;

std::string_view text_of(const Payload& payload) {
    return {reinterpret_cast<const char*>(payload.bytes.data()), payload.bytes.size()};
}

}  // namespace

awaitable<Result<std::string>> read_to_end(const File& file) {
    std::string text;
    for (;;) {
        auto payload = co_await file.read(text.size(), file.max_io());
        if (!payload) co_return payload.error();
        if (payload->bytes.empty()) co_return text;
        text += text_of(*payload);
        if (text.size() > most_text) co_return Error::from_errno(EFBIG, "the file does not end within 64 MiB");
    }
}

awaitable<Result<void>> write_once(const File& file, std::string_view text) {
    if (text.size() > file.max_io())
        co_return Error::from_errno(EMSGSIZE, "the command has " + std::to_string(text.size()) +
                                                  " bytes, and one write to this file carries at most " +
                                                  std::to_string(file.max_io()) + "; nothing was sent");
    const auto written = co_await file.write(0, Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
    if (!written) co_return written.error();
    if (*written != text.size())
        co_return Error::from_errno(EIO, "the server took " + std::to_string(*written) + " of the " +
                                             std::to_string(text.size()) + " bytes of the command");
    co_return Result<void>();
}

awaitable<Result<std::string>> read_once(const File& file, u64 offset) {
    auto payload = co_await file.read(offset, file.max_io());
    if (!payload) co_return payload.error();
    co_return std::string(text_of(*payload));
}

awaitable<Result<std::string>> ask_once(const File& file, std::string_view text) {
    const auto written = co_await write_once(file, text);
    if (!written) co_return written.error();
    auto reply = co_await read_once(file, 0);
    if (reply && reply->empty()) co_return Error::from_errno(EIO, "the server took the words and gave no reply");
    co_return reply;
}

}  // namespace p9::tools
