#include "tools/p9sh/traffic.hpp"

namespace p9::tools {
namespace {

/// What changes fids when it is answered.
using Changing =
    List<Tversion, Tauth, Tattach, Twalk, Topen, Tlopen, Tcreate, Tlcreate, Txattrwalk, Txattrcreate, Tclunk, Tremove>;

/// Requests above this are described by their kind only: they carry data.
constexpr std::size_t LONGEST_DESCRIBED = 4096;

template <class... Ts>
bool is_one_of(List<Ts...>, u8 type) {
    return ((Ts::type == type) || ...);
}

std::string joined_path(std::string path, const Names& names) {
    for (const auto& name : names) {
        if (!path.ends_with('/')) path += '/';
        path += name;
    }
    return path;
}

std::string child_of(std::string path, const std::string& name) { return joined_path(std::move(path), Names{name}); }

std::string open_words(u32 access) {
    static constexpr std::string_view words[] = {"reading", "writing", "reading and writing", "executing"};
    return std::string(words[access & 3]);
}

}  // namespace

void Traffic::clear() {
    fids_.clear();
    pending_.clear();
    requests_.clear();
}

void Traffic::saw(Direction direction, Bytes frame, Dialect dialect) {
    if (frame.size() < HEADER_SIZE) return;
    const Header header = header_of(frame);
    if (direction == Direction::sent)
        sent(header, frame, dialect);
    else
        answered(header, frame, dialect);
}

void Traffic::sent(const Header& header, Bytes frame, Dialect dialect) {
    const u16 tag = number(header.tag);
    Pending& pending = pending_[tag];
    pending.request = frame.size() <= LONGEST_DESCRIBED ? describe(frame, dialect)
                                                        : message_name(header.type) + " tag=" + std::to_string(tag) +
                                                              " (" + std::to_string(frame.size()) + " bytes)";
    pending.sent = Clock::now();
    requests_.erase(tag);
    if (is_one_of(Changing{}, header.type) && frame.size() <= LONGEST_DESCRIBED)
        requests_[tag] = Frame(frame.begin(), frame.end());
}

void Traffic::answered(const Header& header, Bytes frame, Dialect dialect) {
    const u16 tag = number(header.tag);
    pending_.erase(tag);
    const auto found = requests_.find(tag);
    if (found == requests_.end()) return;
    const Frame request = std::move(found->second);
    requests_.erase(found);
    settle_any(Changing{}, Bytes(request), frame, dialect);
}

template <class... Ts>
void Traffic::settle_any(List<Ts...>, Bytes request, Bytes reply, Dialect dialect) {
    const u8 asked = header_of(request).type;
    const u8 answer = header_of(reply).type;
    const auto one = [&]<class T>() {
        const auto told = decode<T>(body_of(request), dialect);
        // clunk(5), remove(5): the fid is gone whatever the server says.
        if constexpr (std::is_same_v<T, Tclunk> || std::is_same_v<T, Tremove>) {
            if (told) fids_.erase(number(told->fid));
        } else {
            if (answer != T::Reply::type) return;
            const auto replied = decode<typename T::Reply>(body_of(reply), dialect);
            if (told && replied) settle(*told, *replied);
        }
    };
    (void)((Ts::type == asked && (one.template operator()<Ts>(), true)) || ...);
}

template <class T>
void Traffic::settle(const T& request, const typename T::Reply& reply) {
    if constexpr (std::is_same_v<T, Tversion>) {
        clear();
    } else if constexpr (std::is_same_v<T, Tauth>) {
        fids_[number(request.afid)] = Known{"authentication of " + request.uname, "", reply.aqid};
    } else if constexpr (std::is_same_v<T, Tattach>) {
        fids_[number(request.fid)] = Known{"/", "", reply.qid};
    } else if constexpr (std::is_same_v<T, Twalk>) {
        if (reply.wqid.size() != request.wname.size()) return;
        Known walked = fids_[number(request.fid)];
        walked.open.clear();
        walked.path = joined_path(std::move(walked.path), request.wname);
        if (!reply.wqid.empty()) walked.qid = reply.wqid.back();
        fids_[number(request.newfid)] = std::move(walked);
    } else if constexpr (std::is_same_v<T, Topen> || std::is_same_v<T, Tlopen>) {
        Known& known = fids_[number(request.fid)];
        if constexpr (std::is_same_v<T, Topen>)
            known.open = open_words(request.mode);
        else
            known.open = open_words(request.flags);
        known.qid = reply.qid;
    } else if constexpr (std::is_same_v<T, Tcreate> || std::is_same_v<T, Tlcreate>) {
        Known& known = fids_[number(request.fid)];
        known.path = child_of(std::move(known.path), request.name);
        if constexpr (std::is_same_v<T, Tcreate>)
            known.open = open_words(request.mode);
        else
            known.open = open_words(request.flags);
        known.qid = reply.qid;
    } else if constexpr (std::is_same_v<T, Txattrwalk>) {
        const std::string what = request.name.empty() ? "names of attributes" : "attribute " + request.name;
        fids_[number(request.newfid)] = Known{fids_[number(request.fid)].path, what, {}};
    } else if constexpr (std::is_same_v<T, Txattrcreate>) {
        fids_[number(request.fid)].open = "writing attribute " + request.name;
    }
}

Tag Traffic::free_tag() const {
    u16 tag = 1;
    while (pending_.contains(tag) && tag < number(NOTAG) - 1) ++tag;
    return Tag{tag};
}

}  // namespace p9::tools
