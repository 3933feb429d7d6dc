// Looking at the attached tree: a listing, a read, and what the server can do beyond them.
#include "tools/p9doctor/steps.hpp"

#include "p9/task.hpp"
#include "p9/trace.hpp"
#include "tools/words.hpp"

#include <cerrno>

namespace p9::doctor {
namespace {

constexpr Duration PATIENCE = std::chrono::seconds(2);
constexpr std::size_t MOST_TRIED = 8;

awaitable<Result<DirectoryBatch>> first_entries(const Client& client) {
    auto opening = client.open_directory("");
    auto directory = co_await std::move(opening);
    if (!directory) co_return directory.error();
    auto reading = directory->read(0);
    auto batch = co_await std::move(reading);
    if (!batch || batch->end) co_return batch;
    // Servers tell the end by an answer with nothing in it. What fails here failed after the entries had come.
    auto looking = directory->read(batch->next);
    const auto rest = co_await std::move(looking);
    batch->end = rest && rest->end && rest->entries.empty() && rest->refused.empty();
    co_return batch;
}

awaitable<Result<std::size_t>> read_a_little(const Client& client, std::string path) {
    auto opening = client.open(std::move(path), P9_O_RDONLY);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    constexpr u32 count = 4096;
    auto reading = file->read(0, count);
    const auto data = co_await std::move(reading);
    if (!data) co_return data.error();
    co_return data->bytes.size();
}

awaitable<Result<Lock>> ask_for_lock(const Client& client, std::string path) {
    auto opening = client.open(std::move(path), P9_O_RDONLY);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    Lock wanted;
    wanted.type = LockType::read;
    wanted.client_id = "p9doctor";
    auto asking = file->conflicting_lock(std::move(wanted));
    co_return co_await std::move(asking);
}

Found refused(std::string text, const Error& error, std::string advice) {
    return {Finding::fail, std::move(text) + ": " + error.message(), std::move(advice), tools::status_of(error)};
}

}  // namespace

awaitable<Found> try_to_list(const Client& client, std::vector<std::string>& files) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    auto listing = first_entries(client);
    const auto batch = co_await within(PATIENCE, std::move(listing), "no answer within 2 s");
    if (!batch) {
        const bool silent = batch.error().code == make_error_code(errc::timed_out);
        std::string advice = silent ? std::string(ADVICE_ON_SILENCE) : "";
        if (batch.error().is_errno(EACCES)) advice = "may this user list it? -u USER attaches as another";
        co_return refused("the root", batch.error(), std::move(advice));
    }
    for (const auto& entry : batch->entries) {
        const bool plain = entry.type ? *entry.type == FileType::file : entry.qid.type == 0;
        if (plain && files.size() < MOST_TRIED) files.push_back(entry.name);
    }
    const std::size_t n = batch->entries.size();
    Found found{Finding::ok,
                std::string("the root has ") + (batch->end ? "" : "at least ") + std::to_string(n) +
                    (n == 1 ? " entry" : " entries"),
                "", 0};
    if (!batch->refused.empty()) {
        found.finding = Finding::note;
        found.text += ", and one that no file may have as a name: \"" + escaped(batch->refused.front()) + '"';
    }
    co_return found;
}

awaitable<Found> try_to_read(const Client& client, const std::vector<std::string>& files, std::string& file) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (files.empty()) co_return Found{Finding::skip, "there is no file in the root to try", "", 0};
    std::string last;
    for (const auto& name : files) {
        auto reading = read_a_little(client, name);
        const auto size = co_await within(PATIENCE, std::move(reading), "no data within 2 s; an event file?");
        if (size) {
            file = name;
            co_return Found{Finding::ok, escaped(name) + ": " + tools::counted_bytes(*size), "", 0};
        }
        if (client.session().ended()) co_return refused(escaped(name), size.error(), "");
        last = escaped(name) + ": " + size.error().message();
    }
    co_return Found{Finding::note, "no file in the root could be read; " + last,
                    "the files may be for others, or for writing only; -u USER attaches as another", 0};
}

awaitable<Found> try_abilities(const Client& client, std::string file) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    const Dialect dialect = client.session().dialect();
    if (dialect != Dialect::linux_)
        co_return Found{Finding::note,
                        std::string(version_string(dialect)) + " has no extended attributes and no locks" +
                            (dialect == Dialect::base ? ", no links and no numeric owners" : ""),
                        "", 0};
    auto listing = client.root().xattr_names();
    const auto names = co_await within(PATIENCE, std::move(listing), "no answer");
    std::string text = names                                ? "extended attributes: yes"
                       : names.error().is_errno(EOPNOTSUPP) ? "extended attributes: no"
                                                            : "extended attributes: " + names.error().message();
    if (!file.empty()) {
        auto asking = ask_for_lock(client, std::move(file));
        const auto lock = co_await within(PATIENCE, std::move(asking), "no answer");
        text += lock ? "; locks: yes" : "; locks: " + lock.error().message();
    }
    co_return Found{Finding::ok, std::move(text), "", 0};
}

}  // namespace p9::doctor
