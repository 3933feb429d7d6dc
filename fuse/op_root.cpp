// GETATTR, STATFS and OPENDIR of the root, which are answered whatever the server does.
#include "fuse/operations.hpp"
#include "fuse/request.hpp"

namespace p9::fuse {
namespace {

namespace asio = boost::asio;

// Longer than a busy server needs; shorter than people take for "hangs".
constexpr std::chrono::milliseconds PATIENCE{1000};

Result<AttributesReply> last_attributes(const FileSystem& fs) {
    const auto& seen = fs.last_answers.attributes();
    const Attributes& attributes = seen ? *seen : fs.connection().root_attributes();
    auto status = to_stat(fs.behaviour().owners, attributes, FUSE_ROOT_ID, FileType::directory);
    if (!status) return std::move(status).error();
    return AttributesReply{*status};
}

/// As of a server that has none, if none have been seen.
Result<struct statvfs> last_figures(const FileSystem& fs) {
    return fs.last_answers.figures().value_or(to_statvfs(StatFs{}));
}

/// Opened on the server when it is first read, which then waits, and hears what the server had to say about the
/// opening.
Result<OpenedDirectory> unopened_root(const FileSystem& fs) {
    auto root = fs.inode(FUSE_ROOT_ID);
    if (!root) return std::move(root).error();
    return OpenedDirectory{std::make_shared<OpenDirectory>(std::move(*root), fs.kept_lists.begin(), fs.label())};
}

/// What the server tells, or told last.
template <class T>
struct Question {
    awaitable<Result<T>> (*of_server)(FileSystem*);
    Result<T> (*known)(const FileSystem&);
};

constexpr Question<AttributesReply> ATTRIBUTES{
    [](FileSystem* fs) { return get_attributes(fs, FUSE_ROOT_ID, std::nullopt); }, &last_attributes};
constexpr Question<struct statvfs> FIGURES{[](FileSystem* fs) { return statfs(fs, FUSE_ROOT_ID); }, &last_figures};
constexpr Question<OpenedDirectory> OPENING{[](FileSystem* fs) { return open_directory(fs, FUSE_ROOT_ID); },
                                            &unopened_root};

template <class T>
awaitable<Result<T>> ask_server(FileSystem* fs, Question<T> question) {
    auto asking = question.of_server(fs);
    auto told = co_await std::move(asking);
    if (!told && told.error().code == make_error_code(errc::connection_lost)) co_return question.known(*fs);
    co_return told;
}

/// The answer does not wait for the end of a request that is given up, because the Tflush may hang as well.
template <class T>
awaitable<void> ask(std::shared_ptr<Request> request, Question<T> question) {
    co_await asio::this_coro::throw_if_cancelled(false);
    FileSystem& fs = request->filesystem();
    asio::steady_timer limit(fs.executor(), PATIENCE);
    const auto late = [waiting = std::weak_ptr<Request>(request), question](const boost::system::error_code& ended) {
        const auto overdue = ended ? nullptr : waiting.lock();
        if (!overdue || overdue->answered()) return;
        FileSystem& mount = overdue->filesystem();
        overdue->answer(question.known(mount));
        if (!mount.last_answers.overdue(overdue, mount.requests_answered)) overdue->cancel();
    };
    limit.async_wait(late);
    const auto asking = [&fs, question] { return ask_server(&fs, question); };
    auto running = run(std::move(request), std::string(), asking);
    co_await std::move(running);
}

template <class T>
void serve_root(FileSystem& filesystem, fuse_req_t req, Question<T> question) {
    auto request = std::make_shared<Request>(filesystem, req, Interruptible::after_a_moment);
    if (!filesystem.connection().alive() || filesystem.last_answers.is_silent(filesystem.requests_answered))
        request->answer(question.known(filesystem));
    else
        start(request, ask(request, question));
}

}  // namespace

void serve_root_attributes(FileSystem& filesystem, fuse_req_t req) { serve_root(filesystem, req, ATTRIBUTES); }

void serve_root_figures(FileSystem& filesystem, fuse_req_t req) { serve_root(filesystem, req, FIGURES); }

void serve_root_opening(FileSystem& filesystem, fuse_req_t req) { serve_root(filesystem, req, OPENING); }

}  // namespace p9::fuse
