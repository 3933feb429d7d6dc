// p9cp where something is wrong: names that mean harm, servers that fall short, interruptions.
#include "tests/cli/cp.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

namespace p9::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace fs = std::filesystem;

using CpFaults = CpTest;

struct WrongOperands {
    std::vector<std::string> operands;
    std::string words;
};

TEST(CpUsage, HelpNamesTheOperands) {
    EXPECT_THAT(run_program({tool("p9cp"), "--help"}).out, HasSubstr("Usage: p9cp [OPTIONS] SOURCE... DESTINATION\n"));
    EXPECT_THAT(run_program({tool("p9ls"), "--help"}).out, HasSubstr("Usage: p9ls [OPTIONS] [PATH...]\n"));
}

TEST(CpUsage, WrongOperandsAreExplained) {
    const WrongOperands wrong[] = {
        {{}, "name a source and a destination; ':' begins a path on the server"},
        {{":/a"}, "name a destination after :/a"},
        {{"a", "b"}, "no path is on the server: ':' begins one, as in p9cp :/etc/motd . and cp copies local files"},
        {{"a", ":/b", "c"}, "a and c are both local: ':' begins a path on the server"},
    };
    for (const auto& [operands, words] : wrong) {
        std::vector<std::string> all{tool("p9cp"), "-a", "unix!/nonexistent"};
        all.insert(all.end(), operands.begin(), operands.end());
        const Ran ran = run_program(all);
        EXPECT_EQ(ran.status, 2);
        EXPECT_EQ(ran.err, "p9cp: " + words + " (p9cp --help lists the options)\n");
    }
}

TEST_F(CpFaults, OnlyADirectoryBecomesADirectoryThatIsNotThere) {
    serve({});
    write("file", "there");
    save("file", "here");
    Ran ran = cp({local("file"), ":/missing/"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: :/missing/: No such file or directory\n");
    ran = cp({":/file", local("missing/")});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: " + local("missing/") + ": No such file or directory\n");
    EXPECT_FALSE(fs::exists(exported_ / "missing"));
    EXPECT_FALSE(fs::exists(local("missing")));
    write("tree/a", "in a tree");
    EXPECT_EQ(cp({"-r", ":/tree", local("missing/")}).status, 0);
    EXPECT_EQ(file_text(local("missing/a")), "in a tree");
}

TEST_F(CpFaults, ATreeOfTheServerReplacesNothingHere) {
    serve({});
    write("tree/a", "from the server");
    write("tree/b", "from the server");
    save("tree/a", "mine");
    const Ran ran = cp({"-r", ":/tree", folder_});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: :/tree/a: there is a file of that name (-f replaces it)\n");
    EXPECT_EQ(file_text(local("tree/a")), "mine");
    EXPECT_EQ(file_text(local("tree/b")), "from the server");
    EXPECT_EQ(cp({"-rf", ":/tree", folder_}).status, 0);
    EXPECT_EQ(file_text(local("tree/a")), "from the server");
    expect_no_drafts();
}

TEST_F(CpFaults, ALinkThatTheServerSentLeadsNowhere) {
    // First a link, then a directory of the same name: what is in it must not land behind the link.
    serve({});
    fs::create_directory(local("outside"));
    fs::create_directory(exported_ / "first");
    fs::create_symlink(local("outside"), exported_ / "first/a");
    write("second/a/passwd", "root::0");
    write("second/b", "harmless");
    fs::create_directory(local("here"));
    ASSERT_EQ(cp({"-r", ":/first/.", local("here")}).status, 0);
    for (const std::string option : {"-r", "-rf", "-rfp"}) {
        const Ran ran = cp({option, ":/second/.", local("here")});
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.err, HasSubstr(":/second/./a: cannot be made at the destination: there is a symlink of that "
                                       "name, which is not followed\n"));
        EXPECT_TRUE(fs::is_empty(local("outside")));
    }
    EXPECT_EQ(file_text(local("here/b")), "harmless");
    // And a file in its place replaces the link, not what it points to.
    save("outside/file", "mine");
    fs::remove(exported_ / "first/a");
    fs::create_symlink(local("outside/file"), exported_ / "first/c");
    write("third/c", "theirs");
    ASSERT_EQ(cp({"-r", ":/first/.", local("here")}).status, 0);
    EXPECT_EQ(cp({"-r", ":/third/.", local("here")}).status, 1);
    EXPECT_EQ(cp({"-rf", ":/third/.", local("here")}).status, 0);
    EXPECT_EQ(file_text(local("outside/file")), "mine");
    EXPECT_EQ(file_text(local("here/c")), "theirs");
}

TEST_F(CpFaults, SetIdBitsAreNotCopied) {
    serve({});
    write("tree/program", "#!/bin/sh\n");
    constexpr auto set_id = fs::perms::set_uid | fs::perms::set_gid | fs::perms::sticky_bit;
    fs::permissions(exported_ / "tree/program", fs::perms(0755) | set_id);
    fs::permissions(exported_ / "tree", fs::perms(0755) | set_id);
    ASSERT_EQ(cp({"-rp", ":/tree", folder_}).status, 0);
    EXPECT_EQ(fs::status(local("tree/program")).permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(local("tree")).permissions() & (set_id ^ fs::perms::set_gid), fs::perms::none);
    ASSERT_EQ(cp({"-p", ":/tree/program", local("again")}).status, 0);
    EXPECT_EQ(fs::status(local("again")).permissions(), fs::perms(0755));
}

TEST_F(CpFaults, NamesWithControlCharactersAreRefused) {
    serve({});
    write("tree/plain", "x");
    write("tree/two\nlines", "x");
    write("tree/\x1b]0;title\x07", "x");
    const Ran ran = cp({"-r", ":/tree", folder_});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, HasSubstr(R"(:/tree/two\nlines: a name with control characters, left out (-f copies it))"));
    EXPECT_THAT(ran.err, HasSubstr(R"(:/tree/\x1b]0;title\x07: a name with control)"));
    EXPECT_EQ(file_text(local("tree/plain")), "x");
    EXPECT_FALSE(fs::exists(local("tree/two\nlines")));
    EXPECT_EQ(cp({":/tree/two*", folder_}).status, 1);
    EXPECT_EQ(cp({"-rf", ":/tree", local("all")}).status, 0);
    EXPECT_TRUE(fs::exists(local("all/two\nlines")));
}

TEST_F(CpFaults, TheDestinationIsNamedWhereItIsAtFault) {
    serve({});
    write("file", "there");
    save("a", "x");
    EXPECT_EQ(cp({local("a"), ":/file/x"}).err, "p9cp: :/file/x: Not a directory\n");
    EXPECT_EQ(cp({":/file", ":/file/x/y"}).err, "p9cp: :/file/x/y: Not a directory\n");
    EXPECT_EQ(cp({local("a"), ":/none/x"}).err, "p9cp: :/none/x: No such file or directory\n");
    EXPECT_EQ(cp({":/x*", local("")}).err, "p9cp: :/x*: nothing matches this pattern\n");
}

TEST_F(CpFaults, NoRoomLeavesNothing) {
    // 4096 bytes and some for the names.
    Program server({tool("p9serve"), "--memory", "--size", "8K", "--listen", address()});
    ASSERT_TRUE(server.wait_for_output(address() + "\n"));
    save("large", varied(100'000));
    const Ran ran = cp({local("large"), ":/large"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: " + local("large") + ": its copy :/large: No space left on device\n");
    EXPECT_EQ(run_program({tool("p9ls"), "-a", address(), "/"}).out, "");
}

TEST_F(CpFaults, AReadOnlyServer) {
    serve({"--read-only"});
    save("a", "x");
    const Ran ran = cp({local("a"), ":/a"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "p9cp: " + local("a") + ": its copy :/a: Read-only file system\n");
}

TEST_F(CpFaults, AControlFileIsWrittenInItsPlace) {
    Program server({tool("p9serve"), "--sip", "--listen", address()});
    ASSERT_TRUE(server.wait_for_output(address() + "\n"));
    save("command", "outb 0x10 0x41");
    const Ran ran = cp({local("command"), ":/dev/io"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    save("wrong", "frobnicate");
    EXPECT_EQ(cp({local("wrong"), ":/dev/io"}).status, 1);
}

TEST_F(CpFaults, ServersThatCannotRenameGetTheirFilesAllTheSame) {
    for (const std::string dialect : {"9P2000", "9P2000.L"}) {
        std::vector<std::string> words{std::string(P9_BINARY_DIR) + "/../tests/fake_server", "--listen",
                                       "unix!" + local("fake" + dialect), "--dialect", dialect};
        for (const char* knob : {"missing=Trename", "missing=Trenameat", "missing=Twstat"}) {
            words.emplace_back("--knob");
            words.emplace_back(knob);
        }
        if (!fs::exists(words[0])) GTEST_SKIP() << "fake_server is not built";
        Program server(words);
        ASSERT_TRUE(server.wait_for_output("\n"));
        for (int i = 0; i < 30; ++i) save("tree/file" + std::to_string(i), std::to_string(i));
        const std::string fake = "unix!" + local("fake" + dialect);
        const Ran ran = run_program({tool("p9cp"), "-a", fake, "-r", local("tree"), ":/new"});
        EXPECT_EQ(ran.status, 0) << ran.err;
        const Ran back = run_program({tool("p9cp"), "-a", fake, "-r", ":/new", local("back" + dialect)});
        EXPECT_EQ(back.status, 0) << back.err;
        EXPECT_EQ(differences(local("tree"), local("back" + dialect)), "");
    }
}

TEST_F(CpFaults, AnInterruptionLeavesNothingThatLooksWhole) {
    serve({});
    ASSERT_EQ(::mkfifo(local("pipe").c_str(), 0600), 0);
    // A pipe that stays open: the copy is under way until it is interrupted.
    Program writer({"/bin/sh", "-c", "exec 3<>'" + local("pipe") + "'; printf begun >&3; echo ready; exec sleep 100"});
    Program copying(cp_words({local("pipe"), ":/whole", "--trace"}));
    ASSERT_TRUE(writer.wait_for_output("ready"));
    ASSERT_TRUE(copying.wait_for_errors("Rwrite"));
    EXPECT_EQ(drafts().size(), 1u);
    copying.signal(SIGINT);
    EXPECT_EQ(copying.finish().status, 130);
    EXPECT_FALSE(fs::exists(exported_ / "whole"));
    expect_no_drafts();
}

TEST_F(CpFaults, ResumeGoesOnInTheMiddleOfAFile) {
    serve({});
    const std::string data = varied(12'000'000);
    for (const bool up : {true, false}) {
        write("large", data);
        save("large", data);
        set_time(exported_ / "large", 1'500'000'000);
        set_time(local("large"), 1'500'000'000);
        const std::string from = up ? local("large") : ":/large", to = up ? ":/copy" : local("copy");
        const fs::path copy = up ? exported_ / "copy" : fs::path(local("copy"));
        // The server ends in the middle: the draft stays.
        Program slow({tool("p9proxy"), "--listen", "unix!" + local("slow"), "--dial", address(), "--drop-after", "16"});
        ASSERT_TRUE(slow.wait_for_output("\n"));
        const Ran broken =
            run_program({tool("p9cp"), "-a", "unix!" + local("slow"), "--msize", "512K", "--resume", from, to});
        EXPECT_EQ(broken.status, 3) << broken.err;
        EXPECT_FALSE(fs::exists(copy));
        ASSERT_EQ(drafts().size(), 1u);
        const auto had = fs::file_size(drafts()[0]);
        EXPECT_GT(had, 0u);
        EXPECT_LT(had, data.size());
        // To tell that it goes on there: what is before is not written again.
        const std::string mark = "this was here before";
        {
            std::fstream(drafts()[0], std::ios::in | std::ios::out | std::ios::binary) << mark;
        }
        const auto draft = inode_of(drafts()[0]);
        const Ran resumed = cp({"--resume", from, to});
        EXPECT_EQ(resumed.status, 0) << resumed.err;
        EXPECT_EQ(inode_of(copy), draft);
        const std::string whole = file_text(copy);
        EXPECT_EQ(whole.size(), data.size());
        if (!up) {
            EXPECT_EQ(whole.substr(0, mark.size()), mark);
        }
        EXPECT_TRUE(whole.substr(mark.size()) == data.substr(mark.size()));
        expect_no_drafts();
        fs::remove(exported_ / "large");
        fs::remove(local("large"));
    }
}

TEST_F(CpFaults, AServerThatDies) {
    serve({});
    for (int i = 0; i < 300; ++i) write("tree/file" + std::to_string(i), varied(50'000));
    Program proxy({tool("p9proxy"), "--listen", "unix!" + local("p"), "--dial", address(), "--drop-after", "400"});
    ASSERT_TRUE(proxy.wait_for_output("\n"));
    const Ran ran = run_program({tool("p9cp"), "-a", "unix!" + local("p"), "-r", ":/tree", local("back")});
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    expect_no_drafts();
    for (const auto& entry : fs::directory_iterator(local("back"))) EXPECT_EQ(entry.file_size(), 50'000u);
}

}  // namespace
}  // namespace p9::test
