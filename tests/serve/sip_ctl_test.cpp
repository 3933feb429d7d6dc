// clone, ctl and what is read about a server, in every dialect.
#include "tests/serve/sip.hpp"
#include "tools/p9serve/sip/words.hpp"

namespace p9::test {
namespace {

class SipCtl : public ::testing::TestWithParam<Dialect> {
protected:
    /// An error as this dialect tells it: 9P2000.L has numbers only.
    std::string error(int number, const std::string& words) const {
        return "! " + (GetParam() == Dialect::linux_ ? errno_message(number) : words);
    }

    ServedSip served_;
    SipUser user_{served_, GetParam()};
};

TEST_P(SipCtl, TheTreeIsAsPromised) {
    EXPECT_EQ(user_.list("/dev"), (std::vector<std::string>{"sip", "mem", "io", "dma", "irq"}));
    EXPECT_EQ(user_.list("/dev/sip"), (std::vector<std::string>{"clone", "types", "servers"}));
    EXPECT_EQ(user_.cat("/dev/sip/types"), "example-driver\nexample-fileserver\n");
    user_.make("example-driver", "ahci");
    EXPECT_EQ(user_.list("/dev/sip/servers/ahci"),
              (std::vector<std::string>{"ctl", "status", "health", "irq", "mount", "devices"}));
    std::set<u64> paths;
    std::vector<std::string> places{"/",
                                    "/dev",
                                    "/dev/sip",
                                    "/dev/sip/clone",
                                    "/dev/sip/types",
                                    "/dev/io",
                                    "/dev/mem",
                                    "/dev/irq",
                                    "/dev/irq/ctl",
                                    "/dev/dma/alloc",
                                    "/dev/dma",
                                    "/dev/sip/servers",
                                    "/dev/sip/servers/ahci"};
    for (auto& name : user_.list("/dev/sip/servers/ahci")) places.push_back("/dev/sip/servers/ahci/" + name);
    for (const auto& place : places) {
        const auto attributes = must(served_.loop.run(user_.client().attributes(place)));
        EXPECT_EQ(attributes.size, 0u) << place;
        EXPECT_EQ(attributes.qid.version, 0u) << place;
        EXPECT_TRUE(paths.insert(attributes.qid.path).second) << place << " shares its qid";
    }
}

TEST_P(SipCtl, CloneAnswersOnceForEachWrite) {
    const auto clone = must(user_.open("/dev/sip/clone"));
    EXPECT_EQ(user_.write(clone, "example-driver\n"), "");
    EXPECT_EQ(user_.read(clone, 15), "0\n") << "the offset does not matter";
    EXPECT_EQ(user_.read(clone, 17), "");
    EXPECT_EQ(user_.write(clone, "name ahci\n", 17), "");
    EXPECT_EQ(user_.read(clone, 27, 1), "0") << "a shell reads byte by byte";
    EXPECT_EQ(user_.read(clone, 28, 1), "\n");
    EXPECT_EQ(user_.read(clone, 29, 1), "");
    EXPECT_EQ(user_.list("/dev/sip/servers"), std::vector<std::string>{"ahci"});
    EXPECT_EQ(user_.cat("/dev/sip/servers/0/ctl"), "0\n");
}

TEST_P(SipCtl, ASlotWithoutATypeVanishesWithItsFid) {
    {
        const auto clone = must(user_.open("/dev/sip/clone"));
        EXPECT_EQ(user_.read(clone), "0\n");
        EXPECT_EQ(user_.list("/dev/sip/servers"), std::vector<std::string>{"0"});
        EXPECT_EQ(user_.write(clone, "exmaple-driver"),
                  error(EINVAL, "unknown type \"exmaple-driver\": expected example-driver or example-fileserver"));
    }
    EXPECT_EQ(user_.list("/dev/sip/servers"), std::vector<std::string>{});
    EXPECT_EQ(user_.echo("example-driver", "/dev/sip/clone"), "");
    EXPECT_EQ(user_.list("/dev/sip/servers"), std::vector<std::string>{"1"}) << "no number is used twice";
}

TEST_P(SipCtl, ALife) {
    user_.make("example-driver", "ahci");
    EXPECT_EQ(user_.cat("/dev/sip/servers/ahci/status"),
              "name: ahci\ntype: example-driver\nstatus: configuring\nuptime: 0\nrequests: 0\nerrors: 0\n");
    EXPECT_EQ(user_.health("0"), "configuring\n");
    EXPECT_EQ(user_.list("/dev/sip/servers/ahci/devices"), std::vector<std::string>{});
    EXPECT_EQ(user_.command("ahci", "mount /dev/sd"), "");
    EXPECT_EQ(user_.cat("/dev/sip/servers/ahci/mount"), "/dev/sd\n");
    EXPECT_EQ(user_.command("ahci", "start"), "");
    EXPECT_TRUE(user_.comes_to("ahci", "healthy"));
    EXPECT_EQ(user_.list("/dev/sip/servers/ahci/devices"), (std::vector<std::string>{"sd0", "sd1"}));
    EXPECT_EQ(user_.command("ahci", "start"), error(EBUSY, "server \"ahci\" is running already"));
    EXPECT_EQ(user_.command("ahci", "name other"), error(EBUSY, "server \"ahci\" is running: stop it to name it"));
    EXPECT_EQ(user_.command("ahci", "restart"), "");
    EXPECT_EQ(user_.status("ahci"), "starting");
    EXPECT_EQ(user_.command("ahci", "stop"), "");
    EXPECT_EQ(user_.status("ahci"), "stopped");
    EXPECT_EQ(user_.command("ahci", "stop"), error(ESRCH, "server \"ahci\" is not running"));
    const auto ctl = must(user_.open("/dev/sip/servers/ahci/ctl"));
    EXPECT_EQ(user_.write(ctl, "remove"), "");
    EXPECT_EQ(user_.write(ctl, "start"), error(ENOENT, "server \"ahci\" was removed"));
    EXPECT_EQ(user_.list("/dev/sip/servers"), std::vector<std::string>{});
}

TEST_P(SipCtl, DisksCountWhatIsAskedOfThem) {
    user_.make("example-driver", "ahci");
    user_.command("ahci", "start");
    ASSERT_TRUE(user_.comes_to("ahci", "healthy"));
    const auto disk = must(user_.open("/dev/sip/servers/ahci/devices/sd0"));
    EXPECT_EQ(user_.read(disk), "sd0: 131072 sectors of 512 bytes, read-only\n");
    EXPECT_EQ(user_.write(disk, "x"), error(EROFS, "sd0: the disk is read-only"));
    EXPECT_EQ(user_.status("ahci", "requests"), "2");
    EXPECT_EQ(user_.status("ahci", "errors"), "1");
    EXPECT_TRUE(user_.health("ahci").starts_with("healthy\nLast error: sd0: the disk is read-only at "))
        << user_.health("ahci");
    user_.command("ahci", "stop");
    EXPECT_EQ(user_.read(disk), error(EIO, "sd0: server \"ahci\" is not running"));
}

TEST_P(SipCtl, BadCommandsSayWhatIsExpectedAndChangeNothing) {
    user_.make("example-driver", "taken");
    user_.make("example-driver", "ahci");
    const std::string before = user_.cat("/dev/sip/servers/ahci/status");
    const struct {
        std::string command;
        int number;
        std::string words;
    } bad[] = {
        {"strat", EINVAL,
         "unknown command \"strat\": expected name, capability, mount, start, stop, restart or remove"},
        {"", EINVAL, "empty command: expected name, capability, mount, start, stop, restart or remove"},
        {"start now", EINVAL, "start takes no argument"},
        {"name", EINVAL, "name takes one word, as in \"name ahci-driver\""},
        {"name a b", EINVAL, "name takes one word, as in \"name ahci-driver\""},
        {"name taken", EEXIST, "the name \"taken\" is taken by server 0: choose another"},
        {"capability magic", EINVAL,
         "unknown capability \"magic\": expected filesystem, device, ioport, interrupt, dma, network, exchange or "
         "all"},
        {"mount dev", EINVAL, "bad mount path \"dev\": expected one that begins with '/'"},
        {"stop", ESRCH, "server \"ahci\" is not running"},
        {"start\nstop", EINVAL, "one command a write: there is a second line"},
        {std::string("na\x01me"), EINVAL, "control characters in \"na\\x01me\": a command is plain text"},
    };
    for (const auto& [command, number, words] : bad) {
        EXPECT_EQ(user_.command("ahci", command), error(number, words)) << command;
    }
    for (const std::string name : {"7", "..", ".", "a/b", "a:b", "\xc3\xa9"}) {
        EXPECT_EQ(user_.command("ahci", "name " + name),
                  error(EINVAL, "bad name \"" + name +
                                    "\": expected letters, digits, '.', '_' and '-', at most 255 of them, and not a "
                                    "number"));
    }
    EXPECT_EQ(user_.cat("/dev/sip/servers/ahci/status"), before);
    EXPECT_EQ(must(user_.open("/dev/sip/servers/ahci/ctl")).max_io(), 4096u);
}

TEST_P(SipCtl, AListingMissesNothingThatStays) {
    for (int i = 0; i < 200; ++i) user_.make("example-fileserver", "server-with-a-longer-name-" + std::to_string(i));
    const auto names = user_.list("/dev/sip/servers");
    EXPECT_EQ(names.size(), 200u);
    auto directory = must(served_.loop.run(user_.client().open_directory("/dev/sip/servers")));
    std::vector<std::string> seen;
    u64 at = 0;
    for (int removed = 0; true;) {
        const auto batch = must(served_.loop.run(directory.read(at)));
        for (auto& entry : batch.entries) seen.push_back(entry.name);
        if (batch.end) break;
        at = batch.next;
        // Those listed before go, and so does one that was not yet.
        EXPECT_EQ(user_.command("server-with-a-longer-name-" + std::to_string(removed++), "remove"), "");
        user_.command("server-with-a-longer-name-199", "remove");
    }
    EXPECT_GE(seen.size(), 199u);
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), seen.size()) << "nothing comes twice";
}

TEST_P(SipCtl, WhatEchoAndTouchNeedIsAcceptedAndNoMore) {
    user_.make("example-driver", "ahci");
    const std::string ctl = "/dev/sip/servers/ahci/ctl";
    const auto change = [&](AttributeChange wanted) {
        const auto done = served_.loop.run(user_.client().change(ctl, wanted));
        return done ? std::string() : "! " + done.error().message();
    };
    AttributeChange truncate, touch, chmod;
    truncate.size = 0;
    touch.mtime.emplace();
    touch.mtime->time = Time{1000, 0};
    chmod.mode = 0777;
    EXPECT_EQ(change(truncate), "");
    EXPECT_EQ(change(touch), "");
    EXPECT_NE(change(chmod), "");
    const auto appending = must(user_.open(ctl, P9_O_WRONLY | P9_O_APPEND));
    EXPECT_EQ(user_.write(appending, "mount /a"), "");
    EXPECT_FALSE(user_.open("/dev/sip/types", P9_O_WRONLY));
    EXPECT_FALSE(user_.open("/dev/sip/servers/ahci/status", P9_O_RDWR));
}

INSTANTIATE_TEST_SUITE_P(Dialects, SipCtl, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                         [](const auto& dialect) {
                             return std::string(dialect.param == Dialect::base    ? "base"
                                                : dialect.param == Dialect::unix_ ? "unix"
                                                                                  : "linux");
                         });

TEST(SipLimits, ALongCommandIsRefused) {
    EXPECT_TRUE(serve::sip::command_words(std::string(4096, 'x') + "\n"));
    const auto refused = serve::sip::command_words(std::string(4097, 'x'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "a command is at most 4096 bytes");
}

TEST(SipLimits, TooManyServersAreRefused) {
    ServedSip served;
    SipUser user(served);
    std::vector<File> slots;
    for (int i = 0; i < 4096; ++i) slots.push_back(must(user.open("/dev/sip/clone")));
    const auto more = user.open("/dev/sip/clone");
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().message(), "there are 4096 servers already, and no more are possible: remove some");
    slots.pop_back();
    EXPECT_TRUE(user.open("/dev/sip/clone"));
}

}  // namespace
}  // namespace p9::test
