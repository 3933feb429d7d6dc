// make_seeds DIRECTORY: writes a first corpus for each fuzz target to DIRECTORY/fuzz_frame and so on.
//
// Frames and records come from the list of messages, so that a new message has its seeds without anybody's work.
#include "unit/messages_filled.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace p9;

namespace {

class Corpus {
public:
    explicit Corpus(std::filesystem::path directory) : directory_(std::move(directory)) {
        std::filesystem::create_directories(directory_);
    }
    void add(Bytes bytes) {
        std::ofstream file(directory_ / ("seed-" + std::to_string(count_++)), std::ios::binary);
        file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }

private:
    std::filesystem::path directory_;
    int count_ = 0;
};

void frames(Corpus corpus) {
    test::for_each_message(Messages{}, [&]<class M>() {
        for (const Dialect dialect : test::all_dialects) {
            if (!speaks(M::dialects, dialect)) continue;
            for (const test::Filling filling : test::all_fillings) {
                ByteVector frame;
                if (encode(frame, Tag{1}, test::filled<M>(dialect, filling), dialect)) corpus.add(frame);
            }
        }
    });
}

// What fuzz_framer.cpp says: size[3] and piece[2] for each message.
void streams(Corpus corpus) {
    for (const u32 piece : {1u, 7u, 4096u, 65535u}) {
        std::vector<u8> input;
        for (const u32 size : {7u, 300u, 8192u, 8193u, 19u, 70'000u, 65'536u, 200'000u, 12'288u, 4096u, 7u, 200'001u}) {
            for (int i = 0; i < 3; ++i) input.push_back(static_cast<u8>(size >> (8 * i)));
            for (int i = 0; i < 2; ++i) input.push_back(static_cast<u8>(piece >> (8 * i)));
        }
        corpus.add(input);
    }
}

// What fuzz_websocket.cpp says: 0, then what a client sends after its handshake; or 1, then all that it sends.
void websockets(Corpus corpus) {
    const auto frame = [](u8 first, Bytes payload) {
        std::vector<u8> bytes{first, static_cast<u8>(0x80 | payload.size()), 1, 2, 3, 4};
        for (std::size_t i = 0; i < payload.size(); ++i) bytes.push_back(payload[i] ^ static_cast<u8>(1 + i % 4));
        return bytes;
    };
    const std::vector<u8> message{11, 0, 0, 0, 120, 1, 0, 1, 0, 0, 0};
    const Bytes whole(message);
    std::vector<u8> conversation{0};
    for (const auto& part : {frame(0x82, whole), frame(0x02, whole.first(3)), frame(0x89, whole.first(2)),
                             frame(0x80, whole.subspan(3)), frame(0x8a, {}), frame(0x88, {})})
        conversation.insert(conversation.end(), part.begin(), part.end());
    corpus.add(conversation);
    std::vector<u8> text = frame(0x81, whole);
    text.insert(text.begin(), 0);
    corpus.add(text);
    constexpr std::string_view request =
        "\1GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://x\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: binary\r\n\r\n";
    corpus.add(Bytes(reinterpret_cast<const u8*>(request.data()), request.size()));
}

// What fuzz_serve.cpp says: a dialect, then each request behind its length. Fields are small numbers, so that fids
// exist.
void conversations(Corpus corpus) {
    for (const Dialect dialect : test::all_dialects) {
        std::vector<u8> all{static_cast<u8>(dialect)};
        const auto add = [&](u32 tag, const auto& request) {
            ByteVector frame;
            if (!encode(frame, Tag{static_cast<u16>(tag)}, request, dialect) || frame.size() > 259) return;
            all.push_back(static_cast<u8>(frame.size() - 4));
            all.insert(all.end(), frame.begin() + 4, frame.end());
        };
        Names names;
        names.emplace_back(dialect == Dialect::linux_ ? "file1" : "dir1");
        add(1, Twalk{Fid{0}, Fid{3}, names});
        add(1, Twalk{Fid{0}, Fid{4}, {}});
        if (dialect == Dialect::linux_) {
            add(2, Tgetattr{Fid{3}, GETATTR_ALL});
            add(2, Tmkdir{Fid{0}, "d", 0755, 0});
            add(2, Tsymlink{Fid{0}, "s", "d", 0});
            add(2, Tlopen{Fid{4}, 0});
            add(2, Treaddir{Fid{4}, 0, 4096});
            add(2, Trenameat{Fid{0}, "file2", Fid{0}, "file3"});
            add(2, Tlink{Fid{0}, Fid{3}, "file4"});
            add(2, Tsetattr{Fid{3}, SETATTR_SIZE | SETATTR_MODE, 0600, 0, 0, 100});
            add(2, Txattrwalk{Fid{3}, Fid{5}, ""});
            add(2, Txattrcreate{Fid{3}, "user.x", 0, 0});
            add(2, Tunlinkat{Fid{0}, "d", P9_AT_REMOVEDIR});
            add(2, Tlock{Fid{1}, 1, 0, 0, 10, 1, "c"});
        } else {
            add(2, Tstat{Fid{3}});
            add(2, Topen{Fid{4}, OREAD});
            add(2, Tread{Fid{4}, 0, 4096});
            Twstat wstat{Fid{3}, {}};
            wstat.stat.value = unchanged_stat();
            wstat.stat.value.name = "x";
            add(2, wstat);
            add(2, Tremove{Fid{3}});
        }
        Twrite write{Fid{1}, 5, {}};
        write.data = Payload(Bytes(reinterpret_cast<const u8*>("hello"), 5));
        add(3, write);
        add(3, Tread{Fid{1}, 0, 100});
        add(4, Tflush{Tag{3}});
        add(5, Tclunk{Fid{1}});
        corpus.add(all);
    }
}

// What fuzz_proxy.cpp says: a dialect, then steps, a client's message behind its length.
void shared_conversations(Corpus corpus) {
    for (const Dialect dialect : test::all_dialects) {
        std::vector<u8> all{static_cast<u8>(dialect), 3, 3, 3};  // the attaches are answered
        const auto say = [&](u8 client, u32 tag, const auto& request) {
            ByteVector frame;
            if (!encode(frame, Tag{static_cast<u16>(tag)}, request, dialect) || frame.size() > 259) return;
            all.push_back(client);
            all.push_back(static_cast<u8>(frame.size() - 4));
            all.insert(all.end(), frame.begin() + 4, frame.end());
        };
        for (u8 client = 0; client < 3; ++client) {
            say(client, 1, Twalk{Fid{0}, Fid{1}, {}});
            say(client, 2, Tread{Fid{1}, 0, 100});
            say(client, 3, Tflush{Tag{2}});
            say(client, 4, Tflush{Tag{2}});
            say(client, 5, Tflush{Tag{3}});
            all.insert(all.end(), {11, 6, 3, 4});
            say(client, 6, Tclunk{Fid{1}});
            all.push_back(static_cast<u8>(7 + 8 * client));
            if (dialect == Dialect::linux_) say(client, 7, Trenameat{Fid{0}, "a", Fid{0}, "b"});
            say(client, 8, Tversion{8192, std::string(version_string(dialect))});
            say(client, 9, Tauth{Fid{9}, "u", "", 1});
        }
        corpus.add(all);
    }
}

template <class T>
void records(Corpus& corpus, Dialect dialect) {
    ByteVector several;
    for (const test::Filling filling : test::all_fillings) {
        T record{};
        test::Filler filler{dialect, filling};
        filler("", record);
        ByteVector one(wire::size_of(record, dialect));
        wire::Writer writer{dialect, one.data()};
        writer("", record);
        several.insert(several.end(), one.begin(), one.end());
        corpus.add(one);
        corpus.add(several);
    }
}

void addresses(Corpus corpus) {
    for (const std::string_view text : {"tcp!host!564",
                                        "tcp!host",
                                        "tcp://host:1",
                                        "tcp://[::1]:564",
                                        "[::1]",
                                        "host:564",
                                        "host",
                                        "tcp![fe80::1%eth0]!9",
                                        "tcp!*!0",
                                        "unix!/run/9p",
                                        "unix!/run/9p!any",
                                        "unix:/run/9p",
                                        "unix:///run/9p",
                                        "/run/9p",
                                        "./sock",
                                        "unix!@name",
                                        "ws://host/path?ticket=1",
                                        "wss://[::1]:443/",
                                        "virtio!org.p9.0",
                                        "virtio:/dev/vport1p1",
                                        "vsock!2!564",
                                        "vsock://4294967295:1",
                                        "exec!diod -e / -n",
                                        "exec:ssh host diod",
                                        "fd!0!1",
                                        "fd!3"})
        corpus.add(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}

void scripts(Corpus corpus) {
    for (const std::string_view text :
         {"ls -l; cd /usr\ncat *.c | grep x > out\n", "cat 'a b' \"c$d\" e\\ f $'g\\x01\\n\\''",
          "raw Twalk fid=1 newfid=9 names=usr,bin", "raw Twstat fid=9 stat.name=new stat.length=7 dialect=9P2000.u",
          "raw Tread tag=7 fid=9 count=0x64 size=22", "raw type=99 bytes=0a0b more=00",
          "raw Twrite fid=9 data.hex=73746f70", "cat -n 3 -o 1.5 -- -x\r\n!date; ls\n# nothing", "cat [a-z]?* 'x"})
        corpus.add(Bytes(reinterpret_cast<const u8*>(text.data()), text.size()));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: make_seeds DIRECTORY\n", stderr);
        return 2;
    }
    const std::filesystem::path directory(argv[1]);
    frames(Corpus(directory / "fuzz_frame"));
    streams(Corpus(directory / "fuzz_framer"));
    Corpus stats(directory / "fuzz_stat");
    records<Stat>(stats, Dialect::base);
    records<Stat>(stats, Dialect::unix_);
    Corpus dirents(directory / "fuzz_dirent");
    records<Dirent>(dirents, Dialect::linux_);
    addresses(Corpus(directory / "fuzz_address"));
    conversations(Corpus(directory / "fuzz_serve"));
    shared_conversations(Corpus(directory / "fuzz_proxy"));
    scripts(Corpus(directory / "fuzz_shell"));
    websockets(Corpus(directory / "fuzz_websocket"));
    return 0;
}
