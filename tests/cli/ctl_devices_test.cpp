// p9ctl mem, io, dma and irq.
#include "tests/cli/ctl.hpp"

#include <csignal>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Devices : public CtlTest {};
P9_IN_EACH_DIALECT(Devices);

TEST_P(Devices, Registers) {
    EXPECT_EQ(out_of({"mem", "write", "0xFEDC0000", "0x12345678"}), "");
    EXPECT_EQ(out_of({"mem", "read", "0xfedc0000"}), "0xfedc0000: 0x12345678\n");
    EXPECT_EQ(out_of({"mem", "read", "4275830784", "-w", "1", "-c", "4"}),
              "0xfedc0000: 0x78\n0xfedc0001: 0x56\n0xfedc0002: 0x34\n0xfedc0003: 0x12\n");
    EXPECT_EQ(out_of({"mem", "write", "0xFEDC0008", "0xffeeddccbbaa9988", "-w8"}), "");
    EXPECT_EQ(out_of({"mem", "read", "0xFEDC0008", "--width=8", "--json"}),
              "{\"address\":4275830792,\"width\":8,\"value\":18441921395520346504,\"hex\":\"0xffeeddccbbaa9988\"}\n");
    EXPECT_EQ(out_of({"mem", "read", "0xFEDC000e", "-w", "2"}), "0xfedc000e: 0xffee\n");
}

TEST_P(Devices, ARegisterIsReadByOneMessageOfItsWidth) {
    const Ran ran = ctl({"--trace", "mem", "read", "0xFEDC0000", "-w", "2", "-c", "3"});
    EXPECT_EQ(ran.status, 0);
    for (const char* each : {"offset=4275830784 count=2", "offset=4275830786 count=2", "offset=4275830788 count=2"})
        EXPECT_THAT(ran.err, HasSubstr(each));
}

TEST_P(Devices, WhereThereIsNoRegister) {
    expect_failure({"mem", "read", "0x1000"}, 1,
                   "mem 0x00001000: " +
                       words_or("invalid MMIO address 0x1000: the window is 0xfedc0000 to 0xfedcffff", "Bad address"));
    const Ran ran = ctl({"mem", "read", "0xFEDCFFFC", "-c", "2"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "0xfedcfffc: 0x00000000\n");
    EXPECT_EQ(ran.err,
              "p9ctl: mem 0xfedd0000: " +
                  words_or("invalid MMIO address 0xfedd0000: the window is 0xfedc0000 to 0xfedcffff", "Bad address") +
                  "\n");
}

TEST_P(Devices, Ports) {
    EXPECT_EQ(out_of({"io", "outb", "0x3F8", "0x41"}), "");
    EXPECT_EQ(out_of({"io", "inb", "0x3F8"}), "0x41\n");
    EXPECT_EQ(out_of({"io", "outl", "1016", "0xdeadbeef"}), "");
    EXPECT_EQ(out_of({"io", "inw", "0x3F8", "--json"}), "{\"port\":1016,\"width\":2,\"value\":48879}\n");
    EXPECT_EQ(out_of({"io", "inl", "0x3F8"}), "0xdeadbeef\n");
}

TEST_P(Devices, DmaBuffers) {
    const Ran ran = ctl({"dma", "alloc", "--size", "64K", "--align", "0x1000"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, MatchesRegex("vaddr:0x[0-9a-f]+ paddr:0x[0-9a-f]+ handle:[0-9]+\n"));
    EXPECT_EQ(ran.err, "p9ctl: dma alloc: the buffer is freed as this program ends; --hold keeps it\n");
    // Without a name for it standard input has ended.
    const Ran held = run_program({"/bin/sh", "-c", "exec \"$@\" </dev/null", "sh", tool("p9ctl"), "-a",
                                  "unix!" + socket_, "dma", "alloc", "--hold", "--json", "--size=1"});
    EXPECT_EQ(held.status, 0);
    EXPECT_EQ(held.err, "");
    EXPECT_THAT(held.out, MatchesRegex("\\{\"vaddr\":\"0x[0-9a-f]+\",\"paddr\":\"0x[0-9a-f]+\",\"handle\":[0-9]+,"
                                       "\"size\":1,\"align\":4096,\"held\":true\\}\n"));
}

TEST_P(Devices, AHeldBufferIsFreedByCtrlC) {
    const std::string fifo = folder_ / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    Words words{"/bin/sh", "-c", "exec \"$@\" <>\"$0\"", fifo};
    for (const auto& word : ctl_words({"--trace", "dma", "alloc", "--hold", "--size=4096"})) words.push_back(word);
    Program program(words);
    ASSERT_TRUE(program.wait_for_output("handle:"));
    program.signal(SIGINT);
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 130);
}

TEST_P(Devices, Interrupts) {
    start_server("d");
    EXPECT_EQ(out_of({"irq", "register", "11", "d"}), "");
    EXPECT_EQ(out_of({"irq", "list"}), "irq 11: d pending=0 delivered=0 dropped=0\n");
    EXPECT_EQ(out_of({"irq", "list", "--json"}),
              "{\"irq\":11,\"server\":\"d\",\"pending\":0,\"delivered\":0,\"dropped\":0}\n");
    EXPECT_EQ(out_of({"write", "/dev/irq/ctl", "trigger 11"}), "");
    EXPECT_EQ(out_of({"irq", "wait", "11", "-n", "1"}), "irq 11\n");
    Program program(ctl_words({"irq", "wait", "0xb", "--json"}));
    EXPECT_EQ(out_of({"write", "/dev/irq/ctl", "trigger", "11"}), "");
    ASSERT_TRUE(program.wait_for_output("{\"irq\":11,\"count\":1,\"event\":\"irq 11\"}\n"));
    EXPECT_EQ(out_of({"irq", "unregister", "11"}), "");
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, StartsWith("p9ctl: irq 11: "));
    EXPECT_EQ(out_of({"irq", "list"}), "");
    expect_failure({"irq", "wait", "11"}, 1, "irq 11: not registered: p9ctl irq register 11 SERVER does that");
    expect_failure({"irq", "register", "11", "nobody"}, 1,
                   "irq 11: " + words_or("there is no server \"nobody\"", "No such file or directory"));
}

TEST_P(Devices, CtrlCDuringIrqWaitFlushes) {
    start_server("d");
    EXPECT_EQ(out_of({"irq", "register", "5", "d"}), "");
    Program program(ctl_words({"--trace", "irq", "wait", "5"}));
    ASSERT_TRUE(program.wait_for_errors("-> Tread"));
    program.signal(SIGINT);
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 130);
    EXPECT_THAT(ran.err, HasSubstr("-> Tflush"));
    EXPECT_THAT(ran.err, HasSubstr("<- Rflush"));
}

TEST_P(Devices, TheServerGoesAwayDuringIrqWait) {
    start_server("d");
    EXPECT_EQ(out_of({"irq", "register", "5", "d"}), "");
    Program program(ctl_words({"--trace", "irq", "wait", "5"}));
    ASSERT_TRUE(program.wait_for_errors("-> Tread"));
    server_.reset();
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 3);
    EXPECT_THAT(ran.err, HasSubstr("p9ctl: irq 5: "));
}

TEST_P(Devices, ACommandForEachInterrupt) {
    start_server("d");
    EXPECT_EQ(out_of({"irq", "register", "5", "d"}), "");
    Program program(ctl_words({"irq", "wait", "5", "-n", "3", "--exec",
                               "echo \"$P9_IRQ $P9_IRQ_COUNT $P9_IRQ_EVENT\"; test $P9_IRQ_COUNT != 2 || exit 7"}));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(out_of({"write", "/dev/irq/ctl", "trigger 5"}), "");
    const Ran ran = program.finish();
    EXPECT_EQ(ran.out, "5 1 irq 5\n5 2 irq 5\n5 3 irq 5\n");
    EXPECT_EQ(ran.err, "p9ctl: irq 5: the command exited with status 7 for interrupt 2\n");
    EXPECT_EQ(ran.status, 1);
}

TEST_P(Devices, TheCommandReachesTheSameServer) {
    start_server("d");
    EXPECT_EQ(out_of({"irq", "register", "5", "d"}), "");
    EXPECT_EQ(out_of({"write", "/dev/irq/ctl", "trigger 5"}), "");
    EXPECT_EQ(out_of({"irq", "wait", "5", "-n", "1", "--exec", tool("p9ctl") + " irq list"}),
              "irq 5: d pending=0 delivered=1 dropped=0\n");
    EXPECT_EQ(out_of({"write", "/dev/irq/ctl", "trigger 5"}), "");
    const Ran ran = ctl({"irq", "wait", "5", "--exec", "/no/such/program"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr("p9ctl: irq 5: the command exited with status 127 for interrupt 1\n"));
}

TEST_P(Devices, CtrlCEndsTheCommandToo) {
    start_server("d");
    EXPECT_EQ(out_of({"irq", "register", "5", "d"}), "");
    EXPECT_EQ(out_of({"write", "/dev/irq/ctl", "trigger 5"}), "");
    // The shell's child is in its group.
    Program program(ctl_words({"irq", "wait", "5", "--exec", "sleep 1000 & echo running $!; wait"}));
    ASSERT_TRUE(program.wait_for_output("running "));
    ASSERT_TRUE(program.wait_for_output("\n"));
    program.signal(SIGINT);
    // The pipe ends only when the sleep has ended as well.
    const Ran ran = program.finish();
    EXPECT_EQ(ran.status, 130);
    EXPECT_EQ(ran.err, "");
}

class DeviceUsage : public SipTest {};

TEST_F(DeviceUsage, IsToldWithoutAServer) {
    socket_ = folder_ / "nothing listens here";
    expect_usage({"mem", "read", "here"}, "ADDR: expected a number such as 42 or 0x2a, not \"here\"");
    expect_usage({"mem", "read", "010"}, "ADDR: expected a number such as 42 or 0x2a, not \"010\"");
    expect_usage({"mem", "read", "0x1ffffffffffffffff"},
                 "ADDR: expected at most 0xffffffffffffffff, not 0x1ffffffffffffffff");
    expect_usage({"mem", "read", "0", "-w", "3"}, "-w: expected 1, 2, 4 or 8 bytes, not \"3\"");
    expect_usage({"mem", "read", "0", "-c", "0"}, "-c: expected 1 or more registers, not 0");
    expect_usage({"mem", "read", "0xfffffffffffffffe"},
                 "ADDR: the registers reach beyond the last address, 0xffffffffffffffff");
    expect_usage({"mem", "read", "8", "-c", "0x4000000000000000"},
                 "ADDR: the registers reach beyond the last address, 0xffffffffffffffff");
    expect_usage({"mem", "write", "0", "256", "-w", "1"}, "VALUE: expected at most 0xff, not 256");
    expect_usage({"mem", "write", "0", "0x100000000"}, "VALUE: expected at most 0xffffffff, not 0x100000000");
    expect_usage({"mem", "write", "0", "-1"},
                 "unknown option -1; after -- words may begin with a dash (p9ctl mem write --help lists the options)");
    expect_usage({"io", "inb", "0x10000"}, "PORT: expected at most 0xffff, not 0x10000");
    expect_usage({"io", "inl", "0xfffd"}, "PORT: 4 bytes at 0xfffd reach beyond the last port, 0xffff");
    expect_usage({"io", "outb", "0x3f8", "256"}, "VALUE: expected at most 0xff, not 256");
    expect_usage({"io", "inx", "1"},
                 "unknown command \"io inx\"; did you mean \"io inb\"? (p9ctl --help lists the commands)");
    expect_usage({"dma", "alloc"}, "dma alloc: expected --size N");
    expect_usage({"dma", "alloc", "--size", "0"}, "--size: expected 1 to 16777216 bytes (16 MiB), not 0");
    expect_usage({"dma", "alloc", "--size", "17M"}, "--size: expected 1 to 16777216 bytes (16 MiB), not 17M");
    expect_usage({"dma", "alloc", "--size", "1", "--align", "3"}, "--align: expected a power of two, not 3");
    expect_usage({"irq", "wait", "x"}, "N: expected a number such as 42 or 0x2a, not \"x\"");
    expect_usage({"irq", "wait", "1", "-n", "0"}, "-n: expected 1 or more interrupts, not 0");
    expect_usage({"irq", "wait", "1", "--exec", " "}, "--exec: the command is empty");
    expect_usage({"irq", "register", "1", "a b"}, "SERVER must be one word without blanks, not \"a b\"");
}

TEST_F(DeviceUsage, CapabilitiesAreTheServersBusiness) {
    serve({"--sip", "--operator-capabilities", "none"});
    expect_failure({"mem", "read", "0xFEDC0000"}, 1, "mem: permission denied: CapDeviceAccess required");
    expect_failure({"io", "inb", "0x3f8"}, 1, "inb 0x3f8: permission denied: CapIOPort required");
    expect_failure({"dma", "alloc", "--size", "1"}, 1, "dma alloc: permission denied: CapDMA required");
}

}  // namespace
}  // namespace p9::test
