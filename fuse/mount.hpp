// A mount from its first connection to its end: the 9P session and FUSE's descriptor in one io_context.
//
// Owns everything that belongs to the mount. One thread; nothing here blocks once the mount is made.
#pragma once

#include "fuse/mountpoint.hpp"
#include "fuse/service_notice.hpp"
#include "fuse/starter.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace p9::fuse {

class Mount {
public:
    Mount(boost::asio::io_context& io, const Options& options, Starter& starter);

    /// Mounts, serves until the mount is ended, and cleans up. Returns what to exit with.
    int run();

private:
    awaitable<int> live();
    awaitable<Result<void>> start();
    awaitable<void> pump();
    bool receive_more();
    bool take(ssize_t size, int failed);
    void wait_for_signal();
    void on_signal();
    awaitable<void> unmount();
    void end_at_once();
    awaitable<void> clean_up();

    boost::asio::io_context& io_;
    const Options& options_;
    Starter& starter_;
    Log log_;
    ServiceNotice notice_;
    std::string mountpoint_;  // absolute
    std::optional<Connection> connection_;
    std::unique_ptr<FileSystem> filesystem_;  // before fuse_session_, which refers to it
    FuseSession fuse_session_;
    boost::asio::posix::stream_descriptor descriptor_;
    boost::asio::signal_set signals_;
    boost::asio::cancellation_signal stop_starting_;
    boost::asio::steady_timer changed_;  // cancelled when one of the three below changes
    bool serving_ = false;               // the kernel's first request has been answered
    bool ended_ = false;                 // no more requests will come
    bool unmounting_ = false;
};

}  // namespace p9::fuse
