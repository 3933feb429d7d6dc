// Every exchange runs once as it should, and then again with the connection failing at each of its messages: before
// the request, before the reply and after the reply. Nothing may hang, and every failure is told as what it is.
#include "tests/support/session_fixture.hpp"

namespace p9::test {
namespace {

using Work = std::function<awaitable<Result<void>>(const Client& client)>;

struct Exchange {
    const char* name;
    Work work;
    /// What the dialects below 9P2000.L answer.
    enum { everywhere, not_in_base, only_in_linux } where = everywhere;
};

template <class T>
Result<void> done(const Result<T>& result) {
    if (!result) return result.error();
    return {};
}

std::string deep_path() {
    std::string path = "deep";
    for (int i = 0; i < 40; ++i) path += "/d" + std::to_string(i);
    return path;
}

void fill(Tree& tree) {
    tree.add_file("file", std::string(100'000, 'f'));
    tree.add_file("ctl", "", Behaviour::ctl);
    tree.add_directory("directory");
    for (int i = 0; i < 300; ++i) tree.add_file("directory/entry " + std::to_string(i), "");
    tree.add_symlink("link", "file");
    tree.at("file")->xattrs["user.colour"] = "green";
    tree.add_directory("deep");
    std::string path = "deep";
    for (int i = 0; i < 40; ++i) tree.add_directory(path += "/d" + std::to_string(i));
}

// Free functions, not lambdas: a coroutine must not outlive the closure that it was made from.
awaitable<Result<void>> walk_40_names(const Client& c) {
    auto work = c.walk(deep_path());
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> get_attributes(const Client& c) {
    auto work = c.attributes("file");
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> change_attributes(const Client& c) {
    AttributeChange change;
    change.mode = 0600;
    change.size = 10;
    auto work = c.change("file", change);
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> read_whole(const Client& c) {
    auto work = c.read_file("file");
    auto text = co_await std::move(work);
    if (text && text->size() != 100'000) co_return Error::from_errno(5, "short without an error");
    co_return done(text);
}
awaitable<Result<void>> write_whole(const Client& c) {
    auto work = c.write_file("new", std::string(100'000, 'w'));
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> list_directory(const Client& c) {
    auto work = c.list("directory");
    auto batch = co_await std::move(work);
    if (batch && batch->entries.size() != 300) co_return Error::from_errno(5, "short without an error");
    co_return done(batch);
}
awaitable<Result<void>> command(const Client& c) {
    auto opening = c.open("ctl", P9_O_RDWR);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    auto writing = file->write(0, bytes("hello"));
    auto written = co_await std::move(writing);
    if (!written) co_return written.error();
    auto reading = file->read(0, 100);
    auto answer = co_await std::move(reading);
    if (!answer) co_return answer.error();
    auto closing = file->node().close();
    co_return co_await std::move(closing);
}
awaitable<Result<void>> sync(const Client& c) {
    auto opening = c.open("file", P9_O_RDWR);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    auto work = file->fsync();
    co_return co_await std::move(work);
}
awaitable<Result<void>> make_directory(const Client& c) { return c.mkdir("new", 0755); }
awaitable<Result<void>> make_symlink(const Client& c) { return c.symlink("new", "target"); }
awaitable<Result<void>> make_fifo(const Client& c) { return c.mknod("new", P9_S_IFIFO | 0644, 0, 0); }
awaitable<Result<void>> make_link(const Client& c) { return c.link("file", "directory/new"); }
awaitable<Result<void>> rename_file(const Client& c) { return c.rename("file", "renamed"); }
awaitable<Result<void>> remove_file(const Client& c) { return c.remove("file"); }
awaitable<Result<void>> read_link(const Client& c) {
    auto work = c.readlink("link");
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> follow_link(const Client& c) {
    auto work = c.read_file("link");
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> figures(const Client& c) {
    auto work = c.statfs("/");
    co_return done(co_await std::move(work));
}
awaitable<Result<void>> read_xattrs(const Client& c) {
    auto walking = c.walk("file");
    auto node = co_await std::move(walking);
    if (!node) co_return node.error();
    auto listing = node->xattr_names();
    auto names = co_await std::move(listing);
    if (!names) co_return names.error();
    auto reading = node->xattr("user.colour");
    co_return done(co_await std::move(reading));
}
awaitable<Result<void>> write_xattr(const Client& c) {
    auto walking = c.walk("file");
    auto node = co_await std::move(walking);
    if (!node) co_return node.error();
    auto setting = node->set_xattr("user.shape", "round");
    auto set = co_await std::move(setting);
    if (!set) co_return set.error();
    auto removing = node->remove_xattr("user.colour");
    co_return co_await std::move(removing);
}
awaitable<Result<void>> lock(const Client& c) {
    auto opening = c.open("file", P9_O_RDWR);
    auto file = co_await std::move(opening);
    if (!file) co_return file.error();
    const Lock wanted{LockType::write, 0, 0, 1, "me"};
    auto locking = file->lock(wanted);
    auto locked = co_await std::move(locking);
    if (!locked) co_return locked.error();
    auto asking = file->conflicting_lock(wanted);
    co_return done(co_await std::move(asking));
}

const std::vector<Exchange> exchanges{{"walk_40_names", walk_40_names},
                                      {"attributes", get_attributes},
                                      {"change", change_attributes},
                                      {"read", read_whole},
                                      {"write", write_whole},
                                      {"readdir", list_directory},
                                      {"ctl", command},
                                      {"fsync", sync},
                                      {"mkdir", make_directory},
                                      {"symlink", make_symlink, Exchange::not_in_base},
                                      {"mknod", make_fifo, Exchange::not_in_base},
                                      {"link", make_link, Exchange::not_in_base},
                                      {"rename", rename_file},
                                      {"remove", remove_file},
                                      {"readlink", read_link, Exchange::not_in_base},
                                      {"follow", follow_link},
                                      {"statfs", figures, Exchange::only_in_linux},
                                      {"xattr_read", read_xattrs, Exchange::only_in_linux},
                                      {"xattr_write", write_xattr, Exchange::only_in_linux},
                                      {"lock", lock, Exchange::only_in_linux}};

awaitable<Result<void>> tell_secret(AuthChannel& channel) {
    auto reading = channel.read(100);
    auto read = co_await std::move(reading);
    if (!read) co_return read.error();
    auto writing = channel.write(bytes("secret"));
    co_return co_await std::move(writing);
}

struct Attempt {
    Loop loop;
    FakeNetwork network{loop};
    Result<void> connected = Error(errc::cancelled);
    Result<void> result = Error(errc::cancelled);
    std::size_t handshake = 0;  // requests of it
    std::size_t requests = 0;   // in all, those after the work's end included
    std::size_t fids_in_use = 0;
    std::size_t fids_at_server = 0;
    std::size_t in_flight = 0;
    std::vector<std::string> complaints;

    Attempt(Dialect dialect, const Work& work, std::optional<Cut> cut, bool auth = false) {
        network.knobs().auth_required = auth;
        network.knobs().dialect = dialect;
        network.knobs().msize = 8192;
        fill(network.tree());
        if (cut) network.cut(*cut);
        SessionOptions options;
        options.dialects = {dialect};
        options.version_timeout = std::chrono::milliseconds(50);
        auto client = loop.run(Client::connect(network.dialler(), options,
                                               {"glenda", "", 1000, 0, auth ? AuthHook(tell_secret) : AuthHook()}));
        handshake = network.requests();
        if (!client) {
            connected = client.error();
            return;
        }
        connected = Result<void>();
        if (work) result = loop.run(work(*client));
        loop.settle();
        requests = network.requests();
        const auto& session = client->session();
        fids_in_use = session.fids_in_use();
        in_flight = session.requests_in_flight();
        fids_at_server = network.server().fids();
        complaints = network.server().complaints();
    }
};

class Exchanges : public ::testing::TestWithParam<std::tuple<Dialect, std::size_t>> {};

TEST_P(Exchanges, as_it_should_and_cut_at_every_message) {
    const auto [dialect, index] = GetParam();
    const Exchange& exchange = exchanges.at(index);
    const bool had = exchange.where == Exchange::everywhere || dialect == Dialect::linux_ ||
                     (exchange.where == Exchange::not_in_base && dialect == Dialect::unix_);
    const Attempt whole(dialect, exchange.work, {});
    ASSERT_TRUE(whole.connected) << outcome(whole.connected);
    EXPECT_EQ(whole.fids_in_use, 1u);
    EXPECT_EQ(whole.fids_at_server, 1u);
    EXPECT_EQ(whole.in_flight, 0u);
    EXPECT_TRUE(whole.complaints.empty()) << whole.complaints.front();
    if (!had) {
        ASSERT_FALSE(whole.result);
        EXPECT_TRUE(whole.result.error().is_errno(95)) << outcome(whole.result);
        return;
    }
    ASSERT_TRUE(whole.result) << outcome(whole.result);
    ASSERT_GT(whole.requests, whole.handshake);
    std::size_t lost = 0;
    for (const auto where : {Cut::Where::before_request, Cut::Where::before_reply, Cut::Where::after_reply})
        for (std::size_t request = whole.handshake; request < whole.requests; ++request) {
            SCOPED_TRACE("request " + std::to_string(request) + ", cut " + std::to_string(static_cast<int>(where)));
            const Attempt cut(dialect, exchange.work, Cut{request, where});
            ASSERT_TRUE(cut.connected) << outcome(cut.connected);
            EXPECT_EQ(cut.in_flight, 0u);
            // A clunk that nobody waits for may be what was lost: then the work itself was done.
            if (cut.result) continue;
            ++lost;
            EXPECT_EQ(cut.result.error().code, code(errc::connection_lost)) << outcome(cut.result);
        }
    EXPECT_GT(lost, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, Exchanges,
                         ::testing::Combine(::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_),
                                            ::testing::Range(std::size_t{0}, exchanges.size())),
                         [](const auto& each) {
                             const std::string dialect(version_string(std::get<0>(each.param)));
                             return std::string(exchanges.at(std::get<1>(each.param)).name) + "_" +
                                    (dialect == "9P2000" ? "base" : dialect.substr(7));
                         });

class Handshakes : public ::testing::TestWithParam<Dialect> {};

TEST_P(Handshakes, cut_at_every_message) {
    const Attempt whole(GetParam(), {}, {});
    ASSERT_TRUE(whole.connected) << outcome(whole.connected);
    ASSERT_EQ(whole.handshake, 2u);
    for (const auto where : {Cut::Where::before_request, Cut::Where::before_reply, Cut::Where::after_reply})
        for (std::size_t request = 0; request < 2; ++request) {
            SCOPED_TRACE("request " + std::to_string(request) + ", cut " + std::to_string(static_cast<int>(where)));
            const Attempt cut(GetParam(), {}, Cut{request, where});
            if (request == 1 && where == Cut::Where::after_reply) {
                EXPECT_TRUE(cut.connected);
                continue;
            }
            ASSERT_FALSE(cut.connected);
            const auto expected =
                request == 0 && where != Cut::Where::after_reply ? errc::handshake_failed : errc::connection_lost;
            EXPECT_EQ(cut.connected.error().code, code(expected)) << outcome(cut.connected);
        }
}

TEST_P(Handshakes, with_authentication_cut_at_every_message) {
    const Attempt whole(GetParam(), {}, {}, true);
    ASSERT_TRUE(whole.connected) << outcome(whole.connected);
    EXPECT_EQ(whole.handshake, 5u) << "Tversion, Tauth, Tread, Twrite, Tattach";
    EXPECT_EQ(whole.fids_in_use, 1u) << "the afid is clunked";
    for (const auto where : {Cut::Where::before_request, Cut::Where::before_reply})
        for (std::size_t request = 1; request < 5; ++request) {
            SCOPED_TRACE("request " + std::to_string(request) + ", cut " + std::to_string(static_cast<int>(where)));
            const Attempt cut(GetParam(), {}, Cut{request, where}, true);
            ASSERT_FALSE(cut.connected);
            const auto& error = cut.connected.error();
            EXPECT_TRUE(error.code == code(errc::connection_lost) || error.code == code(errc::handshake_failed))
                << outcome(cut.connected);
        }
}

INSTANTIATE_TEST_SUITE_P(All, Handshakes, ::testing::Values(Dialect::base, Dialect::unix_, Dialect::linux_));

}  // namespace
}  // namespace p9::test
