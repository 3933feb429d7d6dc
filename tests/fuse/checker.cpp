#include "tests/fuse/checker.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace p9::test {

namespace {

constexpr std::size_t LOGGED = 100;
constexpr std::uint64_t BETWEEN_COMPARISONS = 1000;
constexpr std::ptrdiff_t MOST_NAMES = 3;  // in a path that operations choose

}  // namespace

std::string result_text(long value) {
    if (value >= 0) return std::to_string(value);
    const char* name = ::strerrorname_np(errno);
    return name != nullptr ? name : std::to_string(errno);
}

std::string digest(std::string_view bytes) {
    return std::to_string(bytes.size()) + " bytes #" + std::to_string(std::hash<std::string_view>()(bytes) % 1000003);
}

std::uint64_t Checker::chosen_seed() {
    if (const char* text = std::getenv("P9_SEED")) return std::strtoull(text, nullptr, 10);
    return std::random_device()() % 1'000'000'000;
}

Checker::Checker(const std::string& mount, const std::string& local, Abilities abilities, std::uint64_t seed)
    : random_(seed), seed_(seed), logged_(std::getenv("P9_SEED") != nullptr ? 100'000 : LOGGED), abilities_(abilities) {
    mount_.root = ::open(mount.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    local_.root = ::open(local.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::umask(022);
    add(12, &Checker::open_file);
    add(6, &Checker::close_file);
    add(14, &Checker::read_some);
    add(14, &Checker::write_some);
    if (abilities_.appends) add(5, &Checker::append_some);
    add(5, &Checker::truncate_open);
    add(5, &Checker::status_open);
    add(2, &Checker::sync_open);
    add(2, &Checker::seek_open);
    add(1, &Checker::allocate);
    add(3, &Checker::copy_range);
    add(3, &Checker::change_open);
    add(4, &Checker::map_file);
    add(2, &Checker::unmap_file);
    add(5, &Checker::use_map);
    add(5, &Checker::make_directory);
    add(2, &Checker::remove_directory);
    add(5, &Checker::unlink_file);
    add(6, &Checker::rename_something);
    add(1, &Checker::rename_with_flags);
    if (abilities_.hard_links) add(3, &Checker::link_file);
    if (abilities_.symlinks) add(2, &Checker::symlink_file);
    if (abilities_.symlinks) add(2, &Checker::read_link);
    add(3, &Checker::truncate_path);
    add(8, &Checker::status_path);
    add(3, &Checker::change_mode);
    if (abilities_.owners) add(2, &Checker::change_owner);
    if (abilities_.times) add(3, &Checker::change_times);
    add(4, &Checker::list_directory);
    add(1, &Checker::begin_listing);
    add(3, &Checker::go_on_listing);
    if (abilities_.xattrs) add(2, &Checker::change_xattr);
    if (abilities_.xattrs) add(2, &Checker::read_xattr);
    add(6, &Checker::write_whole);
    add(6, &Checker::read_whole);
}

Checker::~Checker() {
    for (const Mapped& mapped : mapped_)
        if (mapped.file >= 0) ::close(mapped.file);
    for (Side* side : {&mount_, &local_}) {
        for (const Map& map : side->maps)
            if (map.at != nullptr) ::munmap(map.at, map.size);
        for (const int file : side->files)
            if (file >= 0) ::close(file);
        if (side->listing != nullptr) ::closedir(side->listing);
        if (side->root >= 0) ::close(side->root);
    }
}

void Checker::add(unsigned weight, void (Checker::*operation)()) {
    chances_.push_back({weight, operation});
    weights_ += weight;
}

void Checker::run(std::uint64_t operations) {
    ASSERT_GE(mount_.root, 0);
    ASSERT_GE(local_.root, 0);
    // Said before anything is done, so that it is in the log even if the run hangs and is killed.
    std::printf("P9_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    std::fflush(stdout);
    for (std::uint64_t i = 0; i < operations && !failed_; ++i, ++done_) {
        look_for_links();
        std::uint64_t point = below(weights_);
        for (const Chance& chance : chances_) {
            if (point < chance.weight) {
                (this->*chance.operation)();
                break;
            }
            point -= chance.weight;
        }
        if (!failed_ && done_ % BETWEEN_COMPARISONS == BETWEEN_COMPARISONS - 1) compare_trees();
    }
    if (!failed_) compare_trees();
}

void Checker::look_for_links() {
    struct stat status{};
    const auto is_linked = [&](int file) { return file >= 0 && ::fstat(file, &status) == 0 && status.st_nlink > 1; };
    for (std::size_t slot = 0; slot < FILES; ++slot)
        if (is_linked(local_.files[slot])) linked_[slot] = true;
    for (Mapped& mapped : mapped_)
        if (is_linked(mapped.file)) mapped.linked = true;
}

void Checker::doing(std::string what) {
    if (log_.size() == logged_) log_.pop_front();
    log_.push_back(std::to_string(done_) + ": " + std::move(what));
}

void Checker::both(const Call& call) {
    const std::string mounted = call(mount_);
    const std::string local = call(local_);
    log_.back() += " -> " + local;
    if (mounted != local) differ(mounted, local);
}

void Checker::differ(const std::string& mounted, const std::string& local) {
    failed_ = true;
    std::string history;
    for (const auto& line : log_) history += line + "\n";
    ADD_FAILURE() << "P9_SEED=" << seed_ << ", operation " << done_ << "\n"
                  << history << "the mount: " << mounted << "\nlocally:   " << local;
}

void Checker::describe_tree(int root, const std::string& path, const Abilities& abilities,
                            std::map<std::string, std::string>& into) {
    const int folder = ::openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* directory = folder < 0 ? nullptr : ::fdopendir(folder);
    if (directory == nullptr) {
        into[path] = std::strerror(errno);
        return;
    }
    while (const dirent* entry = ::readdir(directory)) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        const std::string below = path + "/" + name;
        struct stat status{};
        std::string text;
        if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            text = std::strerror(errno);
        } else {
            std::ostringstream out;
            out << std::oct << status.st_mode << std::dec;
            if (abilities.owners) out << " " << status.st_uid << ":" << status.st_gid;
            if (S_ISREG(status.st_mode)) {
                const int file = ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC);
                std::string contents(static_cast<std::size_t>(status.st_size) + 1, '\0');
                const ssize_t got = ::pread(file, contents.data(), contents.size(), 0);
                ::close(file);
                out << " size " << status.st_size << " ";
                if (got < 0)
                    out << std::strerror(errno);
                else
                    out << digest(std::string_view(contents).substr(0, static_cast<std::size_t>(got)));
            }
            text = out.str();
        }
        if (into.contains(below)) text += " TWICE";
        into[below] = text;
        if (S_ISDIR(status.st_mode)) describe_tree(root, below, abilities, into);
    }
    ::closedir(directory);
}

void Checker::compare_trees() {
    // What a shared map holds reaches the server with msync(2), which each change of a map ends with.
    std::map<std::string, std::string> mounted, local;
    describe_tree(mount_.root, ".", abilities_, mounted);
    describe_tree(local_.root, ".", abilities_, local);
    doing("comparison of the trees");
    for (const auto& [path, text] : local)
        if (!mounted.contains(path)) return differ(path + " is not there", path + " " + text);
    for (const auto& [path, text] : mounted)
        if (local[path] != text) return differ(path + " " + text, path + " " + local[path]);
    // Directories are renamed into directories: what no operation reaches any more would be compared ever more slowly.
    for (auto entry = local.rbegin(); entry != local.rend() && !failed_; ++entry)
        if (std::ranges::count(entry->first, '/') > MOST_NAMES) remove(entry->first);
}

void Checker::remove(const std::string& path) {
    doing("remove " + path);
    touch(path);
    both([&](Side& side) {
        const int result = ::unlinkat(side.root, path.c_str(), 0);
        const bool is_directory = result != 0 && errno == EISDIR;
        return result_text(is_directory ? ::unlinkat(side.root, path.c_str(), AT_REMOVEDIR) : result);
    });
}

std::string Checker::some_name() {
    static constexpr std::array<const char*, 8> names{"a", "b", "c", "d", "e", "f", "g", "h"};
    return names[below(names.size())];
}

std::string Checker::some_path() {
    std::string path = some_name();
    for (std::uint64_t more = below(MOST_NAMES + 1); more > 1; --more) path += "/" + some_name();
    return path;
}

std::string Checker::bytes(std::size_t size) {
    std::string result(size, '\0');
    std::uint64_t word = random_() | 1;
    for (char& c : result) {
        word = word * 6364136223846793005u + 1442695040888963407u;
        c = static_cast<char>(word >> 56);
    }
    return result;
}

std::size_t Checker::some_size() {
    switch (below(8)) {
        case 0:
            return below(3);
        case 1:
            return 4096 * below(5);
        case 2:
            return below(200'000);
        default:
            return below(9000);
    }
}

off_t Checker::some_offset() {
    switch (below(6)) {
        case 0:
            return 0;
        case 1:
            return static_cast<off_t>(4096 * below(20));
        case 2:
            return static_cast<off_t>(below(400'000));
        default:
            return static_cast<off_t>(below(20'000));
    }
}

unsigned Checker::some_mode() {
    const unsigned permissions = static_cast<unsigned>(below(01000)) | 0600;
    return abilities_.all_modes && one_in(3) ? permissions | static_cast<unsigned>(below(8)) << 9 : permissions;
}

std::size_t Checker::some_slot() {
    // One that is open, if a few tries find one: on others everything fails alike.
    std::size_t slot = below(FILES);
    for (int tries = 0; tries < 4 && local_.files[slot] < 0; ++tries) slot = below(FILES);
    return slot;
}

std::string Checker::status_text(const struct stat& status) const {
    std::ostringstream out;
    out << std::oct << status.st_mode << std::dec;
    if (abilities_.owners) out << " owner " << status.st_uid << ":" << status.st_gid;
    if (!S_ISDIR(status.st_mode)) {
        out << " size " << status.st_size;
        if (abilities_.link_counts) out << " links " << status.st_nlink;
    }
    return out.str();
}

void Checker::touch(const std::string& path) { stable_.erase(path.substr(path.find_last_of('/') + 1)); }

}  // namespace p9::test
