#include "tools/p9serve/directory_file.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace p9::serve {
namespace asio = boost::asio;
namespace {

/// What one getdents64 reads ahead: some hundreds of entries.
constexpr std::size_t LISTING = 32768;

FileType type_of_entry(unsigned char type) {
    switch (type) {
        case DT_DIR:
            return FileType::directory;
        case DT_LNK:
            return FileType::symlink;
        case DT_BLK:
            return FileType::block;
        case DT_CHR:
            return FileType::character;
        case DT_FIFO:
            return FileType::fifo;
        case DT_SOCK:
            return FileType::socket;
        default:
            return FileType::file;
    }
}

/// fsync(2) on `thread`; an errno, or 0. It may take seconds, and the other requests must not wait for it.
awaitable<int> sync_on(asio::thread_pool& thread, int fd, bool datasync) {
    auto start = [&thread, fd, datasync](auto handler) {
        auto guard = asio::make_work_guard(handler);
        asio::post(thread, [fd, datasync, handler = std::move(handler), guard = std::move(guard)]() mutable {
            const int number = (datasync ? ::fdatasync(fd) : ::fsync(fd)) == 0 ? 0 : errno;
            asio::post(guard.get_executor(),
                       [number, handler = std::move(handler)]() mutable { std::move(handler)(number); });
        });
    };
    auto syncing = asio::async_initiate<const asio::use_awaitable_t<>, void(int)>(start, asio::use_awaitable);
    co_return co_await std::move(syncing);
}

}  // namespace

DirectoryOpen::DirectoryOpen(std::shared_ptr<DirectoryFile> file, Descriptor fd, OpenFlags flags)
    : file_(std::move(file)), fd_(std::move(fd)) {
    const u32 type = file_->mode_ & S_IFMT;
    stream_ = type == S_IFIFO || (type == S_IFCHR && ::lseek(fd_.get(), 0, SEEK_CUR) < 0 && errno == ESPIPE);
    if (type == S_IFREG && (flags & P9_O_ACCMODE) != P9_O_RDONLY) file_->writer_ = fd_.get();
}

DirectoryOpen::~DirectoryOpen() {
    if (file_->writer_ == fd_.get()) file_->writer_ = -1;
    if (waiter_) waiter_->release();  // the descriptor is not asio's
}

awaitable<Result<void>> DirectoryOpen::read(u64 offset, ReadReply& reply) {
    if (stream_) {
        auto reading = read_stream(reply);
        co_return co_await std::move(reading);
    }
    int failed = 0;
    const auto fill = [&](std::span<u8> room) {
        const ssize_t got = ::pread(fd_.get(), room.data(), room.size(), static_cast<off_t>(offset));
        if (got < 0) failed = errno;
        return got;
    };
    if (reply.fill(reply.room(), fill) < 0) co_return host_error(failed);
    co_return boost::system::in_place_value;
}

awaitable<Result<u32>> DirectoryOpen::write(u64 offset, Bytes data) {
    if (stream_) {
        auto writing = write_stream(data);
        co_return co_await std::move(writing);
    }
    // With O_APPEND the kernel ignores the offset, as it should be here.
    const ssize_t written = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (written < 0) co_return host_error(errno);
    co_return static_cast<u32>(written);
}

awaitable<Result<void>> DirectoryOpen::ready(asio::posix::stream_descriptor::wait_type what) {
    if (!waiter_) {
        waiter_.emplace(file_->context().executor());
        boost::system::error_code failed;
        waiter_->assign(fd_.get(), failed);
        if (failed) {
            waiter_.reset();
            co_return host_error(failed.value());
        }
    }
    boost::system::error_code error;
    co_await waiter_->async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return host_error(EINTR);
    if (error) co_return Error(error, "this file cannot be waited for");
    co_return boost::system::in_place_value;
}

awaitable<Result<void>> DirectoryOpen::read_stream(ReadReply& reply) {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        // Asked first, so that a read that waits takes no memory; and read(2) cannot tell a fifo that nobody has
        // written to yet, for which poll says nothing, from one that all writers have left (POLLHUP).
        pollfd state{fd_.get(), POLLIN, 0};
        if (::poll(&state, 1, 0) > 0) {
            int failed = 0;
            const auto fill = [&](std::span<u8> room) {
                const ssize_t got = ::read(fd_.get(), room.data(), room.size());
                if (got < 0) failed = errno;
                return got;
            };
            if (reply.fill(reply.room(), fill) >= 0) co_return boost::system::in_place_value;
            if (failed != EAGAIN) co_return host_error(failed);
        }
        auto waiting = ready(asio::posix::stream_descriptor::wait_read);
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

awaitable<Result<u32>> DirectoryOpen::write_stream(Bytes data) {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        const ssize_t written = ::write(fd_.get(), data.data(), data.size());
        if (written >= 0) co_return static_cast<u32>(written);
        if (errno != EAGAIN) co_return host_error(errno);
        auto waiting = ready(asio::posix::stream_descriptor::wait_write);
        auto waited = co_await std::move(waiting);
        if (!waited) co_return waited.error();
    }
}

Result<bool> DirectoryOpen::refill() {
    const ssize_t got = ::getdents64(fd_.get(), listing_->buffer.data(), listing_->buffer.size());
    // A directory that was removed meanwhile has no entries any more.
    if (got < 0 && errno != ENOENT) return host_error(errno);
    listing_->begin = 0;
    listing_->end = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
}

bool DirectoryOpen::add(Entries& entries, const char* record) const {
    const auto* host = reinterpret_cast<const struct dirent64*>(record);
    const std::string_view name = host->d_name;
    if (name == "." || name == "..") return true;
    unsigned char type = host->d_type;
    struct stat status{};
    if (type == DT_UNKNOWN && ::fstatat(fd_.get(), host->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        type = static_cast<unsigned char>(IFTODT(status.st_mode));
    Entry entry;
    entry.name = name;
    entry.type = type_of_entry(type);
    entry.qid.type = entry.type == FileType::directory ? QTDIR : entry.type == FileType::symlink ? QTSYMLINK : QTFILE;
    entry.qid.path = file_->context().qid_path(file_->device(), host->d_ino);
    entry.next = static_cast<u64>(host->d_off);
    return entries.add(entry);
}

awaitable<Result<void>> DirectoryOpen::readdir(u64 offset, Entries& entries) {
    if (!file_->is_directory()) co_return Error::from_errno(ENOTDIR);
    if (!listing_) {
        listing_.emplace();
        listing_->buffer.resize(LISTING);
    }
    DirectoryListing& listing = *listing_;
    const bool begun = listing.cookie != 0 || listing.end != 0;
    if (offset != listing.cookie || (offset == 0 && begun)) {
        if (::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) co_return host_error(errno);
        listing.begin = listing.end = 0;
        listing.cookie = offset;
    }
    for (;;) {
        if (listing.begin == listing.end) {
            auto more = refill();
            if (!more) co_return more.error();
            if (!*more) co_return boost::system::in_place_value;
        }
        const char* record = listing.buffer.data() + listing.begin;
        if (!add(entries, record)) co_return boost::system::in_place_value;
        const auto* host = reinterpret_cast<const struct dirent64*>(record);
        listing.begin += host->d_reclen;
        listing.cookie = static_cast<u64>(host->d_off);
    }
}

awaitable<Result<void>> DirectoryOpen::fsync(bool datasync) {
    auto syncing = sync_on(file_->context().thread(), fd_.get(), datasync);
    const int failed = co_await std::move(syncing);
    if (failed != 0) co_return host_error(failed);
    co_return boost::system::in_place_value;
}

}  // namespace p9::serve
