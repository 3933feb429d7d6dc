// p9doctor: says why a 9P server cannot be reached or used, and what to do about it.
#include "tools/p9doctor/steps.hpp"
#include "tools/run.hpp"

namespace {

using namespace p9;

awaitable<void> report_all(const tools::CommonOptions& options, bool json, bool with_mount, tools::Output& out,
                           int& status) {
    doctor::Report report(out, json);
    auto examining = doctor::examine(options, with_mount, report);
    co_await std::move(examining);
    status = report.status();
}

}  // namespace

int main(int argc, char** argv) {
    tools::CommandLine line({"p9doctor", "Says why a 9P server cannot be reached or used, and what may help.",
                             "The steps: address, connect, version, attach, list, read, abilities, mount.\n"
                             "Exit status: 0 all is well, 1 refused, 2 usage, 3 no connection, 4 out of time,\n"
                             "5 protocol broken, 130 interrupted. p9doctor(1) tells more.\n\n"
                             "Examples:\n"
                             "  p9doctor tcp://fileserver:564\n"
                             "  p9doctor -A /export unix:/run/diod.sock"});
    bool json = false;
    bool no_mount = false;
    line.flag("--json", json, "One JSON object a line: step, result, text, advice");
    line.flag("--no-mount", no_mount, "Leave out what a mount needs of this machine");
    line.server("The server (or --address, or P9_ADDRESS)");
    int status = tools::EXIT_DONE;
    if (!line.parse(argc, argv, status)) return status;
    int found = tools::EXIT_DONE;
    const int ran = tools::run_unconnected(line.common(), [&](tools::Messages&, tools::Output& out) {
        return report_all(line.common(), json, !no_mount, out, found);
    });
    return ran != tools::EXIT_DONE ? ran : found;
}
