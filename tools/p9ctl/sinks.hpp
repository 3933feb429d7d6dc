// The sink of a command that was given on the command line: standard output and standard error.
#pragma once

#include "tools/p9ctl/ctl.hpp"
#include "tools/run.hpp"

namespace p9::tools {

class DirectSink final : public Sink {
public:
    explicit DirectSink(Context& context) : out_(context.out), messages_(context.messages) {}

    void lines(std::string_view text) override;
    void object(std::string_view json) override;
    void raw(std::string_view bytes) override;
    void fail(std::string_view what, const Error& error) override { messages_.report(what, error); }
    void end_with(int status) override {
        if (status_ == EXIT_DONE) status_ = status;
    }
    void answer_no(std::string_view) override { end_with(EXIT_REFUSED); }
    void note(std::string_view text) override { messages_.note(text); }
    bool full() const override { return out_.full(); }
    awaitable<bool> flush() override { return out_.flush(); }
    bool hopeless() const override { return messages_.hopeless(); }

    /// What to exit with where no error decides.
    int status() const { return status_; }

private:
    Output& out_;
    Messages& messages_;
    int status_ = EXIT_DONE;
};

}  // namespace p9::tools
