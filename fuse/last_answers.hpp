// What is known of the root while the server says nothing.
//
// umount(8), df, ls of the folder above and much else begin with the mountpoint's attributes and figures: a server that
// hangs or is gone must not hold these up. Part of MountState. One thread.
#pragma once

#include "p9/attributes.hpp"
#include "p9/task.hpp"

#include <sys/statvfs.h>

#include <memory>
#include <optional>

namespace p9::fuse {

class LastAnswers {
public:
    /// As the server told last; nothing in a session in which it has not been asked.
    const std::optional<Attributes>& attributes() const { return attributes_; }
    const std::optional<struct statvfs>& figures() const { return figures_; }
    void saw(const Attributes& attributes) { attributes_ = attributes; }
    void saw(const struct statvfs& figures) { figures_ = figures; }
    void new_session() { *this = {}; }

    /// The server did not answer `question` in time. `answers` counts those to requests of all kinds. True if the
    /// question should go on, so that the end of the silence is heard: one such is enough.
    bool overdue(const std::shared_ptr<const void>& question, u64 answers) {
        silence_ = Silence{Clock::now(), answers};
        if (!question_.expired()) return false;
        question_ = question;
        return true;
    }
    /// True if nothing was answered since: then there is no use in waiting again. A server may also have lost the one
    /// question, so that is not for ever.
    bool is_silent(u64 answers) const {
        constexpr std::chrono::seconds until_asked_again{30};
        return silence_ && silence_->answers == answers && Clock::now() - silence_->since < until_asked_again;
    }

private:
    struct Silence {
        Clock::time_point since;
        u64 answers;
    };
    std::optional<Attributes> attributes_;
    std::optional<struct statvfs> figures_;
    std::optional<Silence> silence_;
    std::weak_ptr<const void> question_;  // that was not given up
};

}  // namespace p9::fuse
