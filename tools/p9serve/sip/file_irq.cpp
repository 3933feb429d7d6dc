// The files of interrupts: /dev/irq, and the irq of a server.
#include "tools/p9serve/sip/commands.hpp"
#include "tools/p9serve/sip/tree.hpp"
#include "tools/p9serve/sip/words.hpp"

#include <cerrno>

namespace p9::serve::sip {
namespace {

constexpr u64 CTL_COOKIE = 1;
constexpr u64 FIRST_LINE_COOKIE = 2;

awaitable<Result<void>> refuse_read(Error error) { co_return std::move(error); }

Result<void> may_take(Visitor& visitor, const InterruptLine& line) {
    // Whoever may use interrupts takes no other server's.
    if (line.server) {
        const auto allowed = visitor.control(*line.server);
        if (!allowed) return allowed.error();
    }
    return visitor.may_use(CAP_INTERRUPT);
}

// Thousands of these wait at a time: read() is no coroutine of its own, which saves a frame each.

class OpenLine final : public OpenFile {
public:
    OpenLine(VisitorPtr visitor, LinePtr line) : visitor_(std::move(visitor)), line_(std::move(line)) {}

    awaitable<Result<void>> read(u64, ReadReply& reply) override {
        const auto allowed = may_take(*visitor_, *line_);
        if (!allowed) return refuse_read(allowed.error());
        return visitor_->world().interrupts.take(line_, &reply);
    }

private:
    VisitorPtr visitor_;
    LinePtr line_;
};

class OpenServerIrq final : public OpenFile {
public:
    OpenServerIrq(VisitorPtr visitor, ServerPtr server) : visitor_(std::move(visitor)), server_(std::move(server)) {}

    awaitable<Result<void>> read(u64, ReadReply& reply) override {
        const auto allowed = visitor_->take_interrupts(*server_);
        if (!allowed) return refuse_read(allowed.error());
        return visitor_->world().interrupts.take_any(server_, &reply);
    }

private:
    VisitorPtr visitor_;
    ServerPtr server_;
};

FilePtr make_line(const VisitorPtr& visitor, const LinePtr& line) {
    return std::make_shared<OpeningFile>(Place{IRQ_PATHS + line->number, 0444, visitor->world().born},
                                         [visitor, line](OpenFlags) -> Result<OpenFilePtr> {
                                             const auto allowed = may_take(*visitor, *line);
                                             if (!allowed) return allowed.error();
                                             return std::make_unique<OpenLine>(visitor, line);
                                         });
}

/// Lists the registrations; takes commands.
FilePtr make_irq_ctl(const VisitorPtr& visitor) {
    return std::make_shared<TextFile>(
        Place{PATH_IRQ_CTL, 0666, visitor->world().born}, [visitor] { return visitor->world().interrupts.text(); },
        [visitor](std::string_view text) -> Result<void> {
            const auto allowed = visitor->use(CAP_INTERRUPT);
            if (!allowed) return allowed.error();
            return run_interrupt_command(*visitor, text);
        });
}

class IrqDirectory final : public SyntheticDirectory {
public:
    IrqDirectory(const Place& place, VisitorPtr visitor)
        : SyntheticDirectory(place), visitor_(std::move(visitor)), ctl_(make_irq_ctl(visitor_)) {}

    std::optional<Child> after(u64 cookie) override {
        if (cookie < CTL_COOKIE) return Child{"ctl", ctl_->qid(), CTL_COOKIE};
        const u64 from = cookie < FIRST_LINE_COOKIE ? 0 : cookie - FIRST_LINE_COOKIE + 1;
        if (from > Interrupts::MAX_NUMBER) return std::nullopt;
        const LinePtr line = visitor_->world().interrupts.from(static_cast<u32>(from));
        if (!line) return std::nullopt;
        return Child{std::to_string(line->number), Qid{QTFILE, 0, IRQ_PATHS + line->number},
                     FIRST_LINE_COOKIE + line->number};
    }

    FilePtr find(const std::string& name) override {
        if (name == "ctl") return ctl_;
        const auto number = Interrupts::parse_number(name);
        if (!number || std::to_string(*number) != name) return nullptr;
        const LinePtr line = visitor_->world().interrupts.find(*number);
        return line ? make_line(visitor_, line) : nullptr;
    }

private:
    VisitorPtr visitor_;
    FilePtr ctl_;
};

}  // namespace

FilePtr make_irq(const VisitorPtr& visitor) {
    return std::make_shared<IrqDirectory>(Place{PATH_IRQ, 0555, visitor->world().born}, visitor);
}

FilePtr make_server_irq(const VisitorPtr& visitor, ServerPtr server, u64 path) {
    return std::make_shared<OpeningFile>(Place{path, 0444, visitor->world().born},
                                         [visitor, server = std::move(server)](OpenFlags) -> Result<OpenFilePtr> {
                                             const auto allowed = visitor->take_interrupts(*server);
                                             if (!allowed) return allowed.error();
                                             return std::make_unique<OpenServerIrq>(visitor, server);
                                         });
}

}  // namespace p9::serve::sip
