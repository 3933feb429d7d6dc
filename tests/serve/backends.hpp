// Both trees that hold ordinary files, a served directory and a tree in memory, under one fixture: where they must
// behave the same, a test runs against each.
#pragma once

#include "tests/support/loop.hpp"
#include "tools/p9serve/directory.hpp"
#include "tools/p9serve/memory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace p9::serve::test {

using p9::test::Loop;
using p9::test::Pending;

/// A directory that is gone with the object, with what is in it.
class Scratch {
public:
    Scratch() {
        std::string pattern = std::filesystem::temp_directory_path() / "p9serve-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

inline void put(const std::filesystem::path& path, const std::string& contents) {
    std::ofstream(path, std::ios::binary) << contents;
}
inline std::string get(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// 0, or the errno of an error.
template <class T>
int number_of(const Result<T>& result) {
    return result ? 0 : result.error().to_errno();
}

inline Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const u8*>(text.data()), text.size()}; }

/// Collects entries, up to `most` a call.
struct Collected final : Entries {
    struct Seen {
        std::string name;
        Qid qid;
        FileType type;
        u64 next;
    };
    explicit Collected(std::size_t limit) : most(limit) {}
    bool add(const Entry& entry) override {
        if (seen.size() == most) return false;
        seen.push_back({std::string(entry.name), entry.qid, entry.type, entry.next});
        return true;
    }
    std::size_t most;
    std::vector<Seen> seen;
};

/// Calls the coroutines of files and waits for them.
class Driver {
public:
    Loop loop;

    template <class T>
    T run(awaitable<T> work) {
        return loop.run(std::move(work));
    }

    /// What a read of `count` bytes at `offset` brings; an error is thrown.
    std::string read(OpenFile& open, u64 offset, u32 count) {
        ReadReply reply(count);
        run(open.read(offset, reply)).value();
        const ByteVector message = std::move(reply).finish(Tag{1}, 117);
        return {reinterpret_cast<const char*>(message.data()) + 11, message.size() - 11};
    }
    std::string contents(const FilePtr& file) {
        const auto open = run(file->open(P9_O_RDONLY)).value();
        std::string all;
        for (;;) {
            const std::string part = read(*open, all.size(), 100'000);
            if (part.empty()) return all;
            all += part;
        }
    }
    Result<u32> write(OpenFile& open, u64 offset, std::string_view text) {
        return run(open.write(offset, bytes_of(text)));
    }
    FilePtr make(const FilePtr& directory, const std::string& name, std::string_view text = {}) {
        auto created = run(directory->create(name, P9_O_RDWR, 0644, NONUNAME)).value();
        for (std::size_t done = 0; done < text.size();) done += write(*created.open, done, text.substr(done)).value();
        return created.file;
    }
    FilePtr mkdir(const FilePtr& directory, const std::string& name) {
        return run(directory->mkdir(name, 0755, NONUNAME)).value();
    }
    Result<FilePtr> walk(const FilePtr& from, const std::string& name) { return run(from->walk(name)); }
    Attributes attributes(const FilePtr& file) { return run(file->attributes()).value(); }
    /// The names in a directory, read `batch` at a time, without "." and "..".
    std::vector<std::string> names(const FilePtr& directory, std::size_t batch = 7) {
        const auto open = run(directory->open(P9_O_RDONLY)).value();
        std::vector<std::string> all;
        for (u64 offset = 0;;) {
            Collected some(batch);
            run(open->readdir(offset, some)).value();
            if (some.seen.empty()) return all;
            for (auto& entry : some.seen) all.push_back(entry.name);
            offset = some.seen.back().next;
        }
    }
    std::set<std::string> name_set(const FilePtr& directory) {
        const auto all = names(directory);
        return {all.begin(), all.end()};
    }
    FilePtr attach(Filesystem& tree, const std::string& aname = "", u32 user = ::geteuid()) {
        User who;
        who.uname = "somebody";
        who.n_uname = user;
        return run(tree.attach(who, aname)).value();
    }
};

enum class Backend { directory, memory };
/// For the names that ctest shows.
inline void PrintTo(Backend backend, std::ostream* out) {
    *out << (backend == Backend::directory ? "directory" : "memory");
}

class BackendTest : public ::testing::TestWithParam<Backend>, protected Driver {
protected:
    void SetUp() override {
        if (GetParam() == Backend::directory) {
            DirectoryOptions options;
            options.path = scratch.path();
            tree = DirectoryTree::open(loop.executor(), options).value();
        } else {
            tree = std::make_unique<MemoryTree>();
        }
        root = attach(*tree);
    }

    Scratch scratch;
    std::unique_ptr<Filesystem> tree;
    FilePtr root;
};

}  // namespace p9::serve::test
