// A second handle on a fid, for a request that goes out beside another one on the same fid.
#pragma once

#include "p9/file.hpp"

namespace p9::tools {

/// Refers to the fid of a node that is about to be opened, and never ends it. Opening takes the Node away, but its
/// attributes can be asked for at the same time: both requests need nothing but the walked fid.
class BorrowedNode {
public:
    explicit BorrowedNode(const Node& node) : node_(node.shared_session(), node.fid(), node.qid()) {}
    ~BorrowedNode() { (void)node_.release(); }
    BorrowedNode(const BorrowedNode&) = delete;
    BorrowedNode& operator=(const BorrowedNode&) = delete;

    const Node* operator->() const { return &node_; }

private:
    Node node_;
};

}  // namespace p9::tools
