#include "tools/p9doctor/report.hpp"

#include "tools/json.hpp"

namespace p9::doctor {

std::string_view word_of(Finding finding) {
    switch (finding) {
        case Finding::ok:
            return "ok";
        case Finding::note:
            return "note";
        case Finding::fail:
            return "fail";
        case Finding::skip:
            return "skip";
    }
    return "fail";
}

std::string line_of(std::string_view step, const Found& found, bool json) {
    if (json) {
        std::string line = R"({"step":)";
        tools::append_json_string(line, step);
        line.append(R"(,"result":")").append(word_of(found.finding)).append(R"(","text":)");
        tools::append_json_string(line, found.text);
        if (!found.advice.empty()) {
            line += R"(,"advice":)";
            tools::append_json_string(line, found.advice);
        }
        return line + "}\n";
    }
    std::string line(word_of(found.finding));
    line.resize(6, ' ');
    line += step;
    line.resize(17, ' ');
    line.append(tools::one_line(found.text)).append("\n");
    if (!found.advice.empty()) line.append(17, ' ').append("=> ").append(tools::one_line(found.advice)).append("\n");
    return line;
}

awaitable<void> Report::add(std::string step, Found found) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (found.finding == Finding::fail && status_ == tools::EXIT_DONE) status_ = found.status;
    out_.put(line_of(step, found, json_));
    auto flushing = out_.flush();
    co_await std::move(flushing);
}

}  // namespace p9::doctor
