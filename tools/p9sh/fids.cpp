// fids, tags: what the server knows of us, and what it has not answered.
#include "p9/trace.hpp"
#include "tools/p9sh/command.hpp"
#include "tools/p9sh/raw_conversation.hpp"

#include <cstdio>

namespace p9::tools {
namespace {

std::string fid_number(u32 fid) { return Fid{fid} == NOFID ? "NOFID" : std::to_string(fid); }

void print_fids(Call& call, const Traffic& traffic) {
    for (const auto& [fid, known] : traffic.fids()) {
        char number[16];
        std::snprintf(number, sizeof number, "%6s  ", fid_number(fid).c_str());
        call.out().put(number + qid_text(known.qid) + "  " + call.shown(known.path) +
                       (known.open.empty() ? "" : "  " + call.shown(known.open)) + "\n");
    }
}

void print_tags(Call& call, const Traffic& traffic) {
    for (const auto& [tag, pending] : traffic.pending()) {
        char age[32];
        std::snprintf(age, sizeof age, "%9.3f s  ", std::chrono::duration<double>(Clock::now() - pending.sent).count());
        // It is decoded: what the server said is escaped in it.
        call.out().put(age + pending.request + "\n");
    }
}

std::string heading(const Call& call, std::string_view which, std::size_t n, std::string_view what) {
    const bool over = which == "session" && call.shell.lost();
    return std::string(which) + (over ? " (no connection)" : "") + ": " + std::to_string(n) + " " + std::string(what) +
           (n == 1 ? "" : "s") + "\n";
}

}  // namespace

awaitable<void> run_fids(Call& call) {
    call.out().put(heading(call, "session", call.shell.traffic().fids().size(), "fid"));
    print_fids(call, call.shell.traffic());
    if (!call.shell.raw) co_return;
    call.out().put(heading(call, "raw", call.shell.raw->traffic().fids().size(), "fid"));
    print_fids(call, call.shell.raw->traffic());
}

awaitable<void> run_tags(Call& call) {
    call.out().put(heading(call, "session", call.shell.traffic().pending().size(), "request"));
    print_tags(call, call.shell.traffic());
    if (!call.shell.raw) co_return;
    call.out().put(heading(call, "raw", call.shell.raw->traffic().pending().size(), "request"));
    print_tags(call, call.shell.raw->traffic());
}

}  // namespace p9::tools
