// Interrupts: who gets them, and that none is lost.
#include "tests/serve/sip.hpp"

namespace p9::test {
namespace {

class SipIrq : public ::testing::Test {
protected:
    SipIrq() {
        user_.make("example-driver", "ahci");
        EXPECT_EQ(user_.echo("register 11 ahci", "/dev/irq/ctl"), "");
    }
    Pending<Result<Payload>> start_reading(const File& file) { return served_.loop.start(file.read(0, 64)); }
    void trigger(const std::string& number = "11") { EXPECT_EQ(user_.echo("trigger " + number, "/dev/irq/ctl"), ""); }
    /// A round trip: whatever was sent before it has arrived.
    std::string lines() { return user_.cat("/dev/irq/ctl"); }

    ServedSip served_;
    SipUser user_{served_};
};

TEST_F(SipIrq, AReadWaitsForItsInterrupt) {
    const auto line = must(user_.open("/dev/irq/11", P9_O_RDONLY));
    auto reading = start_reading(line);
    EXPECT_EQ(lines(), "irq 11: ahci pending=0 delivered=0 dropped=0\n");
    EXPECT_FALSE(reading.done());
    trigger();
    EXPECT_EQ(SipUser::words(reading.get()), "irq 11\n");
    EXPECT_EQ(lines(), "irq 11: ahci pending=0 delivered=1 dropped=0\n");
}

TEST_F(SipIrq, ReadersAreServedInTheirOrderOneEach) {
    std::vector<File> files;
    std::vector<Pending<Result<Payload>>> readings;
    for (int i = 0; i < 3; ++i) {
        files.push_back(must(user_.open("/dev/irq/11", P9_O_RDONLY)));
        readings.push_back(start_reading(files.back()));
        lines();
    }
    for (int i = 0; i < 3; ++i) {
        trigger();
        EXPECT_EQ(SipUser::words(readings[static_cast<std::size_t>(i)].get()), "irq 11\n");
        for (int later = i + 1; later < 3; ++later) EXPECT_FALSE(readings[static_cast<std::size_t>(later)].done());
    }
}

TEST_F(SipIrq, SixtyFourWaitAndMoreAreDropped) {
    EXPECT_EQ(user_.command("ahci", "start"), "");
    ASSERT_TRUE(user_.comes_to("ahci", "healthy"));
    for (int i = 0; i < 66; ++i) trigger();
    EXPECT_EQ(lines(), "irq 11: ahci pending=64 delivered=0 dropped=2\n");
    EXPECT_EQ(user_.status("ahci"), "degraded");
    EXPECT_NE(user_.health("ahci").find("Last error: irq 11 dropped: 64 are pending"), std::string::npos);
    const auto line = must(user_.open("/dev/irq/11", P9_O_RDONLY));
    for (int i = 0; i < 64; ++i) EXPECT_EQ(user_.read(line), "irq 11\n");
    EXPECT_EQ(lines(), "irq 11: ahci pending=0 delivered=64 dropped=2\n");
    EXPECT_EQ(user_.status("ahci"), "healthy") << "all has been taken";
}

TEST_F(SipIrq, AFlushedReadLosesNothing) {
    const auto line = must(user_.open("/dev/irq/11", P9_O_RDONLY));
    auto reading = start_reading(line);
    lines();
    reading.cancel();
    EXPECT_FALSE(reading.get());
    trigger();
    EXPECT_EQ(lines(), "irq 11: ahci pending=1 delivered=0 dropped=0\n");
    EXPECT_EQ(user_.read(line), "irq 11\n");
}

TEST_F(SipIrq, AFlushThatMeetsItsInterruptLosesNothing) {
    // The trigger and the flush leave together, in either order.
    for (const bool trigger_first : {true, false}) {
        const auto line = must(user_.open("/dev/irq/11", P9_O_RDONLY));
        auto reading = start_reading(line);
        lines();
        const auto ctl = must(user_.open("/dev/irq/ctl"));
        const std::string text = "trigger 11";
        std::optional<Pending<Result<u32>>> triggering;
        if (trigger_first) triggering.emplace(served_.loop.start(ctl.write(0, SipUser::bytes(text))));
        reading.cancel();
        if (!trigger_first) triggering.emplace(served_.loop.start(ctl.write(0, SipUser::bytes(text))));
        EXPECT_TRUE(triggering->get());
        const auto got = reading.get();
        // Either its answer came before the flush, or the interrupt is still there.
        EXPECT_EQ(got ? SipUser::words(got) : user_.read(line), "irq 11\n");
        EXPECT_NE(lines().find("pending=0"), std::string::npos);
    }
}

TEST_F(SipIrq, AnInterruptOfAConnectionThatIsGoneGoesToTheNext) {
    SipUser other(served_);
    const auto theirs = must(other.open("/dev/irq/11", P9_O_RDONLY));
    auto first = start_reading(theirs);
    other.cat("/dev/irq/ctl");
    const auto line = must(user_.open("/dev/irq/11", P9_O_RDONLY));
    auto second = start_reading(line);
    lines();
    served_.loop.run(other.client().session().close());
    EXPECT_FALSE(first.get());
    ASSERT_TRUE(served_.loop.run_until([this] { return served_.server.connections() == 1; }));
    trigger();
    EXPECT_EQ(SipUser::words(second.get()), "irq 11\n");
}

TEST_F(SipIrq, TheServersOwnFileTellsOfAllItsLinesInOrder) {
    EXPECT_EQ(user_.echo("register 3 0", "/dev/irq/ctl"), "");
    trigger("11");
    trigger("3");
    trigger("11");
    const auto irq = must(user_.open("/dev/sip/servers/ahci/irq", P9_O_RDONLY));
    EXPECT_EQ(user_.read(irq), "irq 11\n");
    EXPECT_EQ(user_.read(irq), "irq 3\n");
    EXPECT_EQ(user_.read(irq), "irq 11\n");
    auto reading = start_reading(irq);
    lines();
    trigger("3");
    EXPECT_EQ(SipUser::words(reading.get()), "irq 3\n");
    EXPECT_EQ(user_.list("/dev/irq"), (std::vector<std::string>{"ctl", "3", "11"}));
}

TEST_F(SipIrq, TheEndOfARegistrationEndsItsReads) {
    const auto line = must(user_.open("/dev/irq/11", P9_O_RDONLY));
    auto reading = start_reading(line);
    lines();
    EXPECT_EQ(user_.echo("unregister 11", "/dev/irq/ctl"), "");
    EXPECT_EQ(SipUser::words(reading.get()), "! irq 11 is not registered any more");
    EXPECT_EQ(lines(), "");
    EXPECT_FALSE(user_.open("/dev/irq/11", P9_O_RDONLY));
    EXPECT_EQ(user_.echo("register 12 ahci", "/dev/irq/ctl"), "");
    const auto irq = must(user_.open("/dev/sip/servers/ahci/irq", P9_O_RDONLY));
    auto waiting = start_reading(irq);
    lines();
    EXPECT_EQ(user_.command("ahci", "remove"), "");
    EXPECT_EQ(SipUser::words(waiting.get()), "! server \"ahci\" was removed");
    EXPECT_EQ(lines(), "");
}

TEST_F(SipIrq, BadCommandsSayWhatIsExpected) {
    const std::string ctl = "/dev/irq/ctl";
    EXPECT_EQ(user_.echo("fire 11", ctl), "! unknown command \"fire\": expected register, unregister or trigger");
    EXPECT_EQ(user_.echo("", ctl), "! empty command: expected register, unregister or trigger");
    EXPECT_EQ(user_.echo("register 12", ctl),
              "! register takes a number and a server, as in \"register 11 ahci-driver\"");
    EXPECT_EQ(user_.echo("trigger", ctl), "! trigger takes a number, as in \"trigger 11\"");
    EXPECT_EQ(user_.echo("register x ahci", ctl), "! bad interrupt \"x\": expected a number from 0 to 1023");
    EXPECT_EQ(user_.echo("register 1024 ahci", ctl), "! bad interrupt \"1024\": expected a number from 0 to 1023");
    EXPECT_EQ(user_.echo("register 12 nobody", ctl), "! there is no server \"nobody\"");
    EXPECT_EQ(user_.echo("register 11 ahci", ctl), "! irq 11 is registered for \"ahci\": unregister it first");
    EXPECT_EQ(user_.echo("unregister 12", ctl), "! irq 12 is not registered: register it for a server first");
    EXPECT_EQ(user_.echo("trigger 12", ctl), "! irq 12 is not registered: register it for a server first");
    EXPECT_EQ(lines(), "irq 11: ahci pending=0 delivered=0 dropped=0\n");
}

TEST_F(SipIrq, ACrowdOfReadersGetsOneEach) {
    constexpr std::size_t CROWD = 2000;
    std::vector<File> files;
    std::vector<Pending<Result<Payload>>> readings;
    for (std::size_t i = 0; i < CROWD; ++i) {
        files.push_back(must(user_.open("/dev/irq/11", P9_O_RDONLY)));
        readings.push_back(start_reading(files.back()));
    }
    EXPECT_EQ(user_.status("ahci"), "configuring") << "everything else goes on";
    for (std::size_t i = 0; i < CROWD; i += 2) trigger();
    std::size_t served = 0;
    for (auto& reading : readings) served += reading.done();
    EXPECT_EQ(served, CROWD / 2);
    for (auto& reading : readings) reading.cancel();
    for (auto& reading : readings) (void)reading.get();
    EXPECT_EQ(lines(), "irq 11: ahci pending=0 delivered=" + std::to_string(CROWD / 2) + " dropped=0\n");
}

}  // namespace
}  // namespace p9::test
