#include "tools/p9serve/sip/server.hpp"

#include <time.h>

namespace p9::serve::sip {
namespace {

std::string local_time() {
    const time_t now = time(nullptr);
    tm parts{};
    localtime_r(&now, &parts);
    char text[32];
    return {text, strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

}  // namespace

std::string_view status_word(Status status) {
    switch (status) {
        case Status::configuring:
            return "configuring";
        case Status::starting:
            return "starting";
        case Status::healthy:
            return "healthy";
        case Status::degraded:
            return "degraded";
        case Status::stopped:
            return "stopped";
        case Status::failed:
            return "failed";
    }
    return "failed";
}

void Server::note(std::string words) { last_error_ = std::move(words) + " at " + local_time(); }

std::string Server::status_text() const {
    using std::chrono::seconds;
    const auto uptime = active() ? std::chrono::duration_cast<seconds>(Clock::now() - started) : seconds(0);
    std::string text = "name: " + title() + "\n";
    text += "type: " + (type ? type->name : std::string()) + "\n";
    text += "status: " + std::string(status_word(status())) + "\n";
    text += "uptime: " + std::to_string(uptime.count()) + "\n";
    text += "requests: " + std::to_string(requests_) + "\n";
    text += "errors: " + std::to_string(errors_) + "\n";
    return text;
}

std::string Server::health_text() const {
    std::string text = std::string(status_word(status())) + "\n";
    if (stopping) text += "Stopping: waiting for its process to end\n";
    if (overruns != 0) text += "Interrupts are not taken as fast as they come\n";
    if (!last_error_.empty()) text += "Last error: " + last_error_ + "\n";
    return text;
}

}  // namespace p9::serve::sip
