// What is fetched of a directory before anybody asks: the parts of a mount for that, with a real server and without a
// kernel.
#pragma once

#include "fuse/filesystem.hpp"

#include "p9/transports/address.hpp"
#include "tests/fuse/faked.hpp"
#include "tests/support/loop.hpp"

#include <boost/asio/post.hpp>

namespace p9::fuse {

inline constexpr std::chrono::milliseconds LONG_ENOUGH{10}, TOO_SHORT{1};

/// What a mount has, without a kernel.
class NamesAheadTest : public test::FakedMountTest {
protected:
    void SetUp() override {
        exported_ = scratch_.make("export");
        connect("exec!" + std::string(P9_BINARY_DIR) + "/p9serve --stdio --dir " + exported_);
    }
    void connect(const std::string& address) {
        ConnectionOptions how;
        how.address = *parse_address(address);
        how.session.dialects = {Dialect::linux_};
        how.attach.label = MOUNTS_OWN;
        connection_.emplace(loop_.executor(), std::move(how), log_);
        auto root = loop_.run(connection_->connect());
        ASSERT_TRUE(root) << root.error().message();
        root_ = std::move(*root);
        use(Behaviour());
    }
    void use(Behaviour behaviour) {
        behaviour.attribute_timeout = behaviour.entry_timeout = timeout_;
        fs_ = std::make_unique<FileSystem>(*connection_, root_, std::move(behaviour), log_);
    }
    void put(const std::string& name) { std::ofstream(exported_ + "/" + name) << "text"; }
    /// A directory with so many files, as an inode.
    InodePtr directory(const std::string& name, int files) {
        scratch_.make("export/" + name);
        for (int i = 0; i < files; ++i) put(name + "/f" + std::to_string(i));
        auto node = loop_.run(root_->walk(name));
        EXPECT_TRUE(node);
        Attributes attributes;
        attributes.mode = P9_S_IFDIR | 0755;
        const Qid qid = node->qid();
        return fs_->inodes.remember(fs_->inodes.find(1), name, qid, std::make_shared<Node>(std::move(*node)),
                                    attributes);
    }
    /// What this begins has begun, and waits for the server.
    void looked_up(const InodePtr& directory, Duration took, const std::string& name = "f0") {
        ahead().looked_up(*fs_, directory, name, took);
        boost::asio::post(loop_.context(), [this] { turn_ = true; });
        turn_ = false;
        ASSERT_TRUE(loop_.run_until([&] { return turn_; }));
    }
    /// What two looks in a row bring.
    void look_twice(const InodePtr& directory, Duration took = LONG_ENOUGH) {
        looked_up(directory, took);
        looked_up(directory, took);
        finish();
    }
    /// Who follows a listing looks at fN and the name after it, which are answered soon.
    void look_at_two(const InodePtr& directory, int first) {
        for (const int i : {first, first + 1}) looked_up(directory, TOO_SHORT, "f" + std::to_string(i));
        finish();
    }
    /// Somebody has just listed the directory: these were told with their attributes, and all the others without.
    void listed(const InodePtr& directory, int files, int told) {
        auto list = fs_->kept_lists.begin();
        for (int i = 0; i < files; ++i) {
            ListedName listed;
            listed.name = "f" + std::to_string(i);
            listed.known = i < told;
            list->add(std::move(listed));
        }
        list->finish();
        fs_->kept_lists.keep(directory->number, std::move(list));
    }
    void finish() {
        ASSERT_TRUE(loop_.run_until([&] { return fs_->requests_under_way == 0; }));
    }
    std::optional<NameAhead> take(const InodePtr& directory, const std::string& name) {
        return ahead().take(*fs_, directory->number, name);
    }
    NamesAhead& ahead() { return fs_->names_ahead; }

    double timeout_ = 1000;
    bool turn_ = false;
    std::string exported_;
    test::Loop loop_;
    Log log_;
    std::optional<Connection> connection_;
    NodePtr root_;
    std::unique_ptr<FileSystem> fs_;
};

}  // namespace p9::fuse
