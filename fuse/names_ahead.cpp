#include "fuse/names_ahead.hpp"

#include "fuse/filesystem.hpp"

#include <algorithm>

namespace p9::fuse {
namespace {

// An answer that comes sooner is not worth the work.
constexpr std::chrono::milliseconds LONG{2};
// Looking at one name is no sign that another will follow.
constexpr u32 LOOKUPS_BEFORE = 2;
// Who looks at a listing's names this long after it was read, or after the name before, does not follow it.
constexpr std::chrono::minutes FOLLOWED_FOR{1};
constexpr std::size_t NAMES_AT_MOST = 256, FIRST_NAMES = 32, DIRECTORIES_AT_MOST = 8, AT_ONCE = 128;

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
    fetched.used = Clock::now();
    const Duration age = fetched.used - fetched.when;
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
    }
    const FetchedPtr fetched = known;
    fetched->used = now;
    make_room();
    if (fetched->under_way || !directories_.contains(directory->number)) return;
    if (list && fetched->list.lock() != list) {
        take_up(*fetched, list, name);
        fetched->changes = fs.changes;
    }
    // Who changes what he looks at will do so again, and make what was fetched worthless.
    const bool in_order = list && fetched->changes == fs.changes &&
                          now - std::max(list->begun, fetched->followed) < FOLLOWED_FOR &&
                          follows(*fetched, *list, name);
    if (in_order) {
        fetched->followed = now;
    } else {
        if (now - fetched->when >= believed(behaviour)) {
            fetched->names.clear();
            fetched->when = now;
            fetched->lookups = 0;
        }
        if (took < LONG || ++fetched->lookups != LOOKUPS_BEFORE) return;
    }
    fetched->names.clear();
    fetched->when = now;
    fetched->changes = fs.changes;
    fetched->under_way = true;
    spawn(fs.executor(), fetch(&fs, directory, fetched, in_order ? list : nullptr));
}

void NamesAhead::take_up(Fetched& fetched, const NameListPtr& list, const std::string& name) {
    const auto& listed = list->names;
    const auto at = std::ranges::find(listed, name, &ListedName::name);
    fetched.list = list;
    fetched.reached = at == listed.end() ? 0 : static_cast<std::size_t>(at - listed.begin());
    fetched.in_order = 0;
    fetched.at_once = 0;
    fetched.followed = {};
    fetched.names.clear();
}

bool NamesAhead::follows(Fetched& fetched, const NameList& list, const std::string& name) {
    const auto& names = list.names;
    while (fetched.reached < names.size() && names[fetched.reached].known) ++fetched.reached;
    const std::size_t end = std::min(names.size(), fetched.reached + NAMES_AT_MOST);
    for (std::size_t i = fetched.reached; i < end; ++i) {
        if (names[i].name != name) continue;
        fetched.reached = i + 1;
        return ++fetched.in_order >= LOOKUPS_BEFORE;
    }
    return false;
}

/// More each time, as with reading ahead: who stops soon has cost little.
std::vector<std::string> NamesAhead::next_names(Fetched& fetched, const NameList& list) {
    fetched.at_once = fetched.at_once == 0 ? FIRST_NAMES : std::min(2 * fetched.at_once, NAMES_AT_MOST);
    std::vector<std::string> names;
    for (; fetched.reached < list.names.size() && names.size() < fetched.at_once; ++fetched.reached)
        if (!list.names[fetched.reached].known) names.push_back(list.names[fetched.reached].name);
    return names;
}

std::size_t NamesAhead::fids() const {
    std::size_t sum = 0;
    for (const auto& [number, fetched] : directories_)
        sum += fetched->under_way ? NAMES_AT_MOST : fetched->names.size();
    return sum;
}

void NamesAhead::make_room() {
    if (directories_.size() <= DIRECTORIES_AT_MOST) return;
    // What is under way counts in fids() until it has ended.
    auto oldest = directories_.end();
    for (auto at = directories_.begin(); at != directories_.end(); ++at)
        if (!at->second->under_way && (oldest == directories_.end() || at->second->used < oldest->second->used))
            oldest = at;
    if (oldest != directories_.end()) directories_.erase(oldest);
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

awaitable<void> NamesAhead::fetch(FileSystem* fs, InodePtr directory, FetchedPtr into, NameListPtr list) {
    const UnderWay under_way(*fs);
    struct Ended {
        Fetched& fetched;
        ~Ended() { fetched.under_way = false; }
    } const ended{*into};
    auto place = co_await fs->node(directory);
    if (!place) co_return;
    std::vector<std::string> names;
    if (list) {
        names = next_names(*into, *list);
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
