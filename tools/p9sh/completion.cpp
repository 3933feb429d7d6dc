#include "tools/p9sh/completion.hpp"

#include "p9/trace.hpp"
#include "tools/p9sh/raw_message.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

namespace p9::tools {
namespace {

namespace asio = boost::asio;

/// The part of a path before its last name, with the slash.
std::string_view folder_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == path.npos ? std::string_view() : path.substr(0, slash + 1);
}

Candidate file_candidate(std::string_view folder, const std::string& name, bool directory) {
    Candidate candidate;
    candidate.text = std::string(folder) + name + (directory ? "/" : "");
    candidate.shown = escaped(name) + (directory ? "/" : "");
    candidate.goes_on = directory;
    return candidate;
}

std::vector<Candidate> local_files(const Word& word, bool directories_only) {
    const std::string folder(folder_of(word.text));
    const std::string prefix = word.text.substr(folder.size());
    std::vector<Candidate> found;
    DIR* directory = ::opendir(folder.empty() ? "." : folder.c_str());
    if (directory == nullptr) return found;
    while (const dirent* entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        if (name == "." || name == ".." || !name.starts_with(prefix)) continue;
        struct stat status{};
        const bool is_directory = ::stat((folder + name).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
        if (is_directory || !directories_only) found.push_back(file_candidate(folder, name, is_directory));
    }
    ::closedir(directory);
    return found;
}

template <class Names>
std::vector<Candidate> names_that_fit(const Names& names, const Word& word, std::string_view ending) {
    std::vector<Candidate> found;
    for (const auto& name : names) {
        if (!std::string_view(name).starts_with(word.text)) continue;
        Candidate candidate;
        candidate.text = std::string(name) + std::string(ending);
        candidate.shown = name;
        candidate.goes_on = !ending.empty();
        found.push_back(std::move(candidate));
    }
    return found;
}

std::vector<Candidate> command_names(const Word& word) {
    std::vector<std::string_view> names;
    for (const auto& command : commands()) names.push_back(command.name);
    return names_that_fit(names, word, "");
}

}  // namespace

/// A directory being listed, or listed.
struct Completer::Listing {
    std::string path;
    std::vector<DirectoryEntry> entries;
    Clock::time_point began = Clock::now();
    bool done = false;
    bool failed = false;
    asio::cancellation_signal cancel;
};

awaitable<void> Completer::fill(std::shared_ptr<Client> client, std::shared_ptr<Listing> listing) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto asking = client->list(listing->path);
    auto batch = co_await std::move(asking);
    listing->failed = !batch;
    if (batch) listing->entries = std::move(batch->entries);
    listing->done = true;
}

void Completer::forget() {
    if (listing_ && !listing_->done) listing_->cancel.emit(asio::cancellation_type::terminal);
    listing_ = nullptr;
}

void Completer::wait_until(const std::function<bool()>& done, Clock::time_point until) {
    asio::steady_timer alarm(runner_.io(), until);
    alarm.async_wait([](const boost::system::error_code&) {});
    runner_.wait([&] { return done() || Clock::now() >= until; });
}

std::vector<Candidate> Completer::remote(const Word& word, bool directories_only, bool& too_slow) {
    std::vector<Candidate> found;
    if (word.globs || shell_.lost()) return found;
    const auto until = Clock::now() + LONGEST_WAIT;
    const std::string_view folder = folder_of(word.text);
    const std::string_view prefix = std::string_view(word.text).substr(folder.size());
    const std::string path = shell_.absolute(folder.empty() ? "." : std::string(folder));
    const bool known = listing_ && listing_->path == path &&
                       (!listing_->done || Clock::now() - listing_->began < std::chrono::seconds(3));
    if (!known) {
        forget();
        listing_ = std::make_shared<Listing>();
        listing_->path = path;
        const auto listing = listing_;
        asio::co_spawn(
            runner_.io(), fill(shell_.client(), listing),
            asio::bind_cancellation_slot(listing->cancel.slot(), [listing](const std::exception_ptr& thrown) {
                if (thrown) std::rethrow_exception(thrown);
            }));
    }
    const auto listing = listing_;
    wait_until([&] { return listing->done; }, until);
    too_slow = !listing->done;
    if (!listing->done || listing->failed) return found;
    std::optional<FileType> type;
    for (const auto& entry : listing->entries) {
        if (!entry.name.starts_with(prefix)) continue;
        type = entry.type;
        if (entry.attributes) type = entry.attributes->type();
        const bool directory = type ? type == FileType::directory : (entry.qid.type & QTDIR) != 0;
        const bool may_lead_on = directory || !type || type == FileType::symlink;
        if (may_lead_on || !directories_only) found.push_back(file_candidate(folder, entry.name, directory));
    }
    // What a symlink leads to is asked for when it is the only one.
    if (found.size() == 1 && !found[0].goes_on && (!type || type == FileType::symlink) &&
        leads_to_directory(shell_.absolute(found[0].text), until)) {
        found[0].text += '/';
        found[0].goes_on = true;
    }
    return found;
}

bool Completer::leads_to_directory(const std::string& path, Clock::time_point until) {
    struct Answer {
        bool done = false;
        bool directory = false;
        asio::cancellation_signal cancel;
    };
    auto answer = std::make_shared<Answer>();
    const auto ask = [](std::shared_ptr<Client> client, std::string where,
                        std::shared_ptr<Answer> to) -> awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        const auto attributes = co_await client->attributes(where);
        to->directory = attributes && attributes->is_directory();
        to->done = true;
    };
    asio::co_spawn(runner_.io(), ask(shell_.client(), path, answer),
                   asio::bind_cancellation_slot(answer->cancel.slot(), [answer](const std::exception_ptr& thrown) {
                       if (thrown) std::rethrow_exception(thrown);
                   }));
    wait_until([&] { return answer->done; }, until);
    if (!answer->done) answer->cancel.emit(asio::cancellation_type::terminal);
    return answer->done && answer->directory;
}

Completion Completer::complete(std::string_view line) {
    const Place place = place_in_line(line);
    bool too_slow = false;
    std::vector<Candidate> found;
    switch (place.operand) {
        case Operand::command:
            found = command_names(place.word);
            break;
        case Operand::remote:
        case Operand::remote_directory:
            found = remote(place.word, place.operand == Operand::remote_directory, too_slow);
            break;
        case Operand::local:
        case Operand::local_directory:
            found = local_files(place.word, place.operand == Operand::local_directory);
            break;
        case Operand::message:
            found = place.message.empty() ? names_that_fit(message_names(), place.word, "")
                                          : names_that_fit(keys_of_message(place.message), place.word, "=");
            break;
        case Operand::on_off:
            found = names_that_fit(std::vector<std::string>{"on", "off"}, place.word, "");
            break;
        default:
            break;
    }
    Completion completion = completed(place.word, std::move(found));
    completion.too_slow = too_slow;
    return completion;
}

}  // namespace p9::tools
