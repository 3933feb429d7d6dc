// What p9fuse --status says of a mount.
#pragma once

#include "tests/fuse/mounted.hpp"

#include <nlohmann/json.hpp>

namespace p9::test {

inline nlohmann::json status_of(const Scratch& scratch, const Mounted& mounted) {
    const std::string out = (scratch / "status").string();
    const std::string line = p9fuse() + " --status --json " + mounted.path() + " >" + out;
    const Outcome outcome = run_program({"sh", "-c", line}, (scratch / "errors").string());
    EXPECT_EQ(outcome.status, 0) << outcome.errors;
    return nlohmann::json::parse(contents_of(out), nullptr, false);
}

}  // namespace p9::test
