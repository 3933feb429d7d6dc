// rmdir: removes empty directories.
#include "tools/p9sh/places.hpp"

namespace p9::tools {

awaitable<void> run_rmdir(Call& call) {
    auto finding = remote_paths(call);
    const auto paths = co_await std::move(finding);
    for (const auto& path : paths) {
        const auto removed = co_await unlink_at(call, path, true);
        if (!removed) call.messages().report(path, removed.error());
        if (call.messages().hopeless()) co_return;
    }
}

}  // namespace p9::tools
