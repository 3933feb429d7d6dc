#include "tools/p9sh/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <readline/history.h>
#include <readline/readline.h>

namespace p9::tools {
namespace {

constexpr int MOST_REMEMBERED = 2000;
/// Names that are listed at a TAB; more would only scroll by.
constexpr std::size_t MOST_SHOWN = 400;

/// The terminal that readline's functions are about: they take no argument of ours, and readline is one for a program.
Terminal*& current_terminal() {
    static Terminal* terminal = nullptr;
    return terminal;
}

}  // namespace

std::string history_file() {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    std::filesystem::path folder;
    if (state != nullptr && *state == '/')
        folder = state;
    else if (home != nullptr && *home == '/')
        folder = std::filesystem::path(home) / ".local" / "state";
    else
        return {};
    folder /= "p9sh";
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return {};
    std::string file = folder / "history";
    // What was typed is nobody else's to read.
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return {};
    ::close(fd);
    return file;
}

Terminal::Terminal(Runner& runner, Completer& completer, std::string history)
    : runner_(runner),
      completer_(completer),
      history_(std::move(history)),
      input_(runner.io(), ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) {
    current_terminal() = this;
    // Signals are the event loop's.
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_readline_name = "p9sh";
    rl_initialize();
    rl_bind_key('\t', on_tab);
    rl_variable_bind("page-completions", "off");
    using_history();
    stifle_history(MOST_REMEMBERED);
    if (!history_.empty()) read_history(history_.c_str());
    runner_.before_stop = [this] {
        if (reading_) rl_deprep_terminal();
    };
    runner_.after_stop = [this] {
        if (!reading_) return;
        rl_prep_terminal(1);
        rl_forced_update_display();
    };
}

Terminal::~Terminal() {
    if (reading_) rl_callback_handler_remove();
    if (!history_.empty()) history_truncate_file(history_.c_str(), MOST_REMEMBERED);
    runner_.before_stop = nullptr;
    runner_.after_stop = nullptr;
    current_terminal() = nullptr;
}

void Terminal::on_line(char* text) {
    Terminal& terminal = *current_terminal();
    // Removed here, or readline would print the next prompt.
    rl_callback_handler_remove();
    terminal.reading_ = false;
    terminal.line_done_ = true;
    if (text == nullptr) return;
    terminal.line_ = text;
    std::free(text);
}

bool Terminal::input_is_there() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return ::poll(&input, 1, 0) > 0;
}

std::optional<std::string> Terminal::read_line(const std::string& prompt) {
    (void)runner_.take_interrupt();
    line_.reset();
    line_done_ = false;
    const auto begin = [&] {
        rl_callback_handler_install(prompt.c_str(), on_line);
        reading_ = true;
    };
    begin();
    while (!line_done_ && !runner_.terminated()) {
        if (!waiting_) {
            waiting_ = true;
            input_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code&) { waiting_ = false; });
        }
        runner_.wait([this] { return !waiting_; });
        // The loop may tell of input before it tells of the Ctrl-C or Ctrl-Z that came first, and these empty the
        // terminal's queue: what is there now was typed after them.
        runner_.io().poll();
        if (runner_.take_resize()) rl_resize_terminal();
        if (runner_.take_interrupt()) {
            rl_callback_sigcleanup();
            rl_free_line_state();
            rl_callback_handler_remove();
            std::fputs("^C\n", rl_outstream);
            begin();
        } else if (!waiting_ && input_is_there()) {
            rl_callback_read_char();
        }
    }
    if (reading_) rl_callback_handler_remove();
    reading_ = false;
    if (line_ && !line_->empty()) remember(*line_);
    return line_;
}

void Terminal::hide_line() const {
    if (!reading_) return;
    rl_clear_visible_line();
    std::fflush(rl_outstream);  // what follows is not written by stdio
}

void Terminal::show_line() const {
    if (reading_) rl_forced_update_display();
}

void Terminal::remember(const std::string& line) {
    if (line.starts_with(' ')) return;
    const HIST_ENTRY* last = history_length > 0 ? history_get(history_base + history_length - 1) : nullptr;
    if (last != nullptr && line == last->line) return;
    add_history(line.c_str());
    // At once, so that nothing is lost and two shells do not overwrite each other's.
    if (!history_.empty()) append_history(1, history_.c_str());
}

int Terminal::on_tab(int /*count*/, int /*key*/) {
    current_terminal()->complete();
    return 0;
}

void Terminal::complete() {
    const bool again = rl_last_func == on_tab;
    const std::string line(rl_line_buffer, static_cast<std::size_t>(rl_point));
    const Completion completion = completer_.complete(line);
    if (completion.shown.empty()) {
        rl_ding();
        return;
    }
    const std::string typed = line.substr(completion.begin);
    if (completion.replacement != typed) {
        rl_begin_undo_group();
        rl_delete_text(static_cast<int>(completion.begin), rl_point);
        rl_point = static_cast<int>(completion.begin);
        rl_insert_text(completion.replacement.c_str());
        rl_end_undo_group();
    }
    const char* at_once = rl_variable_value("show-all-if-ambiguous");
    const bool list_at_first = at_once != nullptr && std::string_view(at_once) == "on";
    if (completion.shown.size() == 1) return;
    if (again || list_at_first)
        show(completion);
    else if (completion.replacement == typed)
        rl_ding();
}

void Terminal::show(const Completion& completion) const {
    const std::size_t n = std::min(completion.shown.size(), MOST_SHOWN);
    std::vector<std::string> names(completion.shown.begin(), completion.shown.begin() + static_cast<std::ptrdiff_t>(n));
    if (n < completion.shown.size()) names.push_back("... " + std::to_string(completion.shown.size() - n) + " more");
    std::vector<char*> list{names[0].data()};  // the first is what they have in common, and is not printed
    std::size_t longest = 0;
    for (auto& name : names) {
        list.push_back(name.data());
        longest = std::max(longest, name.size());
    }
    list.push_back(nullptr);
    rl_display_match_list(list.data(), static_cast<int>(names.size()), static_cast<int>(longest));
    rl_forced_update_display();
}

}  // namespace p9::tools
