// What requests that one message answers have in common: they go without the coroutines that the general way takes.
//
// A QuickRequest keeps itself alive until its answer. `Holder` owns the fid that the message works on: a FilePtr or a
// Node. One thread.
#pragma once

#include "fuse/request.hpp"

#include "p9/call.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

namespace p9::fuse {

inline Session& session_of(const FilePtr& file) { return file->node().session(); }
inline Session& session_of(const Node& node) { return node.session(); }

template <class T, class Holder = FilePtr>
class QuickRequest : public Request {
public:
    void begin() {
        if (call_.done()) return end();
        auto self = std::static_pointer_cast<QuickRequest>(shared_from_this());
        auto ended = [self] { self->end(); };
        call_.when_done(boost::asio::bind_cancellation_slot(slot(), std::move(ended)));
        watch_interrupts();
    }

protected:
    QuickRequest(FileSystem& fs, fuse_req_t req, Holder holder, const T& message)
        : Request(fs, req, Interruptible::after_a_moment),
          holder_(std::move(holder)),
          call_(session_of(holder_), message) {}
    ~QuickRequest() = default;  // never deleted through this type

    virtual void end() = 0;
    Holder& holder() { return holder_; }
    Result<typename T::Reply> take_reply() { return call_.take_reply(); }
    static bool is_lost(const Error& error) { return error.code == make_error_code(errc::connection_lost); }

    /// Goes on with an operation that may be begun more than once.
    template <class Operation>
    void go_the_general_way(Operation operation) {
        auto self = shared_from_this();
        start(self, run(self, std::string(), std::move(operation)));
    }

private:
    Holder holder_;  // its fid is in use until call_ has ended
    Call<T> call_;
};

}  // namespace p9::fuse
