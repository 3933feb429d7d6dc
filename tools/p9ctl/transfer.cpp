// The files of the SIP tree and others, opened and written to.
#include "tools/p9ctl/ctl.hpp"

namespace p9::tools {

awaitable<bool> interrupted() {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    co_return state.cancelled() != boost::asio::cancellation_type::none;
}

awaitable<Result<File>> open_at(Ctl& ctl, Where where, OpenFlags flags) {
    auto walked = co_await ctl.tree.walk(where);
    if (!walked) co_return walked.error();
    co_return co_await File::open(std::move(*walked), flags);
}

awaitable<Result<std::string>> read_text(Ctl& ctl, Where where) {
    auto file = co_await open_at(ctl, std::move(where), P9_O_RDONLY);
    if (!file) co_return file.error();
    co_return co_await read_to_end(*file);
}

awaitable<Result<std::string>> ask_at(Ctl& ctl, Where where, std::string text) {
    auto file = co_await open_at(ctl, std::move(where), P9_O_RDWR);
    if (!file) co_return file.error();
    co_return co_await ask_once(*file, text);
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
