// A guest's port without a guest, and what clients say on it.
//
// A fifo behaves as the port's device does: with nobody at the other end reading gives nothing and poll(2) says "hung
// up", as a level that stays; who opens the other end changes that for the same descriptor.
#pragma once

#include "p9/messages.hpp"
#include "tests/support/loop.hpp"
#include "tests/transports/support.hpp"
#include "transports/unix.hpp"
#include "transports/virtio_line.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>

namespace p9::test {

/// A Tversion that asks for `msize`.
inline std::vector<u8> tversion(u32 msize = 8192, const std::string& version = "9P2000.L") {
    ByteVector out;
    if (!encode(out, NOTAG, Tversion{msize, version}, Dialect::base)) ADD_FAILURE() << "no Tversion";
    return copy(out);
}

/// A folder that goes away with its contents.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "p9-virtio-XXXXXX").string();
        if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    Folder(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// The port and, when it is open, its host.
class FakePort {
public:
    explicit FakePort(Loop& loop) : loop_(loop) {
        if (mkfifo((folder_ / "in").c_str(), 0600) != 0 || mkfifo((folder_ / "out").c_str(), 0600) != 0)
            ADD_FAILURE() << "no fifos here";
    }
    ~FakePort() { host_leaves(); }

    /// The guest's side of it, as if its device had been opened.
    std::shared_ptr<transports::Line> line() {
        transports::OpenPort in{transports::PortDescriptor(loop_.executor(), open_fifo("in", O_RDONLY)), std::nullopt};
        // For reading too: writing does not fail while nobody reads.
        transports::PortDescriptor out(loop_.executor(), open_fifo("out", O_RDWR));
        // A fifo that never had a writer is not hung up yet.
        host_comes();
        host_leaves();
        return std::make_shared<transports::Line>(std::move(in), std::move(out), true, "virtio!port");
    }
    void host_comes() {
        to_guest_ = open_fifo("in", O_WRONLY);
        from_guest_ = open_fifo("out", O_RDONLY);
    }
    void host_leaves() {
        for (int* fd : {&to_guest_, &from_guest_}) {
            if (*fd >= 0) ::close(*fd);
            *fd = -1;
        }
    }
    void write(const std::vector<u8>& bytes) const {
        ASSERT_EQ(::write(to_guest_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    /// What the guest has sent and the host has not read.
    std::vector<u8> read() const {
        std::vector<u8> bytes(1 << 20);
        const ssize_t n = ::read(from_guest_, bytes.data(), bytes.size());
        bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return bytes;
    }

private:
    int open_fifo(const std::string& name, int how) const {
        return ::open((folder_ / name).c_str(), how | O_NONBLOCK | O_CLOEXEC);
    }
    Loop& loop_;
    Folder folder_;
    int to_guest_ = -1;
    int from_guest_ = -1;
};

/// A port that is listened on.
class VirtioLine : public testing::Test {
protected:
    using Client = std::unique_ptr<Transport>;

    /// The next client's conversation; its first message is a Tversion that asks for `msize`.
    Client accept(u32 msize) {
        auto accepted = loop.run(listener->accept());
        if (!accepted) {
            ADD_FAILURE() << accepted.error().message();
            return nullptr;
        }
        Client client = *std::move(accepted);
        client->max_message(1 << 20);
        EXPECT_EQ(receive(*client), tversion(msize));
        return client;
    }
    std::vector<u8> receive(Transport& client) {
        const auto frame = loop.run(client.receive());
        return frame ? copy(frame->bytes()) : std::vector<u8>{};
    }
    std::string end_of(Transport& client) {
        const auto frame = loop.run(client.receive());
        return frame ? "a message" : frame.error().message();
    }
    /// Lets what was written arrive by itself.
    void write_alone(const std::vector<u8>& bytes) {
        loop.settle();
        port.write(bytes);
        loop.settle();
    }

    Loop loop;
    FakePort port{loop};
    std::shared_ptr<transports::Line> line = port.line();
    std::unique_ptr<Listener> listener = transports::listener_on(VirtioAddress{"port"}, line);
};

}  // namespace p9::test
