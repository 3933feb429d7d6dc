#include "tests/support/knobs.hpp"

#include "p9/wire.hpp"

#include <charconv>
#include <map>

namespace p9::test {
namespace {

template <class T>
bool choose(T& to, std::string_view value, const std::map<std::string_view, T>& choices) {
    const auto found = choices.find(value);
    if (found == choices.end()) return false;
    to = found->second;
    return true;
}

bool number_from(u32& to, std::string_view value) {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), to);
    return error == std::errc() && end == value.data() + value.size();
}

bool message_from(std::set<u8>& to, std::string_view value) {
    for (int type = 0; type < 256; ++type)
        if (message_name(static_cast<u8>(type)) == value) {
            to.insert(static_cast<u8>(type));
            return true;
        }
    return false;
}

const std::map<std::string_view, Answer> answers{
    {"eopnotsupp", Answer::eopnotsupp}, {"enosys", Answer::enosys},   {"text", Answer::text},
    {"silence", Answer::silence},       {"hang-up", Answer::hang_up}, {"served", Answer::served}};

const std::map<std::string_view, VersionAnswer> version_answers{{"less", VersionAnswer::less},
                                                                {"unknown", VersionAnswer::unknown},
                                                                {"unknown-0", VersionAnswer::unknown_msize_0},
                                                                {"rerror", VersionAnswer::rerror},
                                                                {"rlerror", VersionAnswer::rlerror},
                                                                {"hang-up", VersionAnswer::hang_up},
                                                                {"silence", VersionAnswer::silence}};

const std::map<std::string_view, Lie> lie_names{
    {"bad-names", Lie::bad_names},
    {"self-entry", Lie::self_entry},
    {"huge-size", Lie::huge_size},
    {"flipping-type", Lie::flipping_type},
    {"endless-directory", Lie::endless_directory},
    {"circling-cookies", Lie::circling_cookies},
    {"walk-type", Lie::walk_type},
    {"long-read", Lie::long_read},
    {"xattr-grows", Lie::xattr_grows},
    {"xattr-shrinks", Lie::xattr_shrinks},
    {"xattr-endless", Lie::xattr_endless},
    {"link-empty", Lie::link_empty},
    {"link-huge", Lie::link_huge},
    {"link-nul", Lie::link_nul},
    {"wild-attributes", Lie::wild_attributes},
    {"falls-silent", Lie::falls_silent},
    {"wrong-tag", Lie::wrong_tag},
    {"bad-locks", Lie::bad_locks},
    {"interrupted-locks", Lie::interrupted_locks},
    {"wild-figures", Lie::wild_figures},
    {"tiny-iounit", Lie::tiny_iounit},
    {"wrote-nothing", Lie::wrote_nothing},
    {"root-is-a-file", Lie::root_is_a_file},
    {"heavy-names", Lie::heavy_names},
    {"repeated-names", Lie::repeated_names},
    {"only-dots", Lie::only_dots},
    {"long-listing", Lie::long_listing},
};

bool* flag(Knobs& knobs, std::string_view name) {
    const std::map<std::string_view, bool*> flags{{"version-always", &knobs.version_always},
                                                  {"msize-echo", &knobs.msize_echo},
                                                  {"strict-count", &knobs.strict_count},
                                                  {"qid-version-zero", &knobs.qid_version_zero},
                                                  {"qid-type-wrong", &knobs.qid_type_wrong},
                                                  {"qid-zero", &knobs.qid_zero},
                                                  {"qid-path-reused", &knobs.qid_path_reused},
                                                  {"partial-walk-makes-fid", &knobs.partial_walk_makes_fid},
                                                  {"partial-walk-error", &knobs.partial_walk_error},
                                                  {"same-fid-walk-refused", &knobs.same_fid_walk_refused},
                                                  {"reversed", &knobs.reversed},
                                                  {"auth-required", &knobs.auth_required}};
    const auto found = flags.find(name);
    return found == flags.end() ? nullptr : found->second;
}

}  // namespace

bool turn(Knobs& knobs, std::string_view setting) {
    const auto equals = setting.find('=');
    const auto name = setting.substr(0, equals);
    if (equals == std::string_view::npos) {
        bool* const on = flag(knobs, name);
        if (on) *on = true;
        return on != nullptr;
    }
    const auto value = setting.substr(equals + 1);
    if (name == "dialect") {
        const auto dialect = dialect_of(value);
        if (dialect) knobs.dialect = *dialect;
        return dialect.has_value();
    }
    if (name == "aname") return knobs.aname = value, true;
    if (name == "msize") return number_from(knobs.msize, value);
    if (name == "iounit") return number_from(knobs.iounit, value);
    if (name == "read-max") return number_from(knobs.read_max, value);
    if (name == "entries-max") return number_from(knobs.entries_max, value);
    if (name == "missing") return message_from(knobs.missing, value);
    if (name == "missing-answer") return choose(knobs.missing_answer, value, answers);
    if (name == "flush-answer") return choose(knobs.flush_answer, value, answers);
    if (name == "version-answer") return choose(knobs.version_answer, value, version_answers);
    if (name == "lie") {
        Lie lie{};
        return choose(lie, value, lie_names) && knobs.lies.insert(lie).second;
    }
    if (name == "dots")
        return choose(knobs.dots, value, {{"first", Dots::first}, {"last", Dots::last}, {"omitted", Dots::omitted}});
    if (name == "entry-types")
        return choose(knobs.entry_types, value,
                      {{"right", EntryTypes::right}, {"zero", EntryTypes::zero}, {"qid", EntryTypes::qid}});
    return false;
}

std::string knob_names() {
    return "dialect=9P2000.L|9P2000.u|9P2000\n"
           "version-answer=less|unknown|unknown-0|rerror|rlerror|hang-up|silence\n"
           "version-always\n"
           "msize=BYTES\n"
           "msize-echo\n"
           "iounit=BYTES\n"
           "strict-count\n"
           "read-max=BYTES\n"
           "entries-max=COUNT\n"
           "dots=first|last|omitted\n"
           "entry-types=right|zero|qid\n"
           "qid-version-zero\n"
           "qid-type-wrong\n"
           "qid-zero\n"
           "qid-path-reused\n"
           "partial-walk-makes-fid\n"
           "partial-walk-error\n"
           "same-fid-walk-refused\n"
           "missing=MESSAGE (may be repeated)\n"
           "missing-answer=eopnotsupp|enosys|text|silence|hang-up\n"
           "flush-answer=served|eopnotsupp|enosys|text|silence|hang-up\n"
           "lie=NAME (tests/support/knobs.cpp has the names; may be repeated)\n"
           "reversed\n"
           "auth-required\n"
           "aname=PATH\n";
}

}  // namespace p9::test
