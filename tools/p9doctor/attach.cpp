// Attaching with the name that was given, and without one.
#include "tools/p9doctor/steps.hpp"

#include "p9/messages.hpp"
#include "p9/task.hpp"
#include "p9/transports/dial.hpp"
#include "tools/connection.hpp"

namespace p9::doctor {
namespace {

std::string described(const std::string& aname) {
    return aname.empty() ? std::string("without a tree's name") : "the tree " + escaped(aname);
}

awaitable<Result<Client>> attach(std::shared_ptr<Session> session, const tools::CommonOptions& options,
                                 std::string aname) {
    AttachOptions wanted;
    wanted.uname = options.uname;
    wanted.n_uname = options.n_uname;
    wanted.aname = std::move(aname);
    auto attaching = Client::attach(std::move(session), std::move(wanted));
    const Duration limit = options.connect_timeout;
    co_return co_await within(limit, std::move(attaching), "no answer to Tattach");
}

/// Whether the server has an authentication for that user.
awaitable<bool> wants_authentication(Session& session, const tools::CommonOptions& options) {
    const Fid afid = session.take_fid();
    auto asking = session.rpc<Tauth>(afid, options.uname, options.aname, options.n_uname);
    constexpr Duration limit = std::chrono::seconds(2);
    const auto reply = co_await within(limit, std::move(asking), "");
    if (!reply) {
        session.return_fid_after(afid, reply.error());
        co_return false;
    }
    session.clunk_later(afid);
    co_return true;
}

std::string advice_to_attach(const Error& error, const std::string& aname, bool other_works, bool authentication) {
    if (error.code == make_error_code(errc::timed_out)) return std::string(ADVICE_ON_SILENCE);
    if (authentication) return "the server wants an authentication, which these tools do not have";
    if (!aname.empty() && other_works) return "without -A it works: leave the tree's name out";
    if (aname.empty() && other_works) return "";
    if (aname.empty())
        return "name the tree with -A: diod and some others want the path that they export, as in -A /export";
    if (error.is_errno(1) || error.is_errno(13)) return "may this user attach? -u USER attaches as another";
    return "is the tree exported, and spelled like that in the server's configuration?";
}

awaitable<Result<std::shared_ptr<Session>>> open_session(const tools::CommonOptions& options,
                                                         std::vector<Dialect> dialects) {
    SessionOptions wanted;
    wanted.dialects = std::move(dialects);
    wanted.msize = options.msize;
    DialOptions dialling;
    dialling.tls = options.tls;
    auto reached = std::make_shared<bool>(false);
    Dialler dialler = tools::noting_dialler(options.address, std::move(dialling), std::move(reached));
    auto opening = Session::open(std::move(dialler), std::move(wanted));
    co_return co_await within(options.connect_timeout, std::move(opening), "no answer");
}

}  // namespace

awaitable<Attached> try_to_attach(const tools::CommonOptions& options, std::vector<Dialect> dialects) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    Attached attached;
    auto opening = open_session(options, std::move(dialects));
    auto session = co_await std::move(opening);
    if (!session) {
        const Error& error = session.error();
        attached.found.push_back({Finding::fail, error.message(),
                                  "it worked a moment ago: does the server take one connection only?",
                                  tools::status_of(error)});
        co_return attached;
    }
    auto with = attach(*session, options, options.aname);
    auto client = co_await std::move(with);
    bool other_works = false;
    if (!options.aname.empty()) {
        auto without = attach(*session, options, "");
        const auto other = co_await std::move(without);
        other_works = other.has_value();
    }
    const std::string who = " as " + escaped(options.uname);
    if (client) {
        attached.found.push_back({Finding::ok, described(options.aname) + who, "", 0});
        attached.client = std::move(*client);
    } else {
        const Error& error = client.error();
        auto asking = wants_authentication(**session, options);
        const bool authentication = co_await std::move(asking);
        attached.found.push_back({Finding::fail, described(options.aname) + who + ": " + error.message(),
                                  advice_to_attach(error, options.aname, other_works, authentication),
                                  tools::status_of(error)});
    }
    if (options.aname.empty()) co_return attached;
    attached.found.push_back(
        {Finding::note, described("") + (other_works ? ": works too" : ": refused, so the name is needed"), "", 0});
    co_return attached;
}

}  // namespace p9::doctor
