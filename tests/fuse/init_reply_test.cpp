// What libfuse answers to INIT, without a kernel: the test has the other end of what would be /dev/fuse.
#include "fuse/init_reply.hpp"
#include "fuse/filesystem.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <linux/fuse.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace p9::fuse {
namespace {

class InitReply : public testing::Test {
protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        kernel_ = ends[0];
        char program[] = "init_reply_test";
        char* argv[] = {program, nullptr};
        fuse_args args = FUSE_ARGS_INIT(1, argv);
        fuse_lowlevel_ops operations{};
        operations.statfs = [](fuse_req_t request, fuse_ino_t) {
            // As many bytes as the answer to INIT has, which must not be taken for one.
            const char bytes[sizeof(fuse_init_out)] = {};
            fuse_reply_buf(request, bytes, sizeof bytes);
        };
        session_ = fuse_session_new(&args, &operations, sizeof operations, &filesystem_);
        fuse_opt_free_args(&args);
        ASSERT_NE(session_, nullptr);
        ASSERT_EQ(fuse_session_mount(session_, ("/dev/fd/" + std::to_string(ends[1])).c_str()), 0);
        allow_shared_maps(session_);
    }
    void TearDown() override {
        if (session_ != nullptr) {
            fuse_session_unmount(session_);
            fuse_session_destroy(session_);
        }
        if (kernel_ >= 0) ::close(kernel_);
    }
    /// Sends a request as the kernel does; the bytes of the answer after its header.
    template <class T>
    std::string ask(u32 opcode, const T& body) {
        fuse_in_header header{};
        header.len = sizeof header + sizeof body;
        header.opcode = opcode;
        header.unique = ++requests_;
        header.nodeid = FUSE_ROOT_ID;
        std::string request(header.len, '\0');
        std::memcpy(request.data(), &header, sizeof header);
        std::memcpy(request.data() + sizeof header, &body, sizeof body);
        EXPECT_EQ(::send(kernel_, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
        fuse_buf buffer{};
        EXPECT_GT(fuse_session_receive_buf(session_, &buffer), 0);
        fuse_session_process_buf(session_, &buffer);
        std::free(buffer.mem);
        std::string answer(4096, '\0');
        const ssize_t got = ::recv(kernel_, answer.data(), answer.size(), MSG_DONTWAIT);
        EXPECT_GE(got, static_cast<ssize_t>(sizeof(fuse_out_header)));
        answer.resize(static_cast<std::size_t>(std::max<ssize_t>(got, sizeof(fuse_out_header))));
        return answer.substr(sizeof(fuse_out_header));
    }
    /// The answer to the INIT of a kernel that has these flags.
    fuse_init_out begin(u32 flags) {
        fuse_init_in question{};
        question.major = FUSE_KERNEL_VERSION;
        question.minor = FUSE_KERNEL_MINOR_VERSION;
        question.max_readahead = 131072;
        question.flags = flags;
        const std::string answer = ask(FUSE_INIT, question);
        fuse_init_out reply{};
        EXPECT_EQ(answer.size(), sizeof reply);
        std::memcpy(&reply, answer.data(), std::min(answer.size(), sizeof reply));
        return reply;
    }

    boost::asio::io_context io_;
    Log log_;
    Connection connection_{io_.get_executor(), ConnectionOptions(), log_};
    FileSystem filesystem_{connection_, std::make_shared<Node>(), Behaviour(), log_};
    fuse_session* session_ = nullptr;
    int kernel_ = -1;
    u64 requests_ = 0;
};

constexpr u32 EXTENDED = 1u << 30, MAPS_IN_SECOND_WORD = 1u << (36 - 32);

TEST_F(InitReply, AllowsSharedMapsOfFilesPastTheCache) {
    const fuse_init_out reply = begin(FUSE_ASYNC_READ | FUSE_BIG_WRITES | EXTENDED);
    EXPECT_EQ(reply.major, static_cast<u32>(FUSE_KERNEL_VERSION));
    EXPECT_NE(reply.flags & EXTENDED, 0u);
    EXPECT_NE(reply.flags2 & MAPS_IN_SECOND_WORD, 0u);
    // The rest is libfuse's own.
    EXPECT_NE(reply.flags & FUSE_ASYNC_READ, 0u);
    EXPECT_GT(reply.max_write, 0u);
    EXPECT_TRUE(filesystem_.init_answered);
}

TEST_F(InitReply, OtherAnswersStayAsTheyAre) {
    (void)begin(FUSE_ASYNC_READ);
    const std::string answer = ask(FUSE_STATFS, u64{0});
    EXPECT_EQ(answer, std::string(sizeof(fuse_init_out), '\0'));
}

}  // namespace
}  // namespace p9::fuse
