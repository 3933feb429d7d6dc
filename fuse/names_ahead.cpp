#include "fuse/names_ahead.hpp"

#include "fuse/filesystem.hpp"

#include <algorithm>

namespace p9::fuse {
namespace {

// An answer that comes sooner is not worth the work.
constexpr std::chrono::milliseconds LONG{2};
// Looking at one name is no sign that another will follow.
constexpr u32 LOOKUPS_BEFORE = 2;
// Who looks at names of a listing that is older than this has not just read it.
constexpr std::chrono::minutes FOLLOWED_FOR{1};
constexpr std::size_t NAMES_AT_MOST = 256, DIRECTORIES_AT_MOST = 4, AT_ONCE = 128;

std::chrono::duration<double> believed(const Behaviour& behaviour) {
    return std::chrono::duration<double>(std::min(behaviour.attribute_timeout, behaviour.entry_timeout));
}

/// Counts as a request of the kernel's, so that the mount outlives it.
class UnderWay {
public:
    explicit UnderWay(FileSystem& fs) : count_(fs.requests_under_way) { ++count_; }
    ~UnderWay() { --count_; }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

private:
    std::size_t& count_;
};

}  // namespace

std::optional<NameAhead> NamesAhead::take(const FileSystem& fs, u64 directory, const std::string& name) {
    const auto at = directories_.find(directory);
    if (at == directories_.end()) return std::nullopt;
    Fetched& fetched = *at->second;
    const Duration age = Clock::now() - fetched.when;
    if (fetched.changes != fs.changes || age >= believed(fs.behaviour())) {
        fetched.names.clear();
        return std::nullopt;
    }
    const auto found = fetched.names.find(name);
    if (found == fetched.names.end()) return std::nullopt;
    NameAhead known = std::move(found->second);
    fetched.names.erase(found);
    known.age = age;
    if (!fs.is_current(*known.node)) return std::nullopt;
    return known;
}

void NamesAhead::looked_up(FileSystem& fs, const InodePtr& directory, const std::string& name, Duration took) {
    // With access=user what one may see is not for another.
    const Behaviour& behaviour = fs.behaviour();
    if (behaviour.cache == CacheMode::none || behaviour.access != Access::client) return;
    const NameListPtr list = fs.kept_lists.find(directory->number);
    if (took < LONG && !list) return;
    const auto now = Clock::now();
    FetchedPtr& known = directories_[directory->number];
    if (!known) {
        known = std::make_shared<Fetched>();
        known->when = now;
        make_room();
    }
    const FetchedPtr fetched = known;
    if (fetched->under_way) return;
    if (list && fetched->list != list) {
        fetched->list = list;
        fetched->followed = 0;
        fetched->reached = 0;
        fetched->changes = fs.changes;
    }
    // Who changes what he looks at will do so again, and make what was fetched worthless.
    const bool in_order = list && fetched->changes == fs.changes && follows(*fetched, name) &&
                          now - std::max(list->begun, fetched->when) < FOLLOWED_FOR;
    if (!in_order) {
        if (now - fetched->when >= believed(behaviour)) {
            fetched->when = now;
            fetched->lookups = 0;
        }
        if (took < LONG || ++fetched->lookups != LOOKUPS_BEFORE) return;
        fetched->list = nullptr;
    }
    fetched->names.clear();
    fetched->when = now;
    fetched->changes = fs.changes;
    fetched->under_way = true;
    spawn(fs.executor(), fetch(&fs, directory, fetched));
}

bool NamesAhead::follows(Fetched& fetched, const std::string& name) {
    const auto& names = fetched.list->names;
    while (fetched.reached < names.size() && names[fetched.reached].known) ++fetched.reached;
    const std::size_t end = std::min(names.size(), fetched.reached + NAMES_AT_MOST);
    for (std::size_t i = fetched.reached; i < end; ++i) {
        if (names[i].name != name) continue;
        fetched.reached = i + 1;
        return ++fetched.followed >= LOOKUPS_BEFORE;
    }
    return false;
}

std::vector<std::string> NamesAhead::next_names(Fetched& fetched) {
    std::vector<std::string> names;
    const auto& listed = fetched.list->names;
    for (; fetched.reached < listed.size() && names.size() < NAMES_AT_MOST; ++fetched.reached)
        if (!listed[fetched.reached].known) names.push_back(listed[fetched.reached].name);
    return names;
}

std::size_t NamesAhead::fids() const {
    std::size_t sum = 0;
    for (const auto& [number, fetched] : directories_)
        sum += fetched->under_way ? NAMES_AT_MOST : fetched->names.size();
    return sum;
}

void NamesAhead::make_room() {
    while (directories_.size() > DIRECTORIES_AT_MOST) {
        const auto older = [](const auto& a, const auto& b) { return a.second->when < b.second->when; };
        directories_.erase(std::min_element(directories_.begin(), directories_.end(), older));
    }
}

awaitable<void> NamesAhead::fetch_one(const Node& from, const std::string& name, Fetched& into) {
    auto node = co_await from.walk(name);
    if (!node) co_return;
    auto shared = std::make_shared<Node>(std::move(*node));
    auto attributes = co_await shared->attributes();
    if (attributes) into.names.insert_or_assign(name, NameAhead{std::move(shared), std::move(*attributes)});
}

awaitable<std::vector<std::string>> NamesAhead::all_names(FileSystem* fs, InodePtr directory) {
    std::vector<std::string> names;
    const std::vector<std::string> none;
    auto clone = co_await fs->clone(std::move(directory));
    if (!clone) co_return none;
    auto opened = co_await Directory::open(std::move(*clone));
    if (!opened) co_return none;
    u64 cookie = 0;
    std::size_t batches = 0;
    for (bool end = false; !end;) {
        auto batch = co_await opened->read(cookie);
        // Of a large directory nobody can tell which names will be wanted. Answers without names may go on for ever.
        if (!batch || names.size() + batch->entries.size() > NAMES_AT_MOST || ++batches > NAMES_AT_MOST) co_return none;
        for (auto& entry : batch->entries) names.push_back(std::move(entry.name));
        cookie = batch->next;
        end = batch->end;
    }
    co_return names;
}

awaitable<void> NamesAhead::fetch(FileSystem* fs, InodePtr directory, FetchedPtr into) {
    const UnderWay under_way(*fs);
    struct Ended {
        Fetched& fetched;
        ~Ended() { fetched.under_way = false; }
    } const ended{*into};
    auto place = co_await fs->node(directory);
    if (!place) co_return;
    std::vector<std::string> names;
    if (into->list) {
        names = next_names(*into);
    } else {
        auto listing = all_names(fs, directory);
        names = co_await std::move(listing);
    }
    const NodePtr from = std::move(*place);
    std::function<awaitable<void>(std::size_t)> each = [&](std::size_t i) { return fetch_one(*from, names[i], *into); };
    auto fetching = for_each_concurrently(names.size(), AT_ONCE, std::move(each));
    co_await std::move(fetching);
}

}  // namespace p9::fuse
