#include "p9/call.hpp"

#include "session_core.hpp"

#include <boost/asio/post.hpp>

#include <cerrno>

namespace p9 {
namespace {

/// Bytes of a write from which on a copy costs more than a send of its own.
constexpr std::size_t WORTH_SENDING_AT_ONCE = 32 << 10;

}  // namespace

PendingCall::PendingCall(Session& session) : core_(session.core_) {}

PendingCall::~PendingCall() {
    if (tag_ == NOTAG) return;
    SessionCore& core = *core_;
    if (!core.must_finish(tag_) && core.recall(tag_)) return;
    core.tags.disown(tag_);
    core.flush(tag_);
    core.gave_up(tag_, uses_);
}

Dialect PendingCall::dialect() const { return core_->dialect; }
ByteVector& PendingCall::outbox() { return core_->outbox; }

bool PendingCall::admit(u8 type, bool spoken, std::size_t size, Fid makes) {
    SessionCore& core = *core_;
    std::optional<Error> refusal;
    if (core.ended)
        refusal = *core.ended;
    else if (!spoken)
        refusal =
            Error::from_errno(EOPNOTSUPP, std::string(version_string(core.dialect)) + " has no " + message_name(type));
    else if (size > core.msize)
        refusal =
            Error::from_errno(EMSGSIZE, message_name(type) + " of " + std::to_string(size) +
                                            " bytes is larger than the agreed msize of " + std::to_string(core.msize));
    else if (const auto tag = core.tags.open(this, type, makes))
        tag_ = *tag;
    else
        refusal = Error::from_errno(EAGAIN, "all tags are taken: too many requests in flight");
    if (!refusal) return true;
    fail(std::move(*refusal));
    done_ = true;
    return false;
}

bool PendingCall::send_at_once(const Twrite& request) {
    SessionCore& core = *core_;
    const Bytes data = request.data.bytes;
    if (data.size() < WORTH_SENDING_AT_ONCE || !core.may_send_at_once()) return false;
    ByteVector head;
    if (!encode(head, tag_, Twrite{request.fid, request.offset, Payload()}, core.dialect)) return false;
    // size[4] comes first and count[4], of the data that are missing here, last.
    const std::size_t size = head.size() + data.size();
    boost::endian::store_little_u32(head.data(), static_cast<u32>(size));
    boost::endian::store_little_u32(head.data() + head.size() - 4, static_cast<u32>(data.size()));
    core.send_at_once(std::move(head), data, request.data.lent);
    return true;
}

void PendingCall::submitted(bool encoded, std::size_t size) {
    SessionCore& core = *core_;
    if (encoded) return core.outbox_grew(size);
    core.tags.forget(std::exchange(tag_, NOTAG));
    fail(Error::from_errno(ENAMETOOLONG, "a string of more than 65535 bytes"));
    done_ = true;
}

void PendingCall::suspend(Handler handler) {
    slot_ = boost::asio::get_associated_cancellation_slot(handler);
    handler_ = std::make_unique<Handler>(std::move(handler));
    if (slot_.is_connected()) slot_.assign([this](boost::asio::cancellation_type) { cancel(); });
}

void PendingCall::cancel() {
    if (done_ || tag_ == NOTAG) return;
    SessionCore& core = *core_;
    if (core.must_finish(tag_)) return;
    if (!core.recall(tag_)) return core.flush(tag_);
    tag_ = NOTAG;
    fail(Error(errc::cancelled));
    complete_later();
}

void PendingCall::complete() {
    done_ = true;
    if (slot_.is_connected()) slot_.clear();
    if (handler_ == nullptr) return;
    Handler handler = std::move(*handler_);
    handler_.reset();
    std::move(handler)();  // may destroy this
}

void PendingCall::complete_later() {
    done_ = true;
    if (slot_.is_connected()) slot_.clear();
    if (handler_ == nullptr) return;
    boost::asio::post(core_->transport->executor(), [handler = std::move(handler_)] { std::move (*handler)(); });
}

namespace detail {

Error malformed(std::string_view message, std::size_t size) {
    return {errc::protocol_violation,
            std::string(message) + " of " + std::to_string(size) + " bytes does not hold what it should"};
}

Error excessive(std::string_view message, u64 extent, u64 bound) {
    return {errc::protocol_violation, std::string(message) + " brings " + std::to_string(extent) + " where at most " +
                                          std::to_string(bound) + " were asked for"};
}

}  // namespace detail
}  // namespace p9
