// /dev/mem, /dev/io, /dev/dma/alloc, and who may use them.
#include "tests/serve/sip.hpp"
#include "tools/p9serve/sip/dma.hpp"

namespace p9::test {
namespace {

using serve::sip::CAP_DMA;
using serve::sip::CAP_IOPORT;

class SipHardware : public ::testing::Test {
protected:
    ServedSip served_;
    SipUser user_{served_};
};

TEST_F(SipHardware, MemoryIsItsWindowAndNothingElse) {
    const auto mem = must(user_.open("/dev/mem"));
    EXPECT_EQ(user_.write(mem, "\x01\x02\x03\x04", 0xFEDC0010), "");
    EXPECT_EQ(user_.read(mem, 0xFEDC0010, 4), "\x01\x02\x03\x04");
    EXPECT_EQ(user_.read(mem, 0xFEDC0012, 1), "\x03");
    EXPECT_EQ(user_.read(mem, 0xFEDCFFFF, 8).size(), 1u) << "up to the end of the window";
    const std::string window = ": the window is 0xfedc0000 to 0xfedcffff";
    EXPECT_EQ(user_.read(mem, 0xFEDBFFFF, 4), "! invalid MMIO address 0xfedbffff" + window);
    EXPECT_EQ(user_.read(mem, 0xFEDD0000, 4), "! invalid MMIO address 0xfedd0000" + window);
    EXPECT_EQ(user_.read(mem, 0, 4), "! invalid MMIO address 0x0" + window);
    EXPECT_EQ(user_.write(mem, "12345678", 0xFEDCFFFC), "! invalid MMIO address 0xfedd0000" + window);
    EXPECT_EQ(user_.read(mem, 0xFEDCFFFC, 4), std::string(4, '\0')) << "and nothing was written";
    EXPECT_EQ(user_.write(mem, "x", ~0ULL - 4), "! invalid MMIO address 0xfffffffffffffffb" + window);
}

TEST_F(SipHardware, PortsKeepWhatIsWritten) {
    const auto io = must(user_.open("/dev/io"));
    EXPECT_EQ(user_.write(io, "outb 0x3F8 0x41\n"), "");
    EXPECT_EQ(user_.read(io), "") << "nothing was asked";
    EXPECT_EQ(user_.write(io, "inb 0x3F8"), "");
    EXPECT_EQ(user_.read(io, 99), "0x41\n");
    EXPECT_EQ(user_.read(io), "");
    EXPECT_EQ(user_.ask("/dev/io", "inw 1016"), "0x0041\n");
    EXPECT_EQ(user_.echo("outl 0xCF8 0x80001234", "/dev/io"), "");
    EXPECT_EQ(user_.ask("/dev/io", "inl 0xcf8"), "0x80001234\n");
    EXPECT_EQ(user_.ask("/dev/io", "inb 0xcf8"), "0x34\n") << "little-endian";
    EXPECT_EQ(user_.echo("outw 0xFFFE 0xBEEF", "/dev/io"), "");
}

TEST_F(SipHardware, BadPortCommandsSayWhatIsExpected) {
    const struct {
        std::string command;
        std::string words;
    } bad[] = {
        {"", "empty command: expected inb, inw, inl, outb, outw or outl"},
        {"inq 1", "unknown command \"inq\": expected inb, inw, inl, outb, outw or outl"},
        {"inb", "inb takes a port, as in \"inb 0x3F8\""},
        {"outb 1", "outb takes a port and a value, as in \"outb 0x3F8 0x41\""},
        {"inb x", "bad port \"x\": expected a number from 0 to 0xffff"},
        {"inb -1", "bad port \"-1\": expected a number from 0 to 0xffff"},
        {"inb 0x10000", "bad port \"0x10000\": expected a number from 0 to 0xffff"},
        {"inl 0xfffd", "bad port \"0xfffd\": expected a number from 0 to 0xfffc"},
        {"outb 1 256", "bad value \"256\": expected a number from 0 to 0xff"},
        {"outl 0 0x100000000", "bad value \"0x100000000\": expected a number from 0 to 0xffffffff"},
    };
    for (const auto& [command, words] : bad) EXPECT_EQ(user_.echo(command, "/dev/io"), "! " + words);
}

TEST_F(SipHardware, BuffersAreFreedWithTheirFid) {
    EXPECT_EQ(user_.ask("/dev/dma/alloc", "size 4096 align 4096"),
              "vaddr:0xffff888100000000 paddr:0x100000000 handle:1\n");
    const auto first = must(user_.open("/dev/dma/alloc"));
    EXPECT_EQ(user_.write(first, "size 100 align 64\n"), "");
    EXPECT_EQ(user_.read(first), "vaddr:0xffff888100000000 paddr:0x100000000 handle:2\n") << "the first one is free";
    EXPECT_EQ(user_.read(first), "");
    EXPECT_EQ(user_.write(first, "size 1"), "! this open file has a buffer already: open the file again for another");
    EXPECT_EQ(user_.ask("/dev/dma/alloc", "size 1 align 64"), "vaddr:0xffff888100000080 paddr:0x100000080 handle:3\n");
    EXPECT_EQ(user_.ask("/dev/dma/alloc", "size 1"), "vaddr:0xffff888100001000 paddr:0x100001000 handle:4\n");
}

TEST_F(SipHardware, BuffersHaveLimits) {
    const struct {
        std::string command;
        std::string words;
    } bad[] = {
        {"", "expected \"size BYTES\" or \"size BYTES align BYTES\""},
        {"size", "expected \"size BYTES\" or \"size BYTES align BYTES\""},
        {"align 64", "the size is missing: expected \"size BYTES align BYTES\""},
        {"length 64", "unknown word \"length\": expected size or align"},
        {"size 1 size 2", "size is given twice"},
        {"size 0", "bad size \"0\": expected a number from 1 to 16777216"},
        {"size 16777217", "bad size \"16777217\": expected a number from 1 to 16777216"},
        {"size x", "bad size \"x\": expected a number from 1 to 16777216"},
        {"size 1 align 3", "bad alignment \"3\": expected a power of two from 1 to 16777216"},
        {"size 1 align 0", "bad alignment \"0\": expected a power of two from 1 to 16777216"},
        {"size 1 align 0x2000000", "bad alignment \"0x2000000\": expected a power of two from 1 to 16777216"},
    };
    for (const auto& [command, words] : bad) EXPECT_EQ(user_.echo(command, "/dev/dma/alloc"), "! " + words);
    std::vector<File> files;
    for (int i = 0; i < 16; ++i) {
        files.push_back(must(user_.open("/dev/dma/alloc")));
        EXPECT_EQ(user_.write(files.back(), "size 16777216"), "");
    }
    EXPECT_EQ(user_.echo("size 1", "/dev/dma/alloc"), "! no room for 1 bytes more: 16 buffers are in use");
    files.erase(files.begin() + 3);
    EXPECT_EQ(user_.echo("size 16777216", "/dev/dma/alloc"), "") << "there is room where one was freed";
}

// The search for room looks at each buffer: 200,000 of them stopped the server for seconds at a time.
TEST_F(SipHardware, ThereAreNotEndlesslyManyBuffers) {
    serve::sip::DmaBuffers buffers;
    std::vector<std::unique_ptr<serve::sip::DmaBuffer>> all;
    while (all.size() < 10'000) {
        auto buffer = buffers.allocate("size 1 align 1");
        if (!buffer) break;
        all.push_back(*std::move(buffer));
    }
    EXPECT_EQ(all.size(), 4096u);
    all.pop_back();
    EXPECT_TRUE(buffers.allocate("size 1 align 1"));
}

TEST_F(SipHardware, AServerNeedsItsCapabilities) {
    user_.make("example-driver", "ahci");
    SipUser driver(served_, Dialect::unix_, "ahci");
    SipUser numbered(served_, Dialect::unix_, "0");
    user_.echo("register 11 ahci", "/dev/irq/ctl");
    const struct {
        std::string path;
        std::string required;
        std::string capability;
    } files[] = {
        {"/dev/mem", "CapDeviceAccess", "device"},
        {"/dev/io", "CapIOPort", "ioport"},
        {"/dev/dma/alloc", "CapDMA", "dma"},
        {"/dev/irq/11", "CapInterrupt", "interrupt"},
    };
    for (const auto& [path, required, capability] : files) {
        const OpenFlags flags = capability == "interrupt" ? P9_O_RDONLY : P9_O_RDWR;
        for (SipUser* who : {&driver, &numbered}) {
            const auto refused = who->open(path, flags);
            ASSERT_FALSE(refused) << path;
            EXPECT_EQ(refused.error().message(), "permission denied: " + required + " required");
            EXPECT_TRUE(refused.error().is_errno(EACCES));
        }
        EXPECT_EQ(user_.command("ahci", "capability " + capability), "");
        EXPECT_TRUE(driver.open(path, flags)) << path;
        EXPECT_TRUE(numbered.open(path, flags)) << path;
        EXPECT_TRUE(user_.open(path, flags)) << path;
    }
    EXPECT_EQ(user_.status("ahci", "errors"), "8");
    EXPECT_NE(user_.health("ahci").find("Last error: permission denied: CapInterrupt required at "), std::string::npos);
}

TEST_F(SipHardware, AServerIsNoOperator) {
    user_.make("example-driver", "ahci");
    user_.make("example-driver", "other");
    SipUser driver(served_, Dialect::unix_, "ahci");
    EXPECT_EQ(driver.status("other"), "configuring") << "it may look";
    EXPECT_EQ(driver.command("other", "start"), "! permission denied: \"ahci\" is no operator of server \"other\"");
    EXPECT_EQ(driver.echo("example-driver", "/dev/sip/clone"), "! permission denied: only the operator makes servers");
    EXPECT_EQ(driver.command("ahci", "capability all"), "! permission denied: only the operator gives capabilities");
    EXPECT_EQ(driver.command("ahci", "start"), "");
    user_.command("ahci", "capability interrupt");
    user_.echo("register 5 other", "/dev/irq/ctl");
    EXPECT_FALSE(driver.open("/dev/irq/5", P9_O_RDONLY)) << "it is another's";
    EXPECT_FALSE(driver.open("/dev/sip/servers/other/irq", P9_O_RDONLY));
    EXPECT_TRUE(driver.open("/dev/sip/servers/ahci/irq", P9_O_RDONLY));
    EXPECT_EQ(driver.echo("register 6 ahci", "/dev/irq/ctl"), "");
    EXPECT_EQ(driver.echo("unregister 5", "/dev/irq/ctl"),
              "! permission denied: \"ahci\" is no operator of server \"other\"");
}

TEST_F(SipHardware, AServerThatWasRemovedHasNoRights) {
    user_.make("example-driver", "ahci");
    user_.command("ahci", "capability all");
    SipUser driver(served_, Dialect::unix_, "ahci");
    const auto io = must(driver.open("/dev/io"));
    EXPECT_EQ(driver.write(io, "inb 1"), "");
    EXPECT_EQ(user_.command("ahci", "remove"), "");
    EXPECT_EQ(driver.write(io, "inb 1"), "! permission denied: server \"ahci\" was removed");
    EXPECT_EQ(driver.echo("example-driver", "/dev/sip/clone"), "! permission denied: server \"ahci\" was removed");
}

TEST(SipOperator, HasOfTheDevicesWhatHeWasGiven) {
    serve::sip::SipOptions options;
    options.operator_capabilities = CAP_IOPORT | CAP_DMA;
    ServedSip served(options);
    SipUser user(served);
    EXPECT_TRUE(user.open("/dev/io"));
    EXPECT_TRUE(user.open("/dev/dma/alloc"));
    const auto mem = user.open("/dev/mem");
    ASSERT_FALSE(mem);
    EXPECT_EQ(mem.error().message(), "permission denied: CapDeviceAccess required");
    EXPECT_EQ(user.echo("register 1 x", "/dev/irq/ctl"), "! permission denied: CapInterrupt required");
    user.make("example-driver", "ahci");
    EXPECT_TRUE(user.open("/dev/sip/servers/ahci/irq", P9_O_RDONLY)) << "all of /dev/sip is his";
}

TEST(SipOptions, AreChecked) {
    using namespace serve::sip;
    EXPECT_EQ(must(parse_command_type("net=exec p9ls / = x")).command, "exec p9ls / = x");
    EXPECT_EQ(must(parse_command_type("net=x")).name, "net");
    for (const char* bad : {"net", "net=", "=x", "7=x", "a b=x", "example-driver=x", ""})
        EXPECT_FALSE(parse_command_type(bad)) << bad;
    EXPECT_EQ(must(parse_capabilities("device,ioport dma")), CAP_DEVICE | CAP_IOPORT | CAP_DMA);
    EXPECT_EQ(must(parse_capabilities("all")), CAP_ALL);
    EXPECT_EQ(must(parse_capabilities("none")), CAP_NONE);
    EXPECT_EQ(must(parse_capabilities("")), CAP_NONE);
    EXPECT_FALSE(parse_capabilities("device,magic"));
    EXPECT_FALSE(parse_capabilities("none,device"));
}

}  // namespace
}  // namespace p9::test
