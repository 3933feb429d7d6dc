// get: files from the server.
#include "tools/p9cat/cat.hpp"
#include "tools/p9cat/target.hpp"
#include "tools/p9sh/places.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace p9::tools {
namespace {

bool is_local_directory(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

awaitable<void> get_file(Call& call, std::string remote, std::string local) {
    auto opening = open_source(call.client(), remote, call.context.directory);
    auto source = co_await std::move(opening);
    if (!source) co_return call.messages().report(remote, source.error());
    auto target = Target::open(co_await boost::asio::this_coro::executor, local);
    if (!target) co_return call.messages().report("", target.error());
    Progress progress(call.shell.interactive());
    Sink sink{call.messages(), (*target)->out(), progress};
    const int before = call.messages().status();
    auto copying = copy(*source, CatOptions(), sink);
    const bool copied = co_await std::move(copying);
    if ((*target)->out().failure()) co_return call.messages().report("", *(*target)->out().failure());
    if (!copied || call.messages().status() != before) co_return;
    const auto committed = (*target)->commit();
    if (!committed) call.messages().report("", committed.error());
}

}  // namespace

awaitable<void> run_get(Call& call) {
    const std::size_t words = call.arguments.operands.size();
    const bool named = words > 1;
    auto finding = remote_paths(call, 0, named ? words - 1 : words);
    const auto sources = co_await std::move(finding);
    const std::string to = named ? call.arguments.text(words - 1) : ".";
    const bool into = is_local_directory(to);
    if (!into && sources.size() > 1)
        co_return call.messages().report(
            to, Error::from_errno(ENOTDIR, "several files go into a directory, and this is none"));
    for (const auto& source : sources) {
        auto getting = get_file(call, source, into ? path_in(to, last_name(call.shell.absolute(source))) : to);
        co_await std::move(getting);
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
