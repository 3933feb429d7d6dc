// Wireshark's dissector of 9P, which nobody of this project wrote, reads what --capture writes: every message of every
// dialect, field by field.
#include "tests/interop/tshark.hpp"
#include "tools/pcapng.hpp"
#include "unit/messages_filled.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace p9::test {
namespace {

namespace fs = std::filesystem;
using End = tools::CapturedConnection::End;

/// The packets' headers of a connection made up by us: what a message begins behind.
constexpr std::size_t HEADERS = 40;

/// Where a field of a message stands, counted from the message's first byte.
struct Place {
    std::size_t at;
    std::size_t size;
    auto operator<=>(const Place&) const = default;
};

/// Notes the places of the fields that it visits, by the wire format as our declarations have it.
struct Placer {
    Dialect dialect;
    std::size_t at = HEADER_SIZE;
    std::multimap<std::string, Place> places{};

    void number(const std::string& name, std::size_t size) {
        places.emplace(name, Place{at, size});
        at += size;
    }
    void operator()(const char* field, const wire::Integer auto& x) {
        // Wireshark takes seconds and nanoseconds together.
        std::string name = field;
        if (name.ends_with("time_nsec")) return;
        const bool seconds = name.ends_with("time_sec");
        if (seconds) name.resize(name.size() - 4);
        number(name, seconds ? 2 * sizeof x : sizeof x);
    }
    void operator()(const char* name, const std::string& s) {
        at += 2;
        number(name, s.size());
    }
    void operator()(const char*, const Payload& p) {
        number("count", 4);
        at += p.bytes.size();
    }
    void operator()(const char* name, const Names& names) {
        number("nwname", 2);
        for (const auto& each : names) (*this)(name, each);
    }
    void operator()(const char*, const Qids& qids) {
        number("nwqid", 2);
        for (const auto& each : qids) (*this)("wqid", each);
    }
    void operator()(const char*, const Qid&) {
        number("qid.type", 1);
        number("qid.version", 4);
        number("qid.path", 8);
    }
    template <class T>
    void operator()(const char* name, const Counted<T>& counted) {
        number(std::string("n") + name, 2);
        (*this)(name, counted.value);
    }
    template <class T>
    void operator()(const char* name, const Tail<T>& tail) {
        if (tail.value) (*this)(name, *tail.value);
    }
    void operator()(const char*, const Stat& stat) {
        number("size", 2);
        Stat::fields(stat, *this);
    }
};

/// The fields of one message as tshark has them.
using Dissected = std::multimap<Place, std::string>;

std::string attribute(const std::string& line, const std::string& name) {
    const auto at = line.find(' ' + name + "=\"");
    if (at == line.npos) return {};
    const auto begin = at + name.size() + 3;
    return line.substr(begin, line.find('"', begin) - begin);
}

/// From PDML, which has a line for each field, with its place.
std::vector<Dissected> dissected(const std::string& pdml) {
    std::vector<Dissected> all;
    std::istringstream lines(pdml);
    for (std::string line; std::getline(lines, line);) {
        const std::string name = attribute(line, "name");
        const std::string at = attribute(line, "pos");
        if (name == "9p") all.emplace_back();
        if (!name.starts_with("9p.") || at.empty() || std::stoul(at) < HEADERS) continue;
        all.back().emplace(Place{std::stoul(at) - HEADERS, std::stoul(attribute(line, "size"))}, name.substr(3));
    }
    return all;
}

/// The names of our fields in Wireshark, where they are others.
const std::multimap<std::string, std::string> THEIR_NAMES{
    {"qid.type", "qidtype"},
    {"qid.version", "qidvers"},
    {"qid.path", "qidpath"},
    {"msize", "maxsize"},
    {"nwname", "nwalk"},
    {"nwqid", "nqid"},
    {"n_uname", "uid"},
    {"n_uname", "message_data"},
    {"ecode", "message_data"},
    {"datasync", "message_data"},
    {"valid", "getattr.flags"},
    {"valid", "setattr.flags"},
    {"request_mask", "getattr.flags"},
    {"data_version", "dataversion"},
    {"bsize", "blksize"},
    {"flags", "lflags.rdonly"},
    {"flags", "lock.flag"},
    {"flags", "xattr.flag"},
    {"flags", "unlinkat.flags"},
    {"flags", "lcreate.flags"},
    {"mode", "statmode"},
    {"mode", "perm"},
    {"type", "stattype"},
    {"type", "fstype"},
    {"type", "lock.type"},
    {"status", "lock.status"},
    {"start", "lock.start"},
    {"length", "lock.length"},
    {"proc_id", "lock.procid"},
    {"client_id", "wname"},
    {"major", "mknod.major"},
    {"minor", "mknod.minor"},
    {"name", "filename"},
    {"name", "wname"},
    {"target", "wname"},
    {"symtgt", "wname"},
    {"oldname", "wname"},
    {"newname", "wname"},
    {"dfid", "fid"},
    {"dirfid", "dfid"},
    {"olddirfid", "dfid"},
    {"newdirfid", "newfid"},
    {"nstat", "paramsz"},
    {"size", "sdlen"},
    {"attr_size", "size"},
    {"uid", "user"},
    {"gid", "group"},
    {"extension", "wname"},
};

/// What tshark 4.0 leaves out (what 9P2000.u has beyond 9P2000 in Tcreate and in stat), or reads wrongly (it looks for
/// flags in Tgetlock and Rgetlock, which only Tlock has).
bool beyond_tshark(const std::string& message, const std::string& field) {
    if (message.ends_with("getlock"))
        return field == "start" || field == "length" || field == "proc_id" || field == "client_id";
    return field == "extension" || field == "n_uid" || field == "n_gid" || field == "n_muid";
}

bool is_called(const std::string& theirs, const std::string& ours) {
    if (theirs == ours) return true;
    const auto names = THEIR_NAMES.equal_range(ours);
    return std::any_of(names.first, names.second, [&](const auto& pair) { return pair.second == theirs; });
}

TEST_F(Tshark, DissectsEveryFieldOfEveryMessageWhereItIs) {
    ByteVector out;
    tools::begin_capture(out, "test");
    std::vector<std::string> names;
    std::vector<Placer> placed;
    u32 number = 0;
    for (const Dialect dialect : all_dialects) {
        tools::CapturedConnection connection(number++, std::string(version_string(dialect)));
        connection.open(out, 1);
        const auto add = [&]<class M>(const M& message, Tag tag) {
            ByteVector frame;
            ASSERT_TRUE(encode(frame, tag, message, dialect));
            connection.message(out, M::type % 2 == 0 ? End::client : End::server, frame, 1);
            names.emplace_back(M::message);
            M::fields(message, placed.emplace_back(Placer{dialect}));
        };
        add(Tversion{8192, std::string(version_string(dialect))}, NOTAG);
        add(Rversion{8192, std::string(version_string(dialect))}, NOTAG);
        u16 tag = 1;
        for_each_message(Messages{}, [&]<class M>() {
            if (!speaks(M::dialects, dialect) || M::type == Tversion::type || M::type == Rversion::type) return;
            add(filled<M>(dialect), Tag{tag++});
        });
        connection.close(out, End::client, 1);
    }
    std::ofstream(folder_ / "all", std::ios::binary)
        .write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));

    const auto messages = dissected(tshark("all", "-T pdml"));
    ASSERT_EQ(messages.size(), names.size());
    std::size_t compared = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
        for (const auto& [name, place] : placed[i].places) {
            if (beyond_tshark(names[i], name)) continue;
            std::string found;
            bool right = false;
            const auto range = messages[i].equal_range(place);
            for (auto at = range.first; at != range.second; ++at) {
                right = right || is_called(at->second, name);
                found += ' ' + at->second;
            }
            EXPECT_TRUE(right) << names[i] << "." << name << " of " << version_string(placed[i].dialect) << " is at "
                               << place.at << ", " << place.size << " bytes; tshark has there:" << found;
            ++compared;
        }
    }
    EXPECT_GT(compared, 300u);
}

}  // namespace
}  // namespace p9::test
