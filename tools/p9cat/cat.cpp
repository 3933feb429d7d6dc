#include "tools/p9cat/cat.hpp"

#include "tools/both.hpp"
#include "tools/glob.hpp"
#include "tools/p9cat/target.hpp"

namespace p9::tools {
namespace {

awaitable<bool> read_source(OpenSource& source, const CatOptions& options, Sink& sink) {
    if (options.count) return copy_events(source, options, sink);
    if (options.follow) return follow(source, options, sink);
    return copy(source, options, sink);
}

}  // namespace

awaitable<void> cat_paths(Context& context, const CatOptions& options, std::vector<std::string> paths, Sink& sink) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto opening_first = open_source(context.client, paths.front(), context.directory);
    Result<OpenSource> opened = co_await std::move(opening_first);
    for (std::size_t i = 0; i < paths.size(); ++i) {
        Result<OpenSource> current = std::exchange(opened, Error(errc::cancelled));
        if (!current) {
            sink.messages.report(paths[i], current.error());
            if (sink.messages.hopeless()) co_return;
        }
        const bool more = i + 1 < paths.size();
        // The next file is opened while this one is read. An event file is not: opening one may begin a subscription.
        const bool overlap = more && current && !options.count;
        bool go_on = true;
        if (overlap) {
            auto reading = read_source(*current, options, sink);
            auto opening = open_source(context.client, paths[i + 1], context.directory);
            auto [went_on, next] = co_await both(std::move(reading), std::move(opening));
            go_on = went_on;
            opened = std::move(next);
        } else {
            if (current) go_on = co_await read_source(*current, options, sink);
            if (go_on && more) {
                auto opening = open_source(context.client, paths[i + 1], context.directory);
                opened = co_await std::move(opening);
            }
        }
        if (!go_on) co_return;
    }
}

awaitable<void> cat(Context& context, const CatOptions& options) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    std::unique_ptr<Target> target;
    if (!options.output.empty() && options.output != "-") {
        auto opened = Target::open(co_await boost::asio::this_coro::executor, options.output);
        if (!opened) {
            context.messages.report("", opened.error());
            co_return;
        }
        target = std::move(*opened);
    }
    Progress progress(options.progress);
    Sink sink{context.messages, target ? target->out() : context.out, progress};
    auto expanding = expand(context.client, context.messages, options.paths, Literal::first, context.directory);
    auto paths = co_await std::move(expanding);
    if (!paths.empty()) co_await cat_paths(context, options, std::move(paths), sink);
    if (!target) co_return;

    const auto state = co_await boost::asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
    if (target->out().failure()) context.messages.report("", *target->out().failure());
    if (cancelled || context.messages.status() != EXIT_DONE) {
        context.messages.note(escaped(options.output) + ": not written, because not everything could be read");
        co_return;
    }
    const auto committed = target->commit();
    if (!committed) context.messages.report("", committed.error());
}

}  // namespace p9::tools
