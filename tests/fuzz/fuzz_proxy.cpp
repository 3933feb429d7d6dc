// Any requests of three clients on one connection, and any order of answers: each client gets at most one answer to a
// request, and the right kind; no fid is made twice at the server; and when the clients have gone and everything is
// answered, neither tags nor fids are left.
//
// The input: a dialect, with 4 added for a server that answers anything, then steps. A step is a number, which says who
// acts, and for a message its length and that many bytes from its type on.
#include "tools/p9proxy/multiplexer.hpp"

#include "fuzz/require.hpp"
#include "unit/messages_filled.hpp"

#include <array>
#include <map>
#include <set>

using namespace p9;

namespace {

class Client final : public proxy::Member {
public:
    void ask(const ByteVector& frame) {
        const Header header = header_of(frame);
        Question question{frame, ++questions_, 0};
        if (header.type == Tflush::type)
            if (const auto flush = decode<Tflush>(body_of(frame), dialect))
                if (const auto found = asked_.find(flush->oldtag); found != asked_.end())
                    question.victim = found->second.number;
        asked_.try_emplace(header.tag, std::move(question));
    }
    void forget() { asked_.clear(); }
    std::span<u8> put(Frame reply) override {
        // The tag is put in afterwards; it is looked at with the next step.
        look();
        last_.assign(reply.bytes().begin(), reply.bytes().end());
        return last_;
    }
    void look() {
        if (last_.empty()) return;
        const Header header = header_of(last_);
        const auto found = asked_.find(header.tag);
        fuzz::require(found != asked_.end(), "a reply has a request");
        const Question question = std::move(found->second);
        asked_.erase(found);
        const bool error = header.type == Rerror::type || header.type == Rlerror::type;
        fuzz::require(error || header.type == header_of(question.frame).type + 1, "a reply fits its request");
        if (!error) std::erase_if(asked_, [&](const auto& entry) { return entry.second.number == question.victim; });
        last_.clear();
    }

private:
    struct Question {
        ByteVector frame;
        unsigned number;
        unsigned victim;  // the question that this flushes: its tag may be another's by the time of the Rflush
    };
    std::map<Tag, Question> asked_;
    unsigned questions_ = 0;
    ByteVector last_;
};

class Server {
public:
    std::span<u8> take(Frame frame) {
        look();
        last_.assign(frame.bytes().begin(), frame.bytes().end());
        return last_;
    }
    /// The tag and the fids are put in after `take`.
    void look() {
        if (last_.empty()) return;
        const Header header = header_of(last_);
        fuzz::require(header.size == last_.size(), "a request is whole");
        if (hostile) return last_.clear();
        fuzz::require(!asked_.contains(header.tag), "a tag is not used twice");
        if (header.type == Tflush::type) ++flushers_[oldtag(last_)];
        fuzz::require(flushers_[header.tag] == 0 || header.type == Tflush::type, "a tag waits for its Rflush");
        asked_[header.tag] = std::exchange(last_, {});
    }
    bool hostile = false;  // answers are not its own
    bool idle() const { return asked_.empty() && last_.empty(); }
    std::size_t live() const { return live_.size(); }

    /// Answers the request that `which` says; nothing if there is none.
    ByteVector answer(std::size_t which, bool error, Dialect dialect) {
        look();
        if (asked_.empty()) return {};
        auto found = asked_.begin();
        std::advance(found, which % asked_.size());
        const ByteVector request = std::move(found->second);
        const Tag tag = found->first;
        asked_.erase(found);
        const u8 type = header_of(request).type;
        if (type == Tclunk::type || type == Tremove::type) live_.erase(fid(request, dialect, 0));
        if (type == Tflush::type) {
            --flushers_[oldtag(request)];
            if (!error) drop(oldtag(request), dialect);
        }
        ByteVector reply;
        if (error) {
            const Rlerror refusal{5};
            (void)encode(reply, tag, refusal, dialect);
            return reply;
        }
        make(request, dialect);
        with_message(Messages{}, type, [&]<class T>() {
            if constexpr (requires { typename T::Reply; }) {
                typename T::Reply message{};
                if constexpr (std::is_same_v<T, Twalk>)
                    message.wqid.resize(std::min<std::size_t>(proxy::names_of_walk(request), MAXWELEM));
                (void)encode(reply, tag, message, dialect);
            }
        });
        return reply;
    }

private:
    static Tag oldtag(Bytes flush) { return Tag{boost::endian::load_little_u16(flush.data() + HEADER_SIZE)}; }
    static Fid fid(Bytes request, Dialect dialect, std::size_t i) {
        proxy::FidFields fields;
        fuzz::require(proxy::find_fids(request, dialect, fields) == proxy::Readable::yes, "a request has its fids");
        return fields.size() > i ? fields[i].fid : NOFID;
    }
    void make(Bytes request, Dialect dialect) {
        proxy::FidFields fields;
        (void)proxy::find_fids(request, dialect, fields);
        const bool walk = header_of(request).type == Twalk::type;
        if (walk && (fields[0].fid == fields[1].fid || proxy::names_of_walk(request) > MAXWELEM)) return;
        for (const auto& field : fields)
            if (field.made) fuzz::require(live_.insert(field.fid).second, "a fid is not made twice");
    }
    // A request that was flushed is not carried out; a clunk counts as if it were.
    void drop(Tag tag, Dialect dialect) {
        const auto found = asked_.find(tag);
        if (found == asked_.end()) return;
        const u8 type = header_of(found->second).type;
        if (type == Tclunk::type || type == Tremove::type) live_.erase(fid(found->second, dialect, 0));
        if (type == Tflush::type) --flushers_[oldtag(found->second)];
        asked_.erase(found);
    }

    std::map<Tag, ByteVector> asked_;  // requests without an answer
    std::map<Tag, int> flushers_;
    std::set<Fid> live_;
    ByteVector last_;
};

ByteVector framed(Bytes from_type) {
    ByteVector frame(4 + from_type.size());
    boost::endian::store_little_u32(frame.data(), static_cast<u32>(frame.size()));
    std::memcpy(frame.data() + 4, from_type.data(), from_type.size());
    return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    if (size == 0) return 0;
    const auto dialect = static_cast<Dialect>(data[0] % 3);
    Bytes input = Bytes(data, size).subspan(1);
    Server server;
    server.hostile = (data[0] & 4) != 0;
    std::array<Client, 3> clients;
    proxy::Multiplexer multiplexer(dialect, 8192, {20, 20}, [&](Frame frame) { return server.take(std::move(frame)); },
                                   {});
    const auto settle = [&] {
        for (Client& client : clients) client.look();
        server.look();
    };
    const auto leave = [&](Client& client) {
        client.look();
        multiplexer.leave(client);
        client.forget();
    };
    const auto say = [&](Client& client, const ByteVector& frame) {
        const Header header = header_of(frame);
        if (header.type == Tversion::type) client.forget();
        client.ask(frame);
        if (multiplexer.request(client, Frame(Bytes(frame)))) leave(client);
        settle();
    };
    const auto answer = [&](std::size_t which, bool error) {
        const ByteVector reply = server.answer(which, error, dialect);
        if (reply.empty()) return;
        const auto broken = multiplexer.reply(Frame(Bytes(reply)));
        fuzz::require(!broken, "an honest answer breaks nothing");
        settle();
    };
    for (Client& client : clients) {
        ByteVector frame;
        (void)encode(frame, NOTAG, Tversion{8192, std::string(version_string(dialect))}, Dialect::base);
        say(client, frame);
        frame.clear();
        (void)encode(frame, Tag{0}, Tattach{Fid{0}, NOFID, "fuzz", "", 0}, dialect);
        say(client, frame);
    }
    while (input.size() > 1) {
        const u8 step = input[0];
        input = input.subspan(1);
        if (step % 8 < 3 || (server.hostile && step % 8 < 7)) {
            const std::size_t length = std::min<std::size_t>(std::max<std::size_t>(input[0], 3), input.size() - 1);
            if (length < 3) break;
            const ByteVector frame = framed(input.subspan(1, length));
            input = input.subspan(1 + length);
            if (step % 8 < 3)
                say(clients[step % 8], frame);
            else if (multiplexer.reply(Frame(Bytes(frame))))
                break;
            settle();
        } else if (step % 8 < 7) {
            answer(step / 8, step % 8 == 6);
        } else {
            leave(clients[step / 8 % 3]);
        }
    }
    for (Client& client : clients) leave(client);
    settle();
    if (server.hostile) return 0;
    while (!server.idle()) answer(0, false);
    fuzz::require(multiplexer.in_flight() == 0, "no tag is left");
    fuzz::require(multiplexer.fids_in_use() == 0, "no fid is left");
    fuzz::require(server.live() == 0, "no fid is left at the server");
    return 0;
}
