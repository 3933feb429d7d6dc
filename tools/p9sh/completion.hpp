// What TAB makes of a line.
//
// Files of the server are listed over the session with a time limit: at most LONGEST_WAIT passes in `complete`,
// whatever the server does. A listing that is slower goes on and is there at the next TAB. One thread, and never from
// within a handler, because it drives the event loop.
#pragma once

#include "tools/p9sh/command.hpp"
#include "tools/p9sh/runner.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p9::tools {

/// How long TAB may take.
inline constexpr std::chrono::milliseconds LONGEST_WAIT{1000};

/// A name that would fit.
struct Candidate {
    std::string text;      ///< all of the word, without quotes
    std::string shown;     ///< as it stands in a list
    bool goes_on = false;  ///< a directory, or a key with its '=': nothing ends the word
};

/// What becomes of the line.
struct Completion {
    std::size_t begin = 0;           ///< from here to the cursor the line is replaced
    std::string replacement;         ///< by this, quoted as it needs to be
    std::vector<std::string> shown;  ///< the candidates, safe for a terminal; empty: nothing fits
    bool too_slow = false;           ///< the server did not answer in time
};

/// The word at the end of a line and what it may be.
struct Place {
    Operand operand = Operand::none;
    Word word;
    std::string message;  ///< with Operand::message: the message whose fields are wanted; empty: a message is
};

/// Finds out what the end of `line` is part of.
Place place_in_line(std::string_view line);
/// What `candidates` have in common, as text in `line` in the place of `word`.
Completion completed(const Word& word, std::vector<Candidate> candidates);
/// `text` with the quotes that make one word of it, continuing the quote `open` (Word::open); `closed`: with its end.
std::string quoted(std::string_view text, char open, bool closed);

class Completer {
public:
    Completer(Shell& shell, Runner& runner) : shell_(shell), runner_(runner) {}

    /// The completion of `line`, which ends at the cursor.
    Completion complete(std::string_view line);
    /// Forgets what it knows of the server's tree: a command may have changed it.
    void forget();

private:
    struct Listing;
    static awaitable<void> fill(std::shared_ptr<Client> client, std::shared_ptr<Listing> listing);
    std::vector<Candidate> remote(const Word& word, bool directories_only, bool& too_slow);
    bool leads_to_directory(const std::string& path, Clock::time_point until);
    void wait_until(const std::function<bool()>& done, Clock::time_point until);

    Shell& shell_;
    Runner& runner_;
    std::shared_ptr<Listing> listing_;  // the last one
};

}  // namespace p9::tools
