// batch: many commands over one connection.
//
// Each line of output begins with a word that tells what it is and the number of the command's line:
//     out LINE TEXT     output of the command, any number of lines
//     ok LINE           it is done
//     error LINE TEXT   it failed
#include "p9/trace.hpp"
#include "tools/messages.hpp"
#include "tools/p9ctl/command.hpp"
#include "tools/p9ctl/ctl.hpp"
#include "tools/p9ctl/input.hpp"
#include "tools/p9ctl/record.hpp"
#include "tools/words.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace p9::tools {
namespace {

struct BatchOptions {
    std::string file;  ///< empty: standard input
    bool keep_going = false;
    bool json = false;
};

/// Where the commands of a batch write. `begin` and `end` frame each of them.
class BatchSink final : public Sink {
public:
    BatchSink(Sink& outer, bool json) : outer_(outer), json_(json) {}

    void begin(u64 line) {
        line_ = std::to_string(line);
        failed_ = false;
        words_.clear();
        status_ = EXIT_DONE;
    }
    /// Writes the status line; the status of the command.
    int end() {
        if (json_) {
            JsonObject object;
            object.json("line", line_).boolean("ok", !failed_);
            if (failed_) object.number("status", static_cast<u64>(status_)).text("error", words_);
            outer_.object(object.str());
        } else if (failed_) {
            outer_.lines("error " + line_ + " " + one_line(words_) + "\n");
        } else {
            outer_.lines("ok " + line_ + "\n");
        }
        return status_;
    }

    void lines(std::string_view text) override {
        for (const auto line : lines_of(text)) {
            if (json_) {
                JsonObject object;
                outer_.object(object.json("line", line_).text("output", line).str());
            } else {
                outer_.lines(std::string("out ").append(line_).append(" ").append(line).append("\n"));
            }
        }
    }
    void object(std::string_view json) override {
        if (!json_) return lines(json);
        JsonObject object;
        outer_.object(object.json("line", line_).json("output", json).str());
    }
    void raw(std::string_view bytes) override { lines(bytes); }
    void fail(std::string_view what, const Error& error) override {
        const bool cancelled = error.code == make_error_code(errc::cancelled);
        // The end of a connection fails everything that was under way: once is enough to say so.
        if (hopeless_) return;
        hopeless_ = ends_everything(error) && error.code != make_error_code(errc::timed_out);
        fail_with(status_of(error), cancelled      ? "interrupted"
                                    : what.empty() ? error.message()
                                                   : escaped(what) + ": " + error.message());
        if (hopeless_ && !cancelled) outer_.fail("batch: line " + line_, error);
    }
    void fail_with(int status, std::string_view words) {
        if (!words_.empty()) words_ += "; ";
        words_ += words;
        if (!failed_) status_ = status;
        failed_ = true;
    }
    void end_with(int status) override { outer_.end_with(status); }
    void answer_no(std::string_view why) override { fail_with(EXIT_REFUSED, why); }
    void note(std::string_view text) override { outer_.note(text); }
    bool full() const override { return outer_.full(); }
    awaitable<bool> flush() override { return outer_.flush(); }
    bool hopeless() const override { return hopeless_; }
    bool wants_json() const override { return json_; }
    int program_output() const override { return STDERR_FILENO; }

private:
    Sink& outer_;
    bool json_;
    bool failed_ = false;
    bool hopeless_ = false;
    int status_ = EXIT_DONE;
    std::string line_;
    std::string words_;
};

/// A file that is closed at the end, or standard input.
class Source {
public:
    explicit Source(const std::string& path)
        : fd_(path.empty() ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)), why_(errno) {}
    ~Source() {
        if (fd_ > STDERR_FILENO) ::close(fd_);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    int fd() const { return fd_; }
    int why() const { return why_; }

private:
    int fd_;
    int why_;
};

/// False for commands that nobody has to wait for longer than for a message: what was printed before them may wait too.
bool takes_time(const Command& command) {
    const auto prepare = command.prepare;
    return prepare != prepare_write && prepare != prepare_set && prepare != prepare_ask &&
           prepare != prepare_mem_write && prepare != prepare_mem_read && !command.name.starts_with("io ");
}

/// The command of a line, ready to run.
struct Prepared {
    Action action;  ///< nothing for a line without a command
    bool takes_time = false;
};

Result<Prepared> prepare_line(std::string_view line) {
    const auto words = split_words(line);
    if (!words) return words.error();
    if (words->empty()) return Prepared();
    const auto parsed = parse_command(*words);
    if (!parsed) return parsed.error();
    if (parsed->command->prepare == prepare_batch) return Error::from_errno(EINVAL, "a batch cannot hold a batch");
    auto action = parsed->command->prepare(parsed->arguments);
    if (!action) return action.error();
    return Prepared{std::move(*action), takes_time(*parsed->command)};
}

/// Runs the command of one line. Its status; nothing for a line without a command.
awaitable<std::optional<int>> run_line(Ctl& ctl, BatchSink& sink, std::string_view line, u64 number) {
    const auto prepared = prepare_line(line);
    if (prepared && !prepared->action) co_return std::nullopt;
    sink.begin(number);
    if (prepared) {
        if (prepared->takes_time) co_await sink.flush();
        auto running = prepared->action(ctl);
        co_await std::move(running);
    } else {
        sink.fail_with(EXIT_USAGE, prepared.error().message());
    }
    co_return sink.end();
}

awaitable<void> run_batch(Ctl& outer, BatchOptions options) {
    const std::string name = options.file.empty() ? "standard input" : options.file;
    const Source source(options.file);
    if (source.fd() < 0) co_return outer.sink.fail(name, Error::from_errno(source.why()));
    Input input(co_await boost::asio::this_coro::executor, source.fd());
    BatchSink sink(outer.sink, options.json);
    Ctl ctl(outer.options, outer.client, sink, outer.tree);
    ctl.batch = true;
    for (u64 number = 1;; ++number) {
        // Whoever writes commands one at a time sees what became of each; who writes many at once gets many lines at
        // once.
        if (outer.sink.full() || !input.ready()) {
            const bool shown = co_await outer.sink.flush();
            if (!shown) co_return;
        }
        const auto line = co_await input.line();
        if (!line) co_return outer.sink.fail(name, line.error());
        if (!*line) co_return;
        auto running = run_line(ctl, sink, **line, number);
        const auto status = co_await std::move(running);
        const bool stopped = co_await interrupted();
        if (status.value_or(EXIT_DONE) != EXIT_DONE) outer.sink.end_with(*status);
        if (stopped || sink.hopeless()) co_return;
        if (status.value_or(EXIT_DONE) != EXIT_DONE && !options.keep_going) co_return;
    }
}

}  // namespace

Result<Action> prepare_batch(const Arguments& arguments) {
    BatchOptions options;
    options.keep_going = arguments.has("--keep-going");
    options.json = arguments.has("--json");
    if (!arguments.words.empty() && arguments.words[0] != "-") options.file = arguments.words[0];
    return Action([options](Ctl& ctl) { return run_batch(ctl, options); });
}

}  // namespace p9::tools
