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
    return 0;
}
