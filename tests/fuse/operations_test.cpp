// Random operations on mounts of several servers, in each dialect and cache mode, against a local directory.
//
//     P9_SEED=N         repeats what a failure printed
//     P9_OPERATIONS=N   how many
//     P9_OPTIONS=...    more options for the mount; trace=FILE shows what went over the connection

#include "tests/fuse/checker.hpp"

#include <sys/utsname.h>

namespace p9::test {
namespace {

enum class Server { directory, memory, diod };

struct Setting {
    const char* name;
    Server server;
    const char* options;
    std::uint64_t operations;
};

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

/// Linux 6.6 and later let files be mapped that go past the page cache.
bool maps_past_the_cache() {
    utsname system{};
    int major = 0, minor = 0;
    ::uname(&system);
    std::sscanf(system.release, "%d.%d", &major, &minor);
    return std::pair(major, minor) >= std::pair(6, 6);
}

Abilities abilities_of(const Setting& setting) {
    Abilities able;
    const std::string_view options = setting.options;
    if (options.find("cache=none") != options.npos)
        able.shared_maps = maps_past_the_cache();
    else
        able.access_times = able.links_alike = false;  // the kernel goes by what it has in its cache
    if (setting.server == Server::diod)
        able.open_unlinked = able.empty_xattrs = able.links_alike = able.links_later = false;
    if (options.find("cache=loose") != options.npos) able.links_later = false;
    if (options.find("dialect") == options.npos) return able;
    able.links_alike = able.links_later = able.renames = able.xattrs = able.times = able.link_counts = able.appends =
        false;
    if (options.find("9P2000.u") != options.npos) return able;
    able.symlinks = able.hard_links = able.owners = able.all_modes = false;
    return able;
}

class RandomOperations : public testing::TestWithParam<Setting> {
protected:
    void SetUp() override {
        if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
        if (::geteuid() != 0) GTEST_SKIP() << "changing owners needs root";
        const Setting& setting = GetParam();
        exported_ = scratch_.make("export");
        std::string address = "exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio ";
        std::string options = setting.options;
        if (setting.server == Server::diod) {
            if (const auto reason = Diod::why_not(); !reason.empty()) GTEST_SKIP() << reason;
            diod_ = std::make_unique<Diod>(exported_);
            address = diod_->address();
            options += ",aname=" + exported_;
        } else {
            address += setting.server == Server::memory ? "--memory" : "--dir " + exported_;
        }
        if (const char* more = std::getenv("P9_OPTIONS")) options += std::string(",") + more;
        mounted_ = std::make_unique<Mounted>(scratch_, address, options);
        const Outcome& outcome = mounted_->outcome();
        if (outcome.errors.find("is not there yet") != std::string::npos) GTEST_SKIP() << outcome.errors;
        ASSERT_EQ(outcome.status, 0) << outcome.errors;
    }
    void check(std::uint64_t operations) {
        if (const char* text = std::getenv("P9_OPERATIONS")) operations = std::strtoull(text, nullptr, 10);
        Checker checker(mounted_->path(), scratch_.make("local"), abilities_of(GetParam()), Checker::chosen_seed());
        checker.run(operations);
    }

    Scratch scratch_;
    std::string exported_;
    std::unique_ptr<Diod> diod_;
    std::unique_ptr<Mounted> mounted_;
};

std::string name_of(const testing::TestParamInfo<Setting>& info) { return info.param.name; }

TEST_P(RandomOperations, HaveTheSameOutcomeAsInALocalDirectory) { check(GetParam().operations); }

INSTANTIATE_TEST_SUITE_P(Short, RandomOperations,
                         testing::Values(Setting{"default", Server::directory, "", 4000},
                                         Setting{"none", Server::directory, "cache=none", 4000},
                                         Setting{"loose", Server::directory, "cache=loose", 4000},
                                         Setting{"memory", Server::memory, "", 4000},
                                         Setting{"memory_none", Server::memory, "cache=none", 2000},
                                         Setting{"diod_none", Server::diod, "cache=none", 2000},
                                         Setting{"unix", Server::directory, "dialect=9P2000.u", 2000},
                                         Setting{"plan9", Server::directory, "dialect=9P2000", 2000},
                                         Setting{"small_messages", Server::directory, "msize=8192", 2000}),
                         name_of);

constexpr std::uint64_t LONG = 1'000'000;

INSTANTIATE_TEST_SUITE_P(Long, RandomOperations,
                         testing::Values(Setting{"default", Server::directory, "", LONG},
                                         Setting{"none", Server::directory, "cache=none", LONG},
                                         Setting{"loose", Server::directory, "cache=loose", LONG},
                                         Setting{"memory", Server::memory, "", LONG},
                                         Setting{"diod", Server::diod, "", LONG},
                                         Setting{"diod_none", Server::diod, "cache=none", LONG},
                                         Setting{"unix", Server::directory, "dialect=9P2000.u", LONG},
                                         Setting{"plan9", Server::directory, "dialect=9P2000", LONG}),
                         name_of);

}  // namespace
}  // namespace p9::test
