// Random operations on a mount and on a local directory, which must stay alike.
//
// Each operation is done on both sides with the same arguments; values, errno and what was read are compared at once,
// and the whole trees now and then. What a dialect or server does not have is left out (Abilities). The seed decides
// everything, so that a failure can be repeated: P9_SEED. One thread; a Checker owns all descriptors that it opens.
#pragma once

#include "tests/fuse/mounted.hpp"

#include <dirent.h>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>

namespace p9::test {

/// What a mount is to do just as a local directory does it.
struct Abilities {
    bool symlinks = true;
    bool hard_links = true;
    bool links_alike = true;   ///< what is done by one name shows at once by the others
    bool links_later = true;   ///< the same for attributes, and for contents by what is opened after that
    bool link_counts = true;   ///< of files with more than one name
    bool owners = true;        ///< numeric ones can be changed
    bool all_modes = true;     ///< set-user-ID, set-group-ID and sticky bits
    bool times = true;         ///< any, with nanoseconds
    bool access_times = true;  ///< reading moves them on both sides
    bool xattrs = true;
    bool empty_xattrs = true;
    bool renames = true;        ///< to another directory, and onto what is there
    bool appends = true;        ///< the server finds the end by itself
    bool shared_maps = true;    ///< mmap(2) with MAP_SHARED
    bool open_unlinked = true;  ///< an open file without a name can be asked for its attributes and changed
};

class Checker {
public:
    Checker(const std::string& mount, const std::string& local, Abilities abilities, std::uint64_t seed);
    ~Checker();
    Checker(const Checker&) = delete;
    Checker& operator=(const Checker&) = delete;

    /// Does so many operations; ends early with a test failure where the sides differ.
    void run(std::uint64_t operations);
    /// The seed that P9_SEED names, or a new one.
    static std::uint64_t chosen_seed();

private:
    static constexpr std::size_t FILES = 8, MAPS = 3;
    struct Map {
        char* at = nullptr;
        std::size_t size = 0;
        bool shared = false, writable = false;
    };
    struct Side {
        int root = -1;
        std::array<int, FILES> files{-1, -1, -1, -1, -1, -1, -1, -1};
        std::array<Map, MAPS> maps;
        DIR* listing = nullptr;
        std::multiset<std::string> listed;
    };
    struct Chance {
        unsigned weight;
        void (Checker::*operation)();
    };
    using Call = std::function<std::string(Side&)>;

    void add(unsigned weight, void (Checker::*operation)());
    /// What follows is this operation.
    void doing(std::string what);
    /// Does it on both sides; the results must be the same.
    void both(const Call& call);
    void differ(const std::string& mounted, const std::string& local);
    void compare_trees();
    void remove(const std::string& path);
    static void describe_tree(int root, const std::string& path, const Abilities& abilities,
                              std::map<std::string, std::string>& into);

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    std::string some_path();
    std::string some_name();
    std::string bytes(std::size_t size);
    std::size_t some_size();
    off_t some_offset();
    unsigned some_mode();
    std::size_t some_slot();
    /// The file in `slot` has no name any more, and the server then knows nothing of it.
    bool is_out_of_reach(std::size_t slot) const;
    /// Another name of what is open in `slot` may have changed what the kernel has cached for this one.
    bool may_be_old(std::size_t slot) const { return !abilities_.links_alike && linked_[slot]; }
    /// Finds out which open files have other names.
    void look_for_links();
    std::string status_text(const struct stat& status) const;
    /// The names that a listing need not show any more.
    void touch(const std::string& path);

    // checker_files.cpp
    void open_file();
    void close_file();
    void read_some();
    void write_some();
    void append_some();
    void truncate_open();
    void status_open();
    void sync_open();
    void seek_open();
    void allocate();
    void copy_range();
    void change_open();
    // checker_maps.cpp
    /// Where the file ends, counted from the beginning of the map.
    off_t mapped_end(std::size_t place) const;
    void map_file();
    void unmap_file();
    void use_map();
    // checker_names.cpp
    void make_directory();
    void remove_directory();
    void unlink_file();
    void rename_something();
    void rename_with_flags();
    void link_file();
    void symlink_file();
    void read_link();
    void truncate_path();
    void status_path();
    void change_mode();
    void change_owner();
    void change_times();
    void write_whole();
    void read_whole();
    // checker_listings.cpp
    void list_directory();
    void begin_listing();
    void go_on_listing();
    void change_xattr();
    void read_xattr();

    std::mt19937_64 random_;
    std::uint64_t seed_;
    std::size_t logged_;  ///< operations that are remembered; all of them when a failure is repeated
    Abilities abilities_;
    Side mount_, local_;
    struct Mapped {
        int file = -1;  ///< a descriptor of the local file, of the map's own
        off_t offset = 0;
        bool linked = false;  ///< as in linked_
    };
    std::array<Mapped, MAPS> mapped_;
    std::array<bool, FILES> linked_{};  ///< the file had another name at some time since it was opened
    std::vector<Chance> chances_;
    unsigned weights_ = 0;
    std::set<std::string> stable_;  ///< names that the open listing must show exactly once
    std::deque<std::string> log_;
    std::uint64_t done_ = 0;
    bool failed_ = false;
};

/// A call's value, or the name of its errno.
std::string result_text(long value);
/// A short name for bytes.
std::string digest(std::string_view bytes);

}  // namespace p9::test
