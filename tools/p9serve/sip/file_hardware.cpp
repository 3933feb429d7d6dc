// /dev/mem, /dev/io and /dev/dma/alloc. Capabilities are looked at when a file is opened, and again for each use.
#include "tools/p9serve/sip/tree.hpp"
#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

class OpenMem final : public OpenFile {
public:
    explicit OpenMem(VisitorPtr visitor) : visitor_(std::move(visitor)) {}

    awaitable<Result<void>> read(u64 offset, ReadReply& reply) override {
        const auto allowed = visitor_->use(CAP_DEVICE);
        if (!allowed) co_return allowed.error();
        const auto bytes = visitor_->world().memory.read(offset, reply.room());
        if (!bytes) co_return bytes.error();
        reply.put(*bytes);
        co_return boost::system::in_place_value;
    }

    awaitable<Result<u32>> write(u64 offset, Bytes data) override {
        const auto allowed = visitor_->use(CAP_DEVICE);
        if (!allowed) co_return allowed.error();
        const auto written = visitor_->world().memory.write(offset, data);
        if (!written) co_return written.error();
        co_return static_cast<u32>(data.size());
    }

private:
    VisitorPtr visitor_;
};

class OpenIo final : public Dialogue {
public:
    explicit OpenIo(VisitorPtr visitor) : visitor_(std::move(visitor)) {}
    u32 iounit() const override { return MAX_COMMAND; }

protected:
    awaitable<Result<std::string>> ask(std::string text) override {
        const auto allowed = visitor_->use(CAP_IOPORT);
        if (!allowed) co_return allowed.error();
        co_return visitor_->world().ports.command(text);
    }

private:
    VisitorPtr visitor_;
};

class OpenDmaAlloc final : public Dialogue {
public:
    explicit OpenDmaAlloc(VisitorPtr visitor) : visitor_(std::move(visitor)) {}
    u32 iounit() const override { return MAX_COMMAND; }

protected:
    awaitable<Result<std::string>> ask(std::string text) override {
        const auto allowed = visitor_->use(CAP_DMA);
        if (!allowed) co_return allowed.error();
        if (buffer_)
            co_return Error::from_errno(EBUSY, "this open file has a buffer already: open the file again for another");
        auto buffer = visitor_->world().dma.allocate(text);
        if (!buffer) co_return buffer.error();
        buffer_ = *std::move(buffer);
        co_return buffer_->text();
    }

private:
    VisitorPtr visitor_;
    std::unique_ptr<DmaBuffer> buffer_;  // freed with the fid
};

/// A file that opens as an `Open` for those who have the capability.
template <class Open>
FilePtr make_hardware(const VisitorPtr& visitor, u64 path, Capabilities capability) {
    return std::make_shared<OpeningFile>(Place{path, 0666, visitor->world().born},
                                         [visitor, capability](OpenFlags) -> Result<OpenFilePtr> {
                                             const auto allowed = visitor->may_use(capability);
                                             if (!allowed) return allowed.error();
                                             return std::make_unique<Open>(visitor);
                                         });
}

}  // namespace

FilePtr make_mem(const VisitorPtr& visitor) { return make_hardware<OpenMem>(visitor, PATH_MEM, CAP_DEVICE); }
FilePtr make_io(const VisitorPtr& visitor) { return make_hardware<OpenIo>(visitor, PATH_IO, CAP_IOPORT); }
FilePtr make_dma_alloc(const VisitorPtr& visitor) {
    return make_hardware<OpenDmaAlloc>(visitor, PATH_DMA_ALLOC, CAP_DMA);
}

}  // namespace p9::serve::sip
