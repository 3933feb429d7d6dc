// raw: one message, made by hand, and what comes back.
#include "tools/capture.hpp"
#include "tools/connection.hpp"
#include "tools/p9sh/command.hpp"
#include "tools/p9sh/raw_conversation.hpp"
#include "tools/p9sh/raw_message.hpp"
#include "tools/trace_output.hpp"

#include "p9/negotiate.hpp"

#include <cerrno>

namespace p9::tools {
namespace {

RawDefaults defaults_for(const Shell& shell, Dialect dialect, Tag tag) {
    RawDefaults defaults;
    defaults.dialect = dialect;
    defaults.tag = tag;
    defaults.msize = shell.options().msize;
    defaults.uname = shell.options().uname;
    defaults.aname = shell.options().aname;
    defaults.n_uname = shell.options().n_uname;
    return defaults;
}

awaitable<Result<Agreement>> dial_only(Dialler dialler, Dialect dialect) {
    auto dialling = dialler();
    auto transport = co_await std::move(dialling);
    if (!transport) co_return transport.error();
    Agreement agreement;
    agreement.transport = std::move(*transport);
    agreement.dialect = dialect;
    co_return agreement;
}

/// Opens the conversation; `bare`: without a version exchange, because the first message is one.
awaitable<Result<void>> open_conversation(Call& call, bool bare) {
    const CommonOptions& options = call.shell.options();
    if (std::holds_alternative<FdAddress>(options.address))
        co_return Error::from_errno(EOPNOTSUPP, "inherited descriptors make one connection, and the session has it");
    SessionOptions session_options;
    session_options.dialects = options.dialects;
    session_options.msize = options.msize;
    if (const auto lost = call.shell.lost(); !lost) session_options.dialects = {call.client().session().dialect()};
    if (std::holds_alternative<VirtioAddress>(options.address) && !call.shell.lost()) {
        call.messages().note("the port has one client at a time: the session ends for it; reconnect brings it back");
        auto ending = call.shell.disconnect("the port's one connection went to raw");
        co_await std::move(ending);
    }
    DialOptions dial_options;
    dial_options.tls = options.tls;
    auto reached = std::make_shared<bool>(false);
    Dialler dialler = noting_dialler(options.address, std::move(dial_options), reached);
    if (options.capture) dialler = options.capture->watch(std::move(dialler));
    const Dialect first = session_options.dialects.front();
    auto opening = bare ? dial_only(std::move(dialler), first) : agree(std::move(dialler), session_options);
    auto agreed = co_await within(options.connect_timeout, std::move(opening),
                                  display_name(options.address) + ": no connection, or no answer, in time");
    if (!agreed) co_return no_connection(agreed.error(), options.address, *reached);
    const Shell& shell = call.shell;
    call.shell.raw = std::make_unique<RawConversation>(std::move(agreed->transport), agreed->dialect,
                                                       [&shell](Direction direction, Bytes frame, Dialect dialect) {
                                                           shell.trace_message(direction, frame, dialect, "raw ");
                                                       });
    std::string line = "raw: a connection of its own";
    if (!bare) line += ", " + std::string(version_string(agreed->dialect)) + ", msize " + std::to_string(agreed->msize);
    call.out().put(line + "\n");
    co_return boost::system::in_place_value;
}

/// The entries that Rreaddir brings, which are data to the trace.
void print_entries(Call& call, Bytes frame, Dialect dialect) {
    if (header_of(frame).type != Rreaddir::type) return;
    const auto reply = decode<Rreaddir>(body_of(frame), dialect);
    if (!reply) return;
    const bool whole = decode_each<Dirent>(reply->data.bytes, dialect, [&call](const Dirent& entry) {
        call.out().put("   qid=" + qid_text(entry.qid) + " offset=" + std::to_string(entry.offset) +
                       " type=" + std::to_string(entry.type) + " name=\"" + escaped(entry.name) + "\"\n");
        return true;
    });
    if (!whole) call.out().put("   and what is no entry\n");
}

void print_message(Call& call, Direction direction, Bytes frame, Dialect dialect) {
    std::string line = trace_line(direction, frame, dialect);
    const u32 size = header_of(frame).size;
    if (size != frame.size())
        line += " (size=" + std::to_string(size) + " for " + std::to_string(frame.size()) + " bytes)";
    call.out().put(line + "\n");
    print_entries(call, frame, dialect);
    if (call.arguments.has('x')) call.out().put(hex_lines(frame));
}

/// Prints what has come. True if a refusal was among it.
bool print_received(Call& call) {
    bool refused = false;
    for (const auto& frame : call.shell.raw->take_received()) {
        print_message(call, Direction::received, frame, call.shell.raw->dialect());
        const u8 type = header_of(frame).type;
        refused = refused || type == Rerror::type || type == Rlerror::type;
    }
    return refused;
}

/// Prints what has come of an answer that is not whole, and says what that means.
void print_beginning(Call& call) {
    const Bytes frame = call.shell.raw->beginning();
    if (frame.empty()) return;
    const Header header = header_of(frame);
    call.out().put("<- " + message_name(header.type) + " tag=" + std::to_string(number(header.tag)) + " (only " +
                   std::to_string(frame.size()) + " of the " + std::to_string(header.size) +
                   " bytes that its size says)\n");
    if (call.arguments.has('x')) call.out().put(hex_lines(frame));
}

/// Says how the conversation ended, if it did.
bool report_end(Call& call) {
    if (!call.shell.raw->ended()) return false;
    print_beginning(call);
    call.messages().report("", *call.shell.raw->ended());
    call.shell.raw.reset();
    return true;
}

/// Why there may be no answer, and what to do.
std::string why_no_answer(const RawConversation& raw, Tag tag) {
    const std::string anew = "; raw -c ends this conversation, the next raw begins anew";
    if (!raw.framing().in_step()) return "no answer, because the server " + raw.framing().words() + anew;
    if (!raw.beginning().empty())
        return "no whole answer: the server's size says more than it has sent, and it may take what it sends next for "
               "the rest" +
               anew;
    return "no answer so far; raw prints what comes later, raw Tflush oldtag=" + std::to_string(number(tag)) +
           " asks for none" + anew;
}

awaitable<void> converse(Call& call) {
    const auto& words = call.arguments.operands;
    RawConversation& raw = *call.shell.raw;
    const auto frame = build_message(words, defaults_for(call.shell, raw.dialect(), raw.traffic().free_tag()));
    if (!frame) co_return call.usage_error(frame.error().message());
    print_received(call);  // what came too late for the command before
    print_message(call, Direction::sent, *frame, raw.dialect());
    co_await call.out().flush();
    if (!raw.framing().in_step()) call.messages().note("out of step: the server " + raw.framing().words());
    if (const std::string wrong = wrong_size(*frame); !wrong.empty()) call.messages().note(wrong);
    const auto sent = co_await raw.send(*frame);
    if (!sent) {
        print_received(call);
        call.messages().report("", sent.error());
        call.shell.raw.reset();
        co_return;
    }
    const Duration limit = call.arguments.seconds('t').value_or(std::chrono::seconds(5));
    bool answered = false;
    if (!call.arguments.has('n')) answered = co_await raw.wait_for(header_of(*frame).tag, limit);
    const bool refused = print_received(call);
    if (report_end(call)) co_return;
    if (refused) call.status = EXIT_REFUSED;
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
    if (answered || call.arguments.has('n')) co_return;
    if (cancelled) co_return;
    print_beginning(call);
    call.messages().report("", Error(errc::timed_out, why_no_answer(raw, header_of(*frame).tag)));
}

}  // namespace

Result<void> check_raw(const Arguments& arguments) {
    if (arguments.operands.empty()) return {};
    if (arguments.has('c')) return Error::from_errno(EINVAL, "-c closes the conversation and takes no message");
    // A field that some dialects have is right in some conversations.
    Result<ByteVector> built = ByteVector();
    for (const Dialect dialect : {Dialect::base, Dialect::linux_, Dialect::unix_}) {
        RawDefaults defaults;
        defaults.dialect = dialect;
        built = build_message(arguments.operands, defaults);
        if (built) return {};
    }
    return built.error();
}

awaitable<void> run_raw(Call& call) {
    if (call.arguments.has('c')) {
        if (call.shell.raw) print_received(call);
        call.shell.raw.reset();
        co_return;
    }
    const bool message = !call.arguments.operands.empty();
    if (call.shell.raw && call.shell.raw->ended()) {
        // It ended while nobody looked.
        print_received(call);
        call.messages().note("the conversation of raw has ended: " + call.shell.raw->ended()->message());
        call.shell.raw.reset();
    }
    if (!call.shell.raw && message) {
        auto opening = open_conversation(call, is_version(call.arguments.operands));
        const auto opened = co_await std::move(opening);
        if (!opened) co_return call.messages().report("", opened.error());
    }
    if (!call.shell.raw) {
        call.out().put("raw: no conversation\n");
    } else if (message) {
        auto conversing = converse(call);
        co_await std::move(conversing);
    } else {
        print_received(call);
        if (!report_end(call)) print_beginning(call);
    }
}

}  // namespace p9::tools
