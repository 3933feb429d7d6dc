#include "tools/p9ctl/sinks.hpp"

#include "p9/trace.hpp"
#include "tools/p9ctl/record.hpp"

namespace p9::tools {

void DirectSink::lines(std::string_view text) {
    if (text.empty()) return;
    if (!out_.terminal()) {
        out_.put(text);
        if (!text.ends_with('\n')) out_.put("\n");
        return;
    }
    // What a server says must not drive the terminal.
    for (const auto line : lines_of(text)) out_.put(escaped(line) + "\n");
}

void DirectSink::object(std::string_view json) {
    out_.put(json);
    out_.put("\n");
}

void DirectSink::raw(std::string_view bytes) {
    if (out_.terminal())
        lines(bytes);
    else
        out_.put(bytes);
}

}  // namespace p9::tools
