#include "dialect.hpp"

#include <cerrno>

namespace p9 {

std::unique_ptr<DialectOperations> make_operations(Session& session) {
    switch (session.dialect()) {
        case Dialect::base:
            return make_9p2000(session);
        case Dialect::unix_:
            return make_unix(session);
        case Dialect::linux_:
            return make_linux(session);
    }
    return nullptr;
}

Error DialectOperations::unsupported(std::string_view operation) const {
    return Error::from_errno(EOPNOTSUPP,
                             std::string(version_string(session_.dialect())) + " has no " + std::string(operation));
}

awaitable<Result<u64>> DialectOperations::xattrwalk(Fid, Fid, std::string) {
    co_return unsupported("extended attributes");
}
awaitable<Result<void>> DialectOperations::xattrcreate(Fid, std::string, u64, u32) {
    co_return unsupported("extended attributes");
}
awaitable<Result<LockStatus>> DialectOperations::lock(Fid, Lock, bool) { co_return unsupported("locks"); }
awaitable<Result<Lock>> DialectOperations::conflicting_lock(Fid, Lock) { co_return unsupported("locks"); }

bool valid_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
           name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::optional<Error> refuse_name(std::string_view name) {
    if (valid_name(name)) return std::nullopt;
    if (name.size() > 255) return Error::from_errno(ENAMETOOLONG);
    return Error::from_errno(EINVAL, "\"" + escaped(name) + "\" cannot be the name of a file");
}

void add_entry(DirectoryBatch& batch, DirectoryEntry entry) {
    if (entry.name == "." || entry.name == "..") return;  // some servers send them, some do not, some at the end
    if (valid_name(entry.name))
        batch.entries.push_back(std::move(entry));
    else
        batch.refused.push_back(std::move(entry.name));
}

bool is_unsupported(const Error& error) {
    return error.is_errno(EOPNOTSUPP) || error.is_errno(ENOSYS) || error.code == make_error_code(errc::timed_out);
}

awaitable<Result<void>> remove_by_walk(const Node& directory, std::string name, bool is_directory) {
    auto node = co_await directory.walk(std::move(name));
    if (!node) co_return node.error();
    bool found_directory = (node->qid().type & QTDIR) != 0;
    if (found_directory != is_directory) {
        // Some servers' qids do not tell directories; their attributes do.
        auto asking = node->attributes(GETATTR_MODE);
        const auto attributes = co_await std::move(asking);
        if (attributes) found_directory = attributes->is_directory();
    }
    if (found_directory != is_directory) co_return Error::from_errno(is_directory ? ENOTDIR : EISDIR);
    Session& session = node->session();
    const Fid fid = node->fid();
    // remove(5): the fid is gone whatever the answer, so the node must not clunk it.
    const auto keep_alive = node->shared_session();
    node->release();
    auto reply = co_await session.rpc<Tremove>(fid);
    if (!reply) {
        session.return_fid_after(fid, reply.error());
        co_return reply.error();
    }
    session.return_fid(fid);
    co_return boost::system::in_place_value;
}

}  // namespace p9
