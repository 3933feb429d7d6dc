#include "tools/p9ctl/sip_tree.hpp"

#include "p9/trace.hpp"

#include <array>
#include <cerrno>

namespace p9::tools {
namespace {

const std::array<std::string, 3> usual_roots{"/dev/sip", "/sip", ""};

bool missing(const Error& error) { return error.is_errno(ENOENT) || error.is_errno(ENOTDIR); }

awaitable<void> walk_to(const Client& client, std::string path, Result<Node>& result) {
    result = co_await client.walk(std::move(path));
}

std::string parent_of(const std::string& path) { return path.empty() ? path : path.substr(0, path.rfind('/')); }

std::string shown_folder(const std::string& path) { return path.empty() ? "/" : path; }

}  // namespace

Where server_file(const std::string& server, std::string_view name) {
    return {Base::sip, "servers/" + server + "/" + std::string(name)};
}

SipTree::SipTree(const Client& client, const std::string& root)
    : client_(client), named_(!root.empty()), known_(named_) {
    for (const auto& name : split_path(root)) root_ += "/" + name;
}

awaitable<Result<Node>> SipTree::walk(const Where& where) {
    if (where.base == Base::sip) co_return co_await walk_sip(where.path);
    if (where.base == Base::device) co_return co_await walk_device(where.path);
    co_return co_await client_.walk(where.path);
}

awaitable<Result<void>> SipTree::find_root() {
    std::array<Result<Node>, 3> walked{Error(errc::cancelled), Error(errc::cancelled), Error(errc::cancelled)};
    std::function<awaitable<void>(std::size_t)> each = [&](std::size_t i) {
        return walk_to(client_, usual_roots[i] + "/clone", walked[i]);
    };
    auto all = for_each_concurrently(walked.size(), walked.size(), std::move(each));
    co_await std::move(all);
    for (std::size_t i = 0; i < walked.size(); ++i) {
        if (!walked[i] && walked[i].error().is_errc()) co_return walked[i].error();
        if (!walked[i]) continue;
        root_ = usual_roots[i];
        known_ = true;
        co_return Result<void>();
    }
    co_return Error::from_errno(
        ENOENT,
        "no SIP tree here: none of /dev/sip, /sip and / has a file clone; --root PATH says where "
        "it is");
}

awaitable<Error> SipTree::explain(std::string path, Error error) {
    if (!missing(error)) co_return error;
    const auto names = split_path(path);
    if (names.size() < 2 || names[0] != "servers")
        co_return Error(error.code, shown_folder(root_ + "/" + path) + ": " + error.message());
    const auto server = co_await client_.walk(root_ + "/servers/" + names[1]);
    if (!server && server.error().is_errc()) co_return server.error();
    if (!server) co_return Error(error.code, "no such server (p9ctl list shows those that there are)");
    co_return Error(error.code, "this server has no " + escaped(names.back()) + ": " + error.message());
}

awaitable<Result<Node>> SipTree::walk_sip(std::string path) {
    const bool guess = !known_;
    const std::string guessed = guess ? usual_roots[0] : root_;
    auto walked = co_await client_.walk(guessed + "/" + path);
    if (walked) {
        root_ = guessed;
        known_ = true;
        co_return walked;
    }
    if (walked.error().is_errc()) co_return walked;
    if (guess) {
        auto found = co_await find_root();
        if (!found) co_return found.error();
        if (root_ != guessed) walked = co_await client_.walk(root_ + "/" + path);
        if (walked || walked.error().is_errc()) co_return walked;
    }
    co_return co_await explain(std::move(path), walked.error());
}

awaitable<Result<Node>> SipTree::walk_device(std::string path) {
    if (devices_) co_return co_await client_.walk(*devices_ + "/" + path);
    std::vector<std::string> folders;
    if (!named_) folders.emplace_back("/dev");
    if (known_) folders.insert(folders.end(), {parent_of(root_), root_});
    // Words beside "not there" are about the file that was meant.
    std::optional<Error> telling;
    std::string looked_in;
    for (std::size_t i = 0; i < folders.size(); ++i) {
        const std::string folder = folders[i];
        const bool again = i > 0 && folder == folders[i - 1];
        if (!again) {
            std::string full = folder;
            full.append("/").append(path);
            auto walked = co_await client_.walk(std::move(full));
            if (walked) {
                devices_ = folder;
                co_return walked;
            }
            if (walked.error().is_errc()) co_return walked;
            if (!telling && !missing(walked.error())) telling = walked.error();
            looked_in.append(looked_in.empty() ? "" : " or ").append(shown_folder(folder));
        }
        if (i == 0 && !known_) {
            auto found = co_await find_root();
            if (!found && found.error().is_errc()) co_return found.error();
            if (found) folders.insert(folders.end(), {parent_of(root_), root_});
        }
    }
    if (telling) co_return *telling;
    co_return Error::from_errno(
        ENOENT, "there is no " + escaped(path) + " in " + looked_in + "; --root PATH says where " + "the SIP tree is");
}

}  // namespace p9::tools
