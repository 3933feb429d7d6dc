// The terminal: lines with editing, history and TAB, by readline.
//
// The only part of the project that needs readline, which is under the GNU GPL. readline's callback interface is used,
// so that the session lives while somebody types. One Terminal at a time, because readline is one.
#pragma once

#include "tools/p9sh/completion.hpp"
#include "tools/p9sh/runner.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <optional>
#include <string>

namespace p9::tools {

class Terminal {
public:
    /// Reads what was typed in earlier runs from the file `history`; nothing is kept if that is empty.
    Terminal(Runner& runner, Completer& completer, std::string history);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// The next line; nothing at the end of input or when the program is to end. Ctrl-C begins a new one.
    std::optional<std::string> read_line(const std::string& prompt);

    /// Takes the line that is being typed away, before something else is printed.
    void hide_line() const;
    /// Brings it back.
    void show_line() const;

private:
    static void on_line(char* text);
    static int on_tab(int count, int key);
    void complete();
    void show(const Completion& completion) const;
    void remember(const std::string& line);
    bool input_is_there();

    Runner& runner_;
    Completer& completer_;
    std::string history_;
    boost::asio::posix::stream_descriptor input_;
    bool waiting_ = false;  // for input_
    bool reading_ = false;  // readline has the terminal
    bool line_done_ = false;
    std::optional<std::string> line_;
};

/// The file of the history: $XDG_STATE_HOME/p9sh/history, with ~/.local/state if that is not set. Its folder is made.
/// Empty if there can be none.
std::string history_file();

}  // namespace p9::tools
