#include "fuse/mount.hpp"

#include "fuse/mount_list.hpp"
#include "fuse/request.hpp"
#include "tools/awake.hpp"
#include "tools/messages.hpp"
#include "tools/tls_options.hpp"
#include "tools/trace_output.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace p9::fuse {

namespace asio = boost::asio;

namespace {

// Requests that are taken from the kernel before others have their turn.
constexpr int REQUESTS_AT_ONCE = 64;
constexpr std::size_t MOST_READ_AHEAD = 1 << 20;  // bytes

/// Whether the server has locks. The kernel wants to know before the first is set.
awaitable<bool> keeps_locks(NodePtr root) {
    if (root->session().dialect() != Dialect::linux_) co_return false;
    std::vector<std::string> no_names;
    auto clone = co_await root->walk(std::move(no_names));
    if (!clone) co_return false;
    auto opened = co_await File::open(std::move(*clone), P9_O_RDONLY | P9_O_DIRECTORY);
    if (!opened) co_return true;  // a tree to which nobody may look in; its files may have locks
    Lock question;
    question.type = LockType::read;
    auto answer = co_await opened->conflicting_lock(std::move(question));
    co_return answer || !answer.error().is_errno(EOPNOTSUPP);
}

Result<ConnectionOptions> connection_options(const Options& options, std::function<void(const std::string&)> say) {
    ConnectionOptions how;
    how.address = options.address;
    how.session.dialects = options.dialects;
    how.session.msize = options.msize;
    how.attach.uname = options.uname;
    how.attach.aname = options.aname;
    how.attach.n_uname = options.n_uname;
    how.attach.label = MOUNTS_OWN;
    how.connect_timeout = options.connect_timeout;
    // Until shortly before time is up, so that the last failure's own words are told.
    const Duration most = how.connect_timeout == Duration::zero() ? std::chrono::hours(24) : how.connect_timeout;
    const Duration before = std::min<Duration>(most / 10, std::chrono::milliseconds(500));
    how.session.port_timeout = options.port_timeout.value_or(most - before);
    how.reconnect_timeout = options.reconnect_timeout;
    how.dial.tls = options.tls;
    if (options.trace) {
        auto tracer = tools::open_trace(*options.trace);
        if (!tracer) return std::move(tracer).error().about("trace");
        how.session.tracer = std::move(*tracer);
    }
    if (options.capture) {
        auto capture = tools::Capture::open(*options.capture, "p9fuse", std::move(say));
        if (!capture) return std::move(capture).error().about("capture");
        how.capture = std::move(*capture);
    }
    return how;
}

/// Has the kernel read ahead 1 MiB, in requests that one message answers, where p9fuse may: 128 KiB at a time are
/// little on a link with delay. More than INIT asked for is root's to say, and the mount works without. Whole requests
/// only: a page more would be a request, and a message, of its own.
void read_further_ahead(const std::string& mountpoint, std::size_t one_message) {
    const auto mount = mount_at(mountpoint);
    if (!mount) return;
    const std::string place = "/sys/class/bdi/" + mount->device + "/read_ahead_kb";
    const int file = ::open(place.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    const std::size_t request = std::clamp<std::size_t>(one_message / PAGE * PAGE, PAGE, MOST_READ_AHEAD);
    const std::string kib = std::to_string(MOST_READ_AHEAD / request * request / 1024);
    (void)!::write(file, kib.data(), kib.size());
    ::close(file);
}

int pidfd_open(pid_t process) { return static_cast<int>(::syscall(SYS_pidfd_open, process, 0)); }

}  // namespace

Mount::Mount(asio::io_context& io, const Options& options, Starter& starter)
    : io_(io),
      options_(options),
      starter_(starter),
      descriptor_(io),
      signals_(io, SIGINT, SIGTERM, SIGHUP),
      changed_(io, asio::steady_timer::time_point::max()) {}

int Mount::run() {
    // A connection that the server has closed is an error to handle, not a signal to die of.
    std::signal(SIGPIPE, SIG_IGN);
    int status = tools::EXIT_REFUSED;
    wait_for_signal();
    auto done = [&](const std::exception_ptr& failure, int result) {
        if (failure) std::rethrow_exception(failure);
        status = result;
        io_.stop();
    };
    asio::co_spawn(io_, live(), asio::bind_cancellation_slot(stop_starting_.slot(), std::move(done)));
    tools::run_awake(io_);
    return status;
}

awaitable<int> Mount::live() {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto started = co_await start();
    if (!started) {
        const Error& error = started.error();
        const bool interrupted = error.code == make_error_code(errc::cancelled);
        starter_.failed(tools::status_of(error), interrupted ? "interrupted; nothing is mounted" : error.message());
        co_await clean_up();
        co_return tools::status_of(error);
    }
    if (starter_.in_background()) log_.use_syslog();
    starter_.succeeded();
    if (!starter_.in_background()) {
        // In the background the process that the service manager knows has ended.
        notice_.send("READY=1\nSTATUS=connected to " + display_name(options_.address));
        connection_->on_change([this](const std::string& line) { notice_.send("STATUS=" + tools::one_line(line)); });
    }
    auto take_over = [this](NodePtr root) { return filesystem_->take_over(std::move(root)); };
    auto lost = [this] { filesystem_->write_buffers.forget(); };
    spawn(io_.get_executor(), connection_->keep(std::move(lost), std::move(take_over)));
    while (!ended_) {
        boost::system::error_code ignored;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_await clean_up();
    co_return tools::EXIT_DONE;
}

awaitable<Result<void>> Mount::start() {
    // Look first: connecting may take long, and this is cheap.
    auto place = check_mountpoint(options_.mountpoint);
    if (!place) co_return std::move(place).error();
    mountpoint_ = std::move(*place);
    if (const auto warning = tools::tls_warning(options_.address, options_.tls)) log_.note(*warning);
    auto how = connection_options(options_, [this](const std::string& line) { log_.note(line); });
    if (!how) co_return std::move(how).error();
    connection_.emplace(io_.get_executor(), std::move(*how), log_);
    auto root = co_await connection_->connect();
    if (!root) co_return std::move(root).error();
    Behaviour behaviour = options_.behaviour;
    if (Owner& remote = behaviour.owners.remote; behaviour.owners.idmap_user) {
        // Whose tree it is stands for whom the server takes the mount for, where nobody has said it.
        auto attributes = co_await (*root)->attributes();
        if (!attributes) co_return std::move(attributes).error();
        if (remote.uid == NONUNAME || remote.uid == attributes->uid) remote = {attributes->uid, attributes->gid};
    }
    behaviour.remote_locks = co_await keeps_locks(*root);
    filesystem_ = std::make_unique<FileSystem>(*connection_, std::move(*root), behaviour, log_);
    auto mounted = mount_session(options_, mountpoint_, *filesystem_);
    if (!mounted) co_return std::move(mounted).error();
    fuse_session_ = std::move(*mounted);
    filesystem_->attach(fuse_session_.get());
    descriptor_.assign(fuse_session_fd(fuse_session_.get()));
    spawn(io_.get_executor(), pump());
    while (!serving_ && !ended_) {
        boost::system::error_code ignored;
        co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (ended_) co_return Error::from_errno(EIO, mountpoint_ + ": the kernel ended the mount at once");
    read_further_ahead(mountpoint_, filesystem_->session().msize() - IOHDRSZ);
    co_return Result<void>();
}

awaitable<void> Mount::pump() {
    while (!ended_) {
        filesystem_->write_buffers.renew();
        const asio::mutable_buffer block(filesystem_->write_buffers.receiving(), WriteBuffers::RECEIVED_SIZE);
        auto reading = descriptor_.async_read_some(block, asio::as_tuple(asio::deferred));
        const auto [failure, size] = co_await std::move(reading);
        // Of Asio's own numbers (end of file is 2) none is an errno.
        const bool of_system = failure.category() == boost::system::system_category();
        const int number = of_system ? failure.value() : EIO;
        if (!take(failure ? -1 : static_cast<ssize_t>(size), number) || !receive_more()) ended_ = true;
        // All that the kernel asked for goes to the server in one write.
        filesystem_->session().send_now();
    }
    changed_.cancel();
}

/// Takes requests until there are none, or enough for now; false at the mount's end. Without others under way there is
/// hardly another, and asking would be for nothing.
bool Mount::receive_more() {
    for (int i = 1; i < REQUESTS_AT_ONCE && filesystem_->requests_under_way > 1; ++i) {
        const ssize_t size = ::read(fuse_session_fd(fuse_session_.get()), filesystem_->write_buffers.receiving(),
                                    WriteBuffers::RECEIVED_SIZE);
        if (size < 0 && errno == EAGAIN) return true;
        if (!take(size, errno)) return false;
    }
    return true;
}

/// Serves a request of `size` bytes that was received, or failed to be; false at the mount's end (fuse(4), ERRORS).
bool Mount::take(ssize_t size, int failed) {
    // ENOENT: whoever asked was killed, and the kernel has taken the request back.
    if (size < 0) return failed == EINTR || failed == EAGAIN || failed == ENOENT;
    fuse_buf request{};
    request.mem = filesystem_->write_buffers.receiving();
    request.size = static_cast<std::size_t>(size);
    fuse_session_process_buf(fuse_session_.get(), &request);
    if (!std::exchange(serving_, true)) changed_.cancel();
    return fuse_session_exited(fuse_session_.get()) == 0;
}

void Mount::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& failure, int) {
        if (failure) return;
        on_signal();
        wait_for_signal();
    });
}

void Mount::on_signal() {
    if (!serving_) {
        stop_starting_.emit(asio::cancellation_type::terminal);
    } else if (!unmounting_) {
        unmounting_ = true;
        spawn(io_.get_executor(), unmount());
    } else {
        end_at_once();  // the second time
    }
}

awaitable<void> Mount::unmount() {
    // The mount goes on serving meanwhile, because the kernel may have things to write.
    const pid_t child = start_unmount(mountpoint_);
    if (child > 0) {
        asio::posix::stream_descriptor exited(io_, pidfd_open(child));
        asio::steady_timer limit(io_, std::chrono::seconds(5));
        limit.async_wait([&](const boost::system::error_code& failure) {
            if (!failure) exited.cancel();
        });
        boost::system::error_code late;
        co_await exited.async_wait(asio::posix::descriptor_base::wait_read,
                                   asio::redirect_error(asio::use_awaitable, late));
        limit.cancel();
        int status = 0;
        if (!late && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) co_return;
    }
    log_.note(mountpoint_ + " is in use: ending the mount under its users");
    end_at_once();
}

// Where a request has come already there is nothing to cancel, and pump looks at `ended_` after it.
void Mount::end_at_once() {
    ended_ = true;
    descriptor_.cancel();
}

awaitable<void> Mount::clean_up() {
    ended_ = true;
    if (serving_ && !starter_.in_background()) notice_.send("STOPPING=1\nSTATUS=ending");
    signals_.cancel();
    if (fuse_session_) {
        descriptor_.release();  // libfuse closes it, and unmounts if that is still to be done
        fuse_session_exit(fuse_session_.get());
        fuse_session_unmount(fuse_session_.get());
    }
    if (connection_) {
        if (filesystem_) {
            // Of whoever was killed: others have waited for theirs.
            auto writing = filesystem_->write_behind.wait_for_all(std::chrono::seconds(2));
            co_await std::move(writing);
        }
        connection_->stop();
        if (filesystem_) filesystem_->released.let_go();
        if (const std::shared_ptr<Session> session = connection_->shared_session()) {
            auto closing = [](std::shared_ptr<Session> ending) -> awaitable<Result<void>> {
                co_await ending->close();
                co_return Result<void>();
            };
            co_await within(std::chrono::seconds(2), closing(session), "closing");
            session->abort(Error(errc::connection_lost, "the mount has ended"));
        }
    }
    // Requests that still waited have their errors now; let them end before what they use goes.
    while (filesystem_ && filesystem_->requests_under_way != 0) co_await asio::post(io_, asio::use_awaitable);
}

}  // namespace p9::fuse
