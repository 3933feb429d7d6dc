// Building blocks for trees whose files are made up as they are read: directories, texts, and files that answer.
//
//   auto status = std::make_shared<TextFile>(place(3, 0444), [] { return std::string("up\n"); });
//   std::vector<Named> names{{"status", status}};
//   auto root = std::make_shared<FixedDirectory>(place(1, 0555), std::move(names));
//
// All of them have length 0 and a qid of version 0: clients read them all the same, and cache nothing. They are opened
// as their permission bits for others allow; truncating them, appending to them and setting their times is accepted
// and does nothing, so that `echo start > ctl` works. One thread.
#pragma once

#include "tools/p9serve/filesystem.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace p9::serve {

/// Which file it is, and what may be done with it.
struct Place {
    u64 path = 0;  ///< of its qid: no other file of the tree has it
    u32 mode = 0;  ///< permission bits
    Time time;
};

/// What all synthetic files have in common. `opened` is what differs.
class SyntheticFile : public File {
public:
    explicit SyntheticFile(const Place& place, u8 qid_type = QTFILE) : place_(place), qid_type_(qid_type) {}

    Qid qid() const override { return {qid_type_, 0, place_.path}; }
    awaitable<Result<Attributes>> attributes() override;
    awaitable<Result<OpenFilePtr>> open(OpenFlags flags) override;
    awaitable<Result<void>> change(AttributeChange change) override;

protected:
    /// A new open file, or why there is none. The permission bits have been looked at.
    virtual Result<OpenFilePtr> opened(OpenFlags flags) = 0;

private:
    Place place_;
    u8 qid_type_;
};

/// A file with a name.
struct Named {
    std::string name;
    FilePtr file;
};

/// A directory. Its entries may come and go while it is read: each has a cookie that never changes, and they are listed
/// in the order of their cookies.
class SyntheticDirectory : public SyntheticFile, public std::enable_shared_from_this<SyntheticDirectory> {
public:
    struct Child {
        std::string name;
        Qid qid;
        u64 cookie = 0;  ///< above 0
    };

    explicit SyntheticDirectory(const Place& place) : SyntheticFile(place, QTDIR) {}

    awaitable<Result<FilePtr>> walk(std::string name) override;

    /// The first entry whose cookie is above `cookie`; nothing at the end.
    virtual std::optional<Child> after(u64 cookie) = 0;
    /// The entry of that name; null if there is none. It need not be listed.
    virtual FilePtr find(const std::string& name) = 0;

protected:
    Result<OpenFilePtr> opened(OpenFlags flags) override;
};

/// A directory of files that are always there.
class FixedDirectory final : public SyntheticDirectory {
public:
    FixedDirectory(const Place& place, std::vector<Named> children)
        : SyntheticDirectory(place), children_(std::move(children)) {}

    std::optional<Child> after(u64 cookie) override;
    FilePtr find(const std::string& name) override;

private:
    std::vector<Named> children_;
};

/// What a text file holds at the moment.
using Contents = std::function<Result<std::string>()>;
/// Takes what was written, all of one write.
using Command = std::function<Result<void>(std::string_view)>;

/// A file whose text is made when it is read from its beginning. If it can be written to, each write is a command.
class TextFile final : public SyntheticFile {
public:
    TextFile(const Place& place, Contents contents, Command command = {})
        : SyntheticFile(place), contents_(std::move(contents)), command_(std::move(command)) {}

protected:
    Result<OpenFilePtr> opened(OpenFlags flags) override;

private:
    Contents contents_;
    Command command_;
};

/// A file whose opening does the rest.
class OpeningFile final : public SyntheticFile {
public:
    using Opening = std::function<Result<OpenFilePtr>(OpenFlags)>;
    OpeningFile(const Place& place, Opening opening) : SyntheticFile(place), opening_(std::move(opening)) {}

protected:
    Result<OpenFilePtr> opened(OpenFlags flags) override { return opening_(flags); }

private:
    Opening opening_;
};

/// An open file that answers: each write is a question, and what is read next, at whatever offset and in however many
/// pieces, is its answer, then the end of the file.
class Dialogue : public OpenFile {
public:
    awaitable<Result<void>> read(u64 offset, ReadReply& reply) override;
    awaitable<Result<u32>> write(u64 offset, Bytes data) override;

protected:
    /// The answer to what was written. It may take its time.
    virtual awaitable<Result<std::string>> ask(std::string text) = 0;
    /// Lets the next read answer this, without a question.
    void answer(std::string text);

private:
    std::string answer_;
    std::size_t taken_ = 0;
};

}  // namespace p9::serve
