#include "tools/p9serve/sip/synthetic.hpp"

#include <algorithm>
#include <cerrno>

namespace p9::serve {
namespace {

class OpenDirectory final : public OpenFile {
public:
    explicit OpenDirectory(std::shared_ptr<SyntheticDirectory> directory) : directory_(std::move(directory)) {}

    awaitable<Result<void>> readdir(u64 offset, Entries& entries) override {
        while (const auto child = directory_->after(offset)) {
            const Entry entry{child->name, child->qid, type_of_qid(child->qid.type), child->cookie};
            if (!entries.add(entry)) break;
            offset = child->cookie;
        }
        co_return boost::system::in_place_value;
    }

private:
    std::shared_ptr<SyntheticDirectory> directory_;
};

class OpenText final : public OpenFile {
public:
    OpenText(Contents contents, Command command) : contents_(std::move(contents)), command_(std::move(command)) {}

    awaitable<Result<void>> read(u64 offset, ReadReply& reply) override {
        // Whoever reads in small pieces gets the pieces of one text.
        if (offset == 0 || !text_) {
            auto text = contents_();
            if (!text) co_return text.error();
            text_ = *std::move(text);
        }
        reply.put_range(*text_, offset);
        co_return boost::system::in_place_value;
    }

    awaitable<Result<u32>> write(u64, Bytes data) override {
        if (!command_) co_return Error::from_errno(EBADF);
        const auto done = command_(std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
        if (!done) co_return done.error();
        text_.reset();
        co_return static_cast<u32>(data.size());
    }

private:
    Contents contents_;
    Command command_;
    std::optional<std::string> text_;
};

/// The permission bits (of others) that an open with `flags` needs.
u32 bits_needed(OpenFlags flags) {
    switch (flags & P9_O_ACCMODE) {
        case P9_O_RDONLY:
            return 04;
        case P9_O_WRONLY:
            return 02;
        default:
            return 06;
    }
}

}  // namespace

awaitable<Result<Attributes>> SyntheticFile::attributes() {
    co_return synthetic_attributes((is_directory() ? P9_S_IFDIR : P9_S_IFREG) | place_.mode, place_.time);
}

awaitable<Result<OpenFilePtr>> SyntheticFile::open(OpenFlags flags) {
    const u32 needed = bits_needed(flags);
    if (is_directory() && (needed & 02) != 0) co_return Error::from_errno(EISDIR);
    if ((place_.mode & needed) != needed) co_return Error::from_errno(EACCES);
    co_return opened(flags);
}

awaitable<Result<void>> SyntheticFile::change(AttributeChange change) {
    if (change.mode || change.uid || change.gid) co_return Error::from_errno(EPERM);
    if (change.size && is_directory()) co_return Error::from_errno(EISDIR);
    if (change.size && (*change.size != 0 || (place_.mode & 02) == 0)) co_return Error::from_errno(EPERM);
    co_return boost::system::in_place_value;
}

awaitable<Result<FilePtr>> SyntheticDirectory::walk(std::string name) {
    FilePtr file = find(name);
    if (!file) co_return Error::from_errno(ENOENT);
    co_return file;
}

Result<OpenFilePtr> SyntheticDirectory::opened(OpenFlags) {
    return std::make_unique<OpenDirectory>(shared_from_this());
}

std::optional<SyntheticDirectory::Child> FixedDirectory::after(u64 cookie) {
    if (cookie >= children_.size()) return std::nullopt;
    const Named& child = children_[cookie];
    return Child{child.name, child.file->qid(), cookie + 1};
}

FilePtr FixedDirectory::find(const std::string& name) {
    const auto found =
        std::find_if(children_.begin(), children_.end(), [&](auto& child) { return child.name == name; });
    return found == children_.end() ? nullptr : found->file;
}

Result<OpenFilePtr> TextFile::opened(OpenFlags) { return std::make_unique<OpenText>(contents_, command_); }

awaitable<Result<void>> Dialogue::read(u64, ReadReply& reply) {
    taken_ += reply.put(std::string_view(answer_).substr(taken_));
    co_return boost::system::in_place_value;
}

awaitable<Result<u32>> Dialogue::write(u64, Bytes data) {
    std::string text(reinterpret_cast<const char*>(data.data()), data.size());
    auto asking = ask(std::move(text));
    auto answered = co_await std::move(asking);
    if (!answered) co_return answered.error();
    answer(*std::move(answered));
    co_return static_cast<u32>(data.size());
}

void Dialogue::answer(std::string text) {
    answer_ = std::move(text);
    taken_ = 0;
}

}  // namespace p9::serve
