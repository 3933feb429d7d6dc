// p9ctl: drives SIP servers and other control files of a 9P server.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/sinks.hpp"

#include <algorithm>

namespace p9::tools {
namespace {

awaitable<void> work(Context& context, const CommonOptions& options, const std::string& root, const Action& action,
                     int& status) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    DirectSink sink(context);
    Ctl ctl(options, context.client, sink, SipTree(context.client, root));
    auto running = action(ctl);
    co_await std::move(running);
    status = sink.status();
}

/// The common options as they suit a command.
CommonOptions options_for(const CommonOptions& options, const Command& command) {
    CommonOptions changed = options;
    // The words of a refusal are half of what a ctl file has to say, and the errors of 9P2000.L are bare numbers: where
    // a server can choose, it speaks 9P2000.u.
    if (options.dialects.size() > 1) changed.dialects = {Dialect::unix_, Dialect::linux_, Dialect::base};
    // `wait` minds the time limit itself, so that it can tell what it was waiting for.
    if (command.prepare != prepare_wait || options.timeout == Duration::zero()) return changed;
    changed.timeout = Duration::zero();
    if (changed.connect_timeout == Duration::zero() || changed.connect_timeout > options.timeout)
        changed.connect_timeout = options.timeout;
    return changed;
}

int main(int argc, char** argv) {
    std::vector<std::string> words;
    std::string root;
    CommandLine line({"p9ctl", "", ""});
    line.text("--root", root, "PATH", "The SIP tree");
    const Command* command = nullptr;
    Action action;
    const auto take = [&](const std::vector<std::string>& given) -> std::optional<std::string> {
        const auto parsed = parse_command(given);
        if (!parsed) return parsed.error().message();
        command = parsed->command;
        auto prepared = command->prepare(parsed->arguments);
        if (!prepared) return prepared.error().message();
        action = *std::move(prepared);
        return std::nullopt;
    };
    line.words(words, help_text, take);
    int status = EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    int answer = EXIT_DONE;
    const int ran = run(options_for(line.common(), *command),
                        [&](Context& context) { return work(context, line.common(), root, action, answer); });
    return ran != EXIT_DONE ? ran : answer;
}

}  // namespace
}  // namespace p9::tools

int main(int argc, char** argv) { return p9::tools::main(argc, argv); }
