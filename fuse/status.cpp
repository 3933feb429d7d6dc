#include "fuse/status.hpp"

#include "p9/trace.hpp"
#include "tools/json.hpp"

#include <unistd.h>

#include <cstdio>

namespace p9::fuse {
namespace {

/// Collects "name: value" lines, or the members of a JSON object.
class StatusWriter {
public:
    explicit StatusWriter(bool json) : json_(json) {}

    void text(std::string_view name, std::string_view value) {
        begin(name);
        if (json_)
            tools::append_json_string(out_, value);
        else
            out_ += escaped(value);
    }
    void number(std::string_view name, u64 value) {
        begin(name);
        out_ += std::to_string(value);
    }
    void decimal(std::string_view name, double value) {
        char digits[32];
        std::snprintf(digits, sizeof digits, "%.3f", value);
        begin(name);
        out_ += digits;
    }
    void rate(const std::string& name, const HitRate& rate) {
        number(name + "_hits", rate.hits);
        number(name + "_misses", rate.misses);
        const u64 all = rate.hits + rate.misses;
        if (all != 0) decimal(name + "_hit_rate", static_cast<double>(rate.hits) / static_cast<double>(all));
    }
    std::string finish() {
        out_ += json_ ? "}\n" : "\n";
        return std::move(out_);
    }

private:
    void begin(std::string_view name) {
        if (json_) {
            out_ += out_.empty() ? '{' : ',';
            tools::append_json_string(out_, name);
            out_ += ':';
        } else {
            if (!out_.empty()) out_ += '\n';
            out_.append(name).append(": ");
        }
    }

    bool json_;
    std::string out_;
};

std::string_view cache_name(CacheMode mode) {
    return mode == CacheMode::none ? "none" : mode == CacheMode::loose ? "loose" : "auto";
}

std::string_view access_name(Access access) {
    return access == Access::client ? "client" : access == Access::user ? "user" : "single";
}

}  // namespace

std::string status_of_mount(const FileSystem& fs, bool json) {
    const Connection& connection = fs.connection();
    const Session& session = connection.session();
    StatusWriter out(json);
    out.text("connection", connection.alive() ? "connected" : "lost");
    if (const auto since = connection.lost_since())
        out.decimal("lost_for_seconds", std::chrono::duration<double>(Clock::now() - *since).count());
    out.text("address", display_name(connection.options().address));
    out.text("aname", connection.options().attach.aname);
    out.text("uname", connection.options().attach.uname);
    out.number("generation", connection.generation());
    out.text("dialect", version_string(session.dialect()));
    out.number("msize", session.msize());
    out.decimal("round_trip_ms", std::chrono::duration<double, std::milli>(session.round_trip_time()).count());
    out.decimal("reconnect_timeout_seconds",
                std::chrono::duration<double>(connection.options().reconnect_timeout).count());
    out.number("requests_in_flight", session.requests_in_flight());
    out.number("callers_waiting", fs.requests_under_way - fs.write_behind.writes());
    out.number("bytes_written_behind", fs.write_behind.bytes());
    out.text("cache", cache_name(fs.behaviour().cache));
    out.rate("node", fs.counters.nodes);
    out.rate("open", fs.counters.opens);
    out.rate("quick_read", fs.counters.reads);
    out.rate("listing", fs.counters.listings);
    out.number("inodes", fs.inodes.size());
    out.number("fids", session.fids_in_use());
    out.number("open_files", fs.files.size());
    out.number("open_directories", fs.directories.size());
    out.text("access", access_name(fs.behaviour().access));
    out.number("attaches", fs.users().attached() + 1);
    out.number("pid", static_cast<u64>(::getpid()));
    // A session that has ended this moment is not known to the connection yet.
    const auto& error = session.ended() ? session.ended() : connection.last_error();
    out.text("last_error", error ? error->message() : "");
    return out.finish();
}

}  // namespace p9::fuse
