// cd, pwd: where one is on the server.
#include "tools/p9sh/command.hpp"

#include <cerrno>

namespace p9::tools {

awaitable<void> run_cd(Call& call) {
    const std::string to = call.arguments.operands.empty() ? "/" : call.arguments.text(0);
    std::string path;
    if (to == "-") {
        path = call.shell.previous_directory();
        if (path.empty())
            co_return call.messages().report("", Error::from_errno(ENOENT, "there was no directory before"));
    } else if (to == "/") {
        path = to;
    } else {
        auto finding = remote_paths(call);
        const auto found = co_await std::move(finding);
        if (found.empty()) co_return;
        if (found.size() > 1)
            co_return call.messages().report(to, Error::from_errno(EINVAL, "more than one name matches this pattern"));
        path = call.shell.absolute(found[0]);
    }
    const auto attributes = co_await call.client().attributes(path);
    if (!attributes) co_return call.messages().report(to, attributes.error());
    const bool typed = (attributes->valid & GETATTR_MODE) != 0;
    const bool is_directory = typed ? attributes->is_directory() : (attributes->qid.type & QTDIR) != 0;
    if (!is_directory) co_return call.messages().report(to, Error::from_errno(ENOTDIR));
    call.shell.directory(path);
    if (to == "-") call.out().put(call.shown(path) + "\n");
}

awaitable<void> run_pwd(Call& call) {
    call.out().put(call.shown(call.shell.directory()) + "\n");
    co_return;
}

}  // namespace p9::tools
