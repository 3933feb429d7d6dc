// One command, one Twrite; files of length 0 read to their end.
#include "tools/p9ctl/ctl.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

constexpr std::size_t most_text = 64 << 20;

std::string_view text_of(const Payload& payload) {
    return {reinterpret_cast<const char*>(payload.bytes.data()), payload.bytes.size()};
}

}  // namespace

awaitable<bool> interrupted() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    co_return state.cancelled() != boost::asio::cancellation_type::none;
}

awaitable<Result<File>> open_at(Ctl& ctl, Where where, OpenFlags flags) {
    auto walked = co_await ctl.tree.walk(where);
    if (!walked) co_return walked.error();
    co_return co_await File::open(std::move(*walked), flags);
}

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

awaitable<Result<std::string>> read_text(Ctl& ctl, Where where) {
    auto file = co_await open_at(ctl, std::move(where), P9_O_RDONLY);
    if (!file) co_return file.error();
    co_return co_await read_to_end(*file);
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

awaitable<Result<std::string>> ask_at(Ctl& ctl, Where where, std::string text) {
    auto file = co_await open_at(ctl, std::move(where), P9_O_RDWR);
    if (!file) co_return file.error();
    const auto written = co_await write_once(*file, text);
    if (!written) co_return written.error();
    auto reply = co_await read_once(*file, 0);
    if (reply && reply->empty()) co_return Error::from_errno(EIO, "the server took the words and gave no reply");
    co_return reply;
}

awaitable<Result<void>> send_to(Ctl& ctl, Where where, std::string text) {
    const File* file = ctl.files.find(where);
    const bool kept = file != nullptr;
    if (!kept) {
        auto opened = co_await open_at(ctl, where, P9_O_WRONLY);
        if (!opened) co_return opened.error();
        file = ctl.files.keep(where, std::move(*opened));
    }
    auto written = co_await write_once(*file, text);
    if (written || written.error().is_errno(EMSGSIZE)) co_return written;
    const Qid old = file->node().qid();
    ctl.files.forget(where);
    if (!kept || written.error().is_errc()) co_return written;
    // The server refused it. Only if the path leads to another file by now (a server that was removed and made again)
    // is it sure that this file has seen nothing of the command. Otherwise the refusal is the answer: some servers
    // carry out a part of what they refuse.
    auto walked = co_await ctl.tree.walk(where);
    if (!walked && walked.error().is_errc()) co_return walked.error();
    if (!walked || (walked->qid().path == old.path && walked->qid().type == old.type)) co_return written;
    auto opened = co_await File::open(std::move(*walked), P9_O_WRONLY);
    if (!opened) co_return opened.error();
    file = ctl.files.keep(where, std::move(*opened));
    co_return co_await write_once(*file, text);
}

}  // namespace p9::tools
