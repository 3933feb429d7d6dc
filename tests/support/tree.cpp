#include "tests/support/tree.hpp"

#include <stdexcept>

namespace p9::test {

TreeNodePtr TreeNode::find(const std::string& name) const {
    const auto found = cookies.find(name);
    return found == cookies.end() ? nullptr : entries.at(found->second).node;
}

u64 TreeNode::size() const {
    if (is_directory()) return 4096;
    return behaviour == Behaviour::stored ? data.size() : 0;
}

Tree::Tree() : root_(make(P9_S_IFDIR | 0755)) {}

TreeNodePtr Tree::at(const std::string& path) const {
    TreeNodePtr node = root_;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) node = node->find(path.substr(begin, end - begin));
        if (!node) throw std::runtime_error("the tree has no " + path);
        begin = end + 1;
    }
    return node;
}

bool Tree::has(const std::string& path) const {
    const auto slash = path.rfind('/');
    const auto directory = slash == std::string::npos ? root_ : at(path.substr(0, slash));
    return directory->cookies.contains(path.substr(slash + 1));
}

// A directory may have been entered into itself, and nodes own their entries.
Tree::~Tree() {
    std::vector<TreeNodePtr> left{root_};
    while (!left.empty()) {
        const TreeNodePtr node = std::move(left.back());
        left.pop_back();
        for (auto& [cookie, entry] : std::exchange(node->entries, {})) left.push_back(std::move(entry.node));
    }
}

TreeNodePtr Tree::make(u32 mode) {
    auto node = std::make_shared<TreeNode>();
    node->path = reuse_qid_paths && freed_path_ != 0 ? std::exchange(freed_path_, 0) : next_path_++;
    node->mode = mode;
    node->nlink = node->is_directory() ? 2 : 1;
    return node;
}

void Tree::enter(const TreeNodePtr& directory, const std::string& name, const TreeNodePtr& node) {
    const u64 cookie = next_cookie_++;
    directory->entries.emplace(cookie, TreeEntry{name, node});
    directory->cookies.emplace(name, cookie);
    ++directory->version;
    if (node->is_directory()) node->parent = directory;
}

void Tree::leave(const TreeNodePtr& directory, const std::string& name) {
    const auto found = directory->cookies.find(name);
    const auto node = directory->entries.at(found->second).node;
    directory->entries.erase(found->second);
    directory->cookies.erase(found);
    ++directory->version;
    if (node->nlink > 0 && --node->nlink == 0) freed_path_ = node->path;
}

TreeNodePtr Tree::add(const std::string& path, u32 mode) {
    const auto slash = path.rfind('/');
    const auto directory = slash == std::string::npos ? root_ : at(path.substr(0, slash));
    auto node = make(mode);
    enter(directory, path.substr(slash + 1), node);
    return node;
}

TreeNodePtr Tree::add_directory(const std::string& path) { return add(path, P9_S_IFDIR | 0755); }

TreeNodePtr Tree::add_file(const std::string& path, std::string data, Behaviour behaviour) {
    auto node = add(path, P9_S_IFREG | 0644);
    node->data = std::move(data);
    node->behaviour = behaviour;
    return node;
}

TreeNodePtr Tree::add_symlink(const std::string& path, std::string target) {
    auto node = add(path, P9_S_IFLNK | 0777);
    node->data = std::move(target);
    return node;
}

}  // namespace p9::test
