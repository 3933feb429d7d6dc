#include "tools/p9sh/shell.hpp"

#include "tools/connection.hpp"
#include "tools/p9sh/raw_conversation.hpp"
#include "tools/trace_output.hpp"

namespace p9::tools {

Shell::Shell(const CommonOptions& options, bool interactive) : options_(options), interactive_(interactive) {
    // The trace can be turned on and off: it goes through here.
    options_.trace.reset();
    options_.tracer = [this](Direction direction, Bytes frame, Dialect dialect) {
        traffic_.saw(direction, frame, dialect);
        trace_message(direction, frame, dialect, "");
    };
}

Shell::~Shell() = default;

awaitable<Result<void>> Shell::connect(const Messages& messages) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto ending = disconnect("there is no connection");
    co_await std::move(ending);
    traffic_.clear();
    auto connecting = tools::connect(options_, messages);
    auto client = co_await std::move(connecting);
    if (!client) co_return client.error();
    client_ = std::make_shared<Client>(std::move(*client));
    co_return boost::system::in_place_value;
}

awaitable<void> Shell::disconnect(std::string why) {
    why_none_ = std::move(why);
    raw.reset();
    const auto client = std::exchange(client_, std::make_shared<Client>());
    if (!*client) co_return;
    auto closing = client->close();
    co_await std::move(closing);
}

void Shell::abort() {
    if (*client_) client_->session().abort(Error(errc::connection_lost, "the connection was given up here"));
}

std::optional<Error> Shell::lost() const {
    if (!*client_) return Error(errc::connection_lost, why_none_);
    return client_->session().ended();
}

void Shell::directory(std::string path) { previous_ = std::exchange(directory_, std::move(path)); }

std::string Shell::absolute(const std::string& path) const {
    std::string out;
    const std::string whole = path.starts_with('/') ? path : directory_ + '/' + path;
    for (const auto& name : split_path(whole)) out.append("/").append(name);
    return out.empty() ? "/" : out;
}

std::string Shell::prompt() const {
    return display_name(options_.address) + ':' + escaped(directory_) + (lost() ? " (no connection)> " : "> ");
}

Result<void> Shell::trace(const std::optional<std::string>& where) {
    trace_ = nullptr;
    if (!where) return {};
    auto opened = open_trace_lines(*where);
    if (!opened) return opened.error();
    trace_ = std::move(*opened);
    trace_on_terminal_ = interactive_ && *where == "-";
    return {};
}

void Shell::trace_message(Direction direction, Bytes frame, Dialect dialect, std::string_view label) const {
    if (!trace_) return;
    if (trace_on_terminal_ && before_trace) before_trace();
    trace_(std::string(label) + trace_line(direction, frame, dialect));
    if (trace_on_terminal_ && after_trace) after_trace();
}

std::string Shell::complaint_prefix(std::string_view command) const {
    if (line == 0) return std::string(command);
    return options_.tool + ": line " + std::to_string(line) + ": " + std::string(command);
}

}  // namespace p9::tools
