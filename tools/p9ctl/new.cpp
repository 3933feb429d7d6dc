// new: a server made and configured on the fid of the clone file.
//
// Opening clone allocates a slot. A slot that was never given a type vanishes when its fid is clunked; after that only
// `remove` takes it away.
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

namespace asio = boost::asio;

/// How long the server may take to remove what was half made.
constexpr Duration patience = std::chrono::seconds(3);

struct NewServer {
    std::string type;
    std::string name;
    std::vector<std::string> settings;  ///< commands to the ctl file, in order
    bool json = false;
};

/// How far it came.
struct Made {
    bool typed = false;   ///< the slot has a type, or may have one
    std::string number;   ///< as the server said
    std::string failing;  ///< the step that failed
};

awaitable<Result<void>> configure(const File& clone, const NewServer& wanted, Made& made) {
    made.failing = "type " + wanted.type;
    auto written = co_await write_once(clone, wanted.type);
    made.typed = written.has_value() || written.error().is_errc();
    if (!written) co_return written;
    made.failing = "reading the number";
    auto reply = co_await read_once(clone, 0);
    if (!reply) co_return reply.error();
    const auto lines = lines_of(*reply);
    if (lines.size() != 1 || !plain_number(lines[0]))
        co_return Error::from_errno(EPROTO, "expected a number, not \"" + escaped(*reply) + '"');
    made.number = lines[0];
    for (const auto& setting : wanted.settings) {
        made.failing = setting;
        written = co_await write_once(clone, setting);
        if (!written) co_return written;
    }
    co_return Result<void>();
}

/// Removes the server on its own fid; a running one may have to be stopped for that.
awaitable<Result<void>> remove_half_made(File& clone, bool typed) {
    Result<void> removed;
    if (typed) {
        removed = co_await write_once(clone, "remove");
        if (!removed && !removed.error().is_errc()) {
            const auto stopped = co_await write_once(clone, "stop");
            if (stopped) removed = co_await write_once(clone, "remove");
        }
    }
    const auto closed = co_await clone.node().close();
    if (!closed && closed.error().is_errc()) co_return closed;
    co_return removed;
}

/// The same in spite of an interruption, which is what calls for it.
awaitable<Result<void>> undo(File& clone, bool typed) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    auto removing = remove_half_made(clone, typed);
    co_return co_await within(patience, std::move(removing), "no answer within 3 s");
}

/// Refuses what cannot be sent, before any of it is.
Result<void> check_sizes(const File& clone, const NewServer& wanted) {
    std::vector<std::string> all = wanted.settings;
    all.push_back(wanted.type);
    for (const auto& each : all)
        if (each.size() > clone.max_io())
            return Error::from_errno(EMSGSIZE, each.substr(0, each.find(' ')).substr(0, 20) + "...: the command has " +
                                                   std::to_string(each.size()) +
                                                   " bytes, and one write to this file carries at most " +
                                                   std::to_string(clone.max_io()) + "; nothing was sent");
    return {};
}

awaitable<void> make_server(Ctl& ctl, NewServer wanted) {
    const Where where{Base::sip, "clone"};
    auto clone = co_await open_at(ctl, where, P9_O_RDWR);
    if (!clone) co_return ctl.sink.fail("new", clone.error());
    if (const auto fits = check_sizes(*clone, wanted); !fits) co_return ctl.sink.fail("new", fits.error());
    Made made;
    auto configuring = configure(*clone, wanted, made);
    auto done = co_await std::move(configuring);
    const bool stopped = co_await interrupted();
    if (stopped) done = Error(errc::cancelled);
    if (done) {
        // The names of servers may mean others now.
        ctl.files.clear();
        if (wanted.json || ctl.sink.wants_json()) {
            JsonObject object;
            object.number("number", *plain_number(made.number));
            if (!wanted.name.empty()) object.text("name", wanted.name);
            ctl.sink.object(object.text("type", wanted.type).str());
        } else {
            ctl.sink.lines((wanted.name.empty() ? made.number : wanted.name) + "\n");
        }
        co_return;
    }
    ctl.sink.fail("new", done.error().code == make_error_code(errc::cancelled)
                             ? done.error()
                             : done.error().about(escaped(made.failing)));
    if (clone->node().session().ended()) {
        if (made.typed)
            ctl.sink.note("new: the connection is lost; the server" + (made.number.empty() ? "" : " " + made.number) +
                          " may be left half made");
        co_return;
    }
    auto undoing = undo(*clone, made.typed);
    const auto executor = co_await asio::this_coro::executor;
    auto apart = asio::co_spawn(executor, without_throwing(std::move(undoing)), asio::use_awaitable);
    const auto undone = co_await std::move(apart);
    // Before there is a number it is not known whether there was a server to remove.
    if (undone || made.number.empty()) co_return;
    ctl.sink.note("new: the half-made server " + made.number + " is left: " + undone.error().message());
}

}  // namespace

Result<Action> prepare_new(const Arguments& arguments) {
    NewServer wanted;
    wanted.type = arguments.words[0];
    wanted.json = arguments.has("--json");
    if (auto checked = check_word("TYPE", wanted.type); !checked) return checked.error();
    if (const std::string* name = arguments.value("--name")) {
        if (auto checked = check_word("--name", *name); !checked) return checked.error();
        wanted.name = *name;
        wanted.settings.push_back("name " + *name);
    }
    for (const auto& capability : arguments.values("--capability")) {
        if (auto checked = check_word("--capability", capability); !checked) return checked.error();
        wanted.settings.push_back("capability " + capability);
    }
    if (const std::string* mount = arguments.value("--mount")) {
        if (auto checked = check_word("--mount", *mount); !checked) return checked.error();
        wanted.settings.push_back("mount " + *mount);
    }
    if (arguments.has("--start")) wanted.settings.emplace_back("start");
    return Action([wanted](Ctl& ctl) { return make_server(ctl, wanted); });
}

}  // namespace p9::tools
