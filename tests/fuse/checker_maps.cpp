// Operations on files in memory (mmap(2)). A store into a shared map is followed by msync(2), because other descriptors
// need not go through the page cache.
#include "tests/fuse/checker.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

namespace p9::test {

void Checker::map_file() {
    const std::size_t slot = some_slot();
    if (may_be_old(slot)) return;
    const std::size_t place = below(MAPS);
    const off_t offset = static_cast<off_t>(4096 * below(4));
    const std::size_t size = 4096 * (1 + below(8));
    const bool shared = abilities_.shared_maps && one_in(2);
    const bool writable = one_in(2);
    doing(std::string("mmap ") + (shared ? "shared " : "private ") + (writable ? "writable " : "") +
          std::to_string(slot) + " at " + std::to_string(offset) + " " + std::to_string(size) + " as " +
          std::to_string(place));
    for (Side* side : {&mount_, &local_}) {
        Map& map = side->maps[place];
        if (map.at != nullptr) ::munmap(map.at, map.size);
        map = Map();
    }
    both([&](Side& side) {
        void* const at = ::mmap(nullptr, size, PROT_READ | (writable ? PROT_WRITE : 0),
                                shared ? MAP_SHARED : MAP_PRIVATE, side.files[slot], offset);
        if (at == MAP_FAILED) return result_text(-1);
        side.maps[place] = {static_cast<char*>(at), size, shared, writable};
        return std::string("mapped");
    });
    if (mapped_[place].file >= 0) ::close(mapped_[place].file);
    mapped_[place] = Mapped();
    if (local_.maps[place].at != nullptr) mapped_[place] = {::fcntl(local_.files[slot], F_DUPFD_CLOEXEC, 0), offset};
}

void Checker::unmap_file() {
    const std::size_t place = below(MAPS);
    doing("munmap " + std::to_string(place));
    both([&](Side& side) {
        Map& map = side.maps[place];
        const std::string result = map.at == nullptr ? "none" : result_text(::munmap(map.at, map.size));
        map = Map();
        return result;
    });
}

void Checker::use_map() {
    const std::size_t place = below(MAPS);
    const Map& map = local_.maps[place];
    if (map.at == nullptr) return;
    // Beyond the end of the file lies SIGBUS.
    const off_t end = mapped_end(place);
    if (end <= 0) return;
    const std::size_t size = std::min<std::size_t>(map.size, static_cast<std::size_t>(end));
    const std::size_t from = below(size);
    const std::size_t count = 1 + below(std::min<std::size_t>(size - from, 9000));
    const bool stores = map.writable && one_in(2);
    // What a private map shows of later changes of the file is not specified: mmap(2).
    if (!map.shared && !stores) return;
    const std::string data = stores ? bytes(count) : "";
    doing(std::string(stores ? "store " : "load ") + std::to_string(place) + " at " + std::to_string(from) + " " +
          std::to_string(count));
    both([&](Side& side) {
        Map& mine = side.maps[place];
        if (!stores) return digest(std::string_view(mine.at + from, count));
        std::memcpy(mine.at + from, data.data(), count);
        if (!mine.shared) return digest(std::string_view(mine.at + from, count));
        return result_text(::msync(mine.at, mine.size, MS_SYNC));
    });
}

off_t Checker::mapped_end(std::size_t place) const {
    struct stat status{};
    const auto& [file, offset, linked] = mapped_[place];
    if (file < 0 || ::fstat(file, &status) != 0) return 0;
    // What was done through another name reaches this one's length late.
    if (linked || status.st_nlink > 1) return 0;
    return status.st_size - offset;
}

}  // namespace p9::test
